//! `POST /v1/videos/{id}/cancel`: ends a job before its time, as far as its provider lets it. A job
//! that stopped costs nothing. A provider that was asked to stop may go on, so the job stays open
//! until that is known; a video that is rendered is stored and charged.

mod attempt;

use ghub::auth::Auth;
use ghub::aws::{connect, sdk_config};
use ghub::cancellation::Canceller;
use ghub::checking::Checker;
use ghub::config::ConfigError;
use ghub::error::{NotCancellable, Refusal};
use ghub::http::{Call, Endpoint, Error, VideoJob, job_id};
use ghub::id::{JobId, OrgId};
use ghub::job::Job;
use ghub::lifetime::Lifetime;
use ghub::queue::Queue;
use ghub::sender::ProviderSender;
use ghub::store::{Store, StoreError, Table};
use ghub::world::World;
use std::time::Duration;
use tokio::time::Instant;

/// The function's timeout in the template. All that it waits for has to fit in.
pub const TIMEOUT: Duration = Duration::from_secs(28);

/// What is left of it for the answer, when a store or a provider took all the rest.
const ANSWERING: Duration = Duration::from_secs(1);

/// How long the function waits for a provider: fifty times its usual answer. Three exchanges (stop,
/// status, result) take 15 s at most. The store's six reads and writes need 60 ms of the other 12
/// s, and two of them may take their whole 4 s.
const EXCHANGE: Duration = Duration::from_secs(5);

/// How long another cancellation of the same job is waited for: its three exchanges.
const PATIENCE: Duration = EXCHANGE.saturating_mul(3);

/// The function, with what it needs.
#[derive(Debug)]
pub struct CancelVideo {
    world: World,
    auth: Auth,
    store: Store,
    canceller: Canceller,
}

impl CancelVideo {
    /// Reads the environment and the secrets; the start stops at the first that is missing or
    /// wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let (aws, ambient) = (sdk_config(world)?, &world.ambient);
        let store = Store::new(world, &aws, &[Table::Jobs, Table::Accounts, Table::Keys])?;
        let providers = world.env.providers()?;
        let (sender, ()) =
            tokio::join!(ProviderSender::new(world, &aws), connect(world, providers.urls()));
        let store_queue = Queue::new(world, &aws, "STORE_QUEUE_URL")?;
        let checker =
            Checker::new(&providers, &sender?, &store, &store_queue, ambient).waiting_for(EXCHANGE);
        Ok(Self {
            world: world.clone(),
            auth: Auth::new(&store, ambient),
            canceller: Canceller::new(
                &checker,
                &store,
                &Queue::new(world, &aws, "POLL_QUEUE_URL")?,
                ambient,
            ),
            store,
        })
    }
}

impl Endpoint for CancelVideo {
    type Answer = VideoJob;

    async fn answer(&self, call: &mut Call) -> Result<VideoJob, Error> {
        let (end, lifetime) = (Instant::now() + TIMEOUT - ANSWERING, Lifetime::of(TIMEOUT));
        let org = self.auth.account(call).await?.org;
        let cancelled = self.cancel(org, job_id(&call.request), lifetime);
        let job = tokio::time::timeout_at(end, cancelled)
            .await
            .map_err(|late| StoreError::Unavailable(late.into()))??;
        call.ask_again_in = job.is_open().then(|| job.cadence(self.world.ambient.now()));
        Ok(VideoJob::from(&job))
    }
}

impl CancelVideo {
    /// The job, failed or asked to stop. An attempt that was overtaken, or that finds another
    /// worker at the job, is made again over what stands there then.
    async fn cancel(&self, org: OrgId, id: JobId, lifetime: Lifetime) -> Result<Job, Error> {
        let patience = Instant::now() + PATIENCE;
        loop {
            let job =
                self.store.job(org, id).await?.and_then(Job::shown).ok_or(Refusal::JobNotFound)?;
            if let Some(job) = self.attempt(job, lifetime).await? {
                return Ok(job);
            }
            if Instant::now() >= patience {
                return Err(Refusal::from(NotCancellable::Busy).into());
            }
        }
    }
}
