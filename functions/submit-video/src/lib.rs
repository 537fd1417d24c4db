//! `POST /v1/videos/generations`: accepts a job, holds its cost, hands it to the provider.

mod idempotency_key;

use crate::idempotency_key::idempotency_key;
use ghub::account::Account;
use ghub::auth::Auth;
use ghub::aws::{connect, sdk_config};
use ghub::catalog::{Catalog, Service};
use ghub::config::ConfigError;
use ghub::error::Refusal;
use ghub::http::{Call, DryRun, Endpoint, Error, VideoJob};
use ghub::id::{JobId, OrgId};
use ghub::job::{Job, State};
use ghub::lifetime::Lifetime;
use ghub::order::Order;
use ghub::pricing::Rates;
use ghub::queue::Queue;
use ghub::sender::ProviderSender;
use ghub::store::{Accepted, Idempotency, KnownKey, Store, Table};
use ghub::submission::{SUBMIT_TIMEOUT, Submitter};
use ghub::terms::Terms;
use ghub::world::World;
use serde::Serialize;
use std::time::Duration;

/// The function's timeout in the template. All that it waits for has to fit in.
pub const TIMEOUT: Duration = Duration::from_secs(28);

/// How long a replay waits between looks at a job that is being sent: a provider takes one in a few
/// hundred milliseconds.
const SENDING: Duration = Duration::from_millis(200);

/// What such a look may take, and the answer after it: the store's 4 s and one more.
const LOOKING: Duration = Duration::from_secs(5);

/// What became of a valid order.
enum Outcome {
    New(Box<Job>),
    Replayed(JobId),
    Dry(Box<Job>),
}

/// What a submit is answered.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// The job that was accepted, now or before.
    Job(Box<VideoJob>),
    /// What it would cost.
    DryRun(Box<DryRun>),
}

/// The function, with what it needs.
#[derive(Debug)]
pub struct SubmitVideo {
    world: World,
    auth: Auth,
    catalog: Catalog,
    rates: Rates,
    sender: ProviderSender,
    store: Store,
    submitter: Submitter,
}

impl SubmitVideo {
    /// Reads the environment and the secrets; the start stops at the first that is missing or
    /// wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let store = Store::new(
            world,
            &aws,
            &[Table::Jobs, Table::Accounts, Table::Keys, Table::Idempotency],
        )?;
        let providers = world.env.providers()?;
        let (catalog, rates) = world.env.catalog_and_rates()?;
        let (sender, ()) =
            tokio::join!(ProviderSender::new(world, &aws), connect(world, providers.urls()));
        let (sender, queue) = (sender?, Queue::new(world, &aws, "POLL_QUEUE_URL")?);
        Ok(Self {
            world: world.clone(),
            auth: Auth::new(&store, &world.ambient),
            catalog,
            rates,
            submitter: Submitter::new(&providers, &sender, &store, &queue, &world.ambient),
            sender,
            store,
        })
    }
}

impl Endpoint for SubmitVideo {
    type Answer = Answer;

    async fn answer(&self, call: &mut Call) -> Result<Answer, Error> {
        let lifetime = Lifetime::of(TIMEOUT);
        let org = self.auth.organization(call).await?;
        call.org = Some(org);
        // A hold does not move the balance, so what is shown can be read while the job is being
        // accepted.
        let (account, accepted) = tokio::join!(self.store.account(org), self.accept(call, org));
        let known = account.as_ref().ok().and_then(Option::as_ref);
        call.balance = known.map(|account| account.balance);
        let suspended = known.is_some_and(|account| account.suspended);
        let job = match accepted {
            // accepted is accepted, whatever came of the account since
            Ok(Outcome::New(job)) => self.submitter.hand_over_new(*job, lifetime).await,
            _ if suspended => return Err(Refusal::OrganizationSuspended.into()),
            Ok(Outcome::Dry(job)) => {
                let account = account?
                    .ok_or_else(|| Error::Internal("the organization has no account".into()))?;
                return dry_run(&job, &account).map(|dry| Answer::DryRun(Box::new(dry)));
            }
            Ok(Outcome::Replayed(id)) => {
                call.replayed = true;
                self.wait_for_hand_over(org, id, lifetime).await?
            }
            Err(error) => return Err(error),
        };
        call.ask_again_in = job.is_open().then(|| job.cadence(self.world.ambient.now()));
        Ok(Answer::Job(Box::new(VideoJob::from(&job))))
    }
}

impl SubmitVideo {
    /// Validates, prices and stores the job; its cost is held and the lease for sending it is ours.
    /// A key that is known is answered with its job, whatever the catalog has become since.
    async fn accept(&self, call: &Call, org: OrgId) -> Result<Outcome, Error> {
        let order = Order::read(&call.json_object()?)?;
        let key = idempotency_key(call.request.headers())?;
        let terms = match (self.agree(&order, org).await, key) {
            (Ok(terms), _) => terms,
            (Err(refused), Some(key)) if !order.is_dry_run() => {
                return match self.store.look_up_key(org, key, &order).await? {
                    Some(KnownKey::Replayed(id)) => Ok(Outcome::Replayed(id)),
                    Some(KnownKey::Reused) => Err(Refusal::IdempotencyConflict.into()),
                    None => Err(refused),
                };
            }
            (Err(refused), _) => return Err(refused),
        };
        let ambient = &self.world.ambient;
        let job = Job::accept(ambient.job_id(), org, terms, ambient.now());
        if order.is_dry_run() {
            return Ok(Outcome::Dry(Box::new(job)));
        }
        let idempotency = key.map(|key| Idempotency::new(key, &order, job.terms()));
        match self.store.accept(&job, idempotency.as_ref()).await? {
            Accepted::Stored => {
                self.world.metrics.submitted(&job);
                Ok(Outcome::New(Box::new(job)))
            }
            Accepted::Replayed(id) => Ok(Outcome::Replayed(id)),
            Accepted::KeyReused => Err(Refusal::IdempotencyConflict.into()),
            Accepted::Refused(why) => Err(Refusal::from(why).into()),
        }
    }

    /// The terms of an order at today's catalog and prices.
    async fn agree(&self, order: &Order, org: OrgId) -> Result<Terms, Error> {
        let services = self.sender.services().await.seen_by(org.mode());
        let offer = self.catalog.offer(order, &services)?;
        let provider = offer.upstream.provider;
        let terms = Terms::agree(order, offer, &self.rates, org.mode())?;
        if services.of(provider) == Service::Unread {
            return Err(Error::NotReady("the provider's secret could not be read".into()));
        }
        Ok(terms)
    }

    /// The job of an earlier request with the same key. While that request may still be sending it,
    /// its answer is waited for, so that all answers are the same.
    async fn wait_for_hand_over(
        &self,
        org: OrgId,
        id: JobId,
        lifetime: Lifetime,
    ) -> Result<Job, Error> {
        loop {
            let job =
                self.store.job(org, id).await?.and_then(Job::shown).ok_or(Refusal::JobNotFound)?;
            let leased = matches!(job.state(), State::Pending { lease_until: Some(_) });
            let being_sent =
                leased && self.world.ambient.now().since(job.created()) <= SUBMIT_TIMEOUT;
            if !being_sent || lifetime.recording() < LOOKING {
                return Ok(job);
            }
            tokio::time::sleep(SENDING).await;
        }
    }
}

/// A dry run is refused as the submit would be.
fn dry_run(job: &Job, account: &Account) -> Result<DryRun, Error> {
    match account
        .hold_refusal(job.cost(), job.created())
        .map_err(|error| Error::Internal(error.into()))?
    {
        Some(why) => Err(Refusal::from(why).into()),
        None => Ok(DryRun::from(job)),
    }
}
