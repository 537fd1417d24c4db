//! The system of one run: the real functions, the template's tables, queues, mappings, routes and
//! schedule, and the simulators behind the turnstile. No port is opened.

use crate::aside::Aside;
use crate::clock::Clock;
use crate::deliveries::Misdelivery;
use crate::invariants::{self, number, text};
use crate::lambda::{Lambda, PROMPT};
use crate::network::{Network, whole};
use crate::parts::{FAL_KEY, STORAGE_KEY, environments, network};
use crate::record::Record;
use crate::sabotage::{Defence, Sabotage};
use crate::schedule::Plan;
use crate::scratch::Scratch;
use crate::triggers;
use crate::turnstile::Turnstile;
use crate::witness::{ACCOUNTS, Item, JOBS, LEDGER, Witness};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request};
use ghub::aws::sdk_config;
use ghub::id::OrgId;
use ghub::money::Money;
use ghub::onboarding::{create_key, create_organization};
use ghub::outbound::Outbound;
use ghub::store::{Audited, Entry, Posted, Store, Table};
use lambda_http::Service;
use local::aws::gateway;
use local::fal::Render;
use local::mapping::RunningMapping;
use local::template::Template;
use serde_json::Value;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::task::JoinHandle;

/// The tables of the operator's store. No single function knows all of them.
const TABLES: [Table; 5] =
    [Table::Jobs, Table::Accounts, Table::Ledger, Table::Keys, Table::Idempotency];

/// The settings of a run.
#[derive(Clone)]
pub struct Settings {
    /// Decides everything that no other setting decides.
    pub seed: u64,
    /// The fault of each step.
    pub plan: Arc<dyn Plan>,
    /// A defence that is taken out.
    pub sabotage: Option<Defence>,
    pub misdelivery: Misdelivery,
    /// The most messages per invocation, if not the template's number. With 1, the two copies of a
    /// doubled message are worked on at the same time.
    pub batch: Option<usize>,
    /// The times of a render at the providers.
    pub render: Render,
    /// Whether fal stops a render on request. fal promises only to try.
    pub cancel_stops_rendering: bool,
    /// The balance of each organization.
    pub organizations: Vec<&'static str>,
    /// How many of the first messages to each queue are lost.
    pub first_lost: u32,
    /// How many percent of the index's answers are those of the sweep before.
    pub index_lags_percent: u8,
}

/// The attempts after which the operator gives up.
const ATTEMPTS: usize = 6;

/// A caller of the API.
#[derive(Debug, Clone)]
pub struct Caller {
    pub org: OrgId,
    pub key: String,
}

/// An answer of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub status: u16,
    pub body: Value,
}

/// The system of one run.
pub struct Stage {
    pub network: Network,
    pub record: Record,
    pub witness: Witness,
    /// One caller for each organization.
    pub callers: Vec<Caller>,
    /// The operator's store, which meets no faults.
    pub store: Store,
    pub lambda: Lambda,
    api: Router,
    sabotaged: bool,
    schedule: Vec<JoinHandle<()>>,
    _mappings: Vec<RunningMapping>,
    _scratch: Scratch,
}

impl Stage {
    /// Builds and starts the system.
    pub async fn set(settings: &Settings, aside: &Aside) -> Self {
        static TEMPLATE: LazyLock<Template> = LazyLock::new(Template::read);
        let template = &*TEMPLATE;
        let (clock, record, scratch) = (Clock::start(), Record::default(), Scratch::new());
        let network = network(settings, template, &clock, aside, &scratch);
        let witness = Witness::new(record.clone());
        let turnstile = Turnstile {
            network: network.clone(),
            plan: settings.plan.clone(),
            record: record.clone(),
            witness: witness.clone(),
            sabotage: settings.sabotage.map(Sabotage::of),
            seed: settings.seed,
        };
        let outbound = Outbound::gated(Arc::new(turnstile));
        let (environments, all) = environments(template, &network);
        let timeouts = template.functions.iter().map(|function| {
            (function.name.clone(), Duration::from_secs(u64::from(function.timeout_s)))
        });
        let lambda = Lambda::new(
            environments,
            timeouts.collect(),
            outbound,
            clock.clone(),
            record.clone(),
            settings.seed,
        );
        let mut operator = lambda.world("submit-video");
        operator.env = all;
        let store =
            Store::new(&operator, &sdk_config(&operator).expect("a region is set"), &TABLES)
                .expect("all tables are named");
        let mut callers = Vec::new();
        for balance in &settings.organizations {
            callers.push(sign_up(&store, &operator.ambient, balance).await);
        }
        let (routes, mappings, schedule) = triggers::connect(settings, template, &network, &lambda);
        let api = gateway::router(routes, clock.wall());
        Self {
            network,
            record,
            witness,
            callers,
            store,
            lambda,
            api,
            sabotaged: settings.sabotage.is_some(),
            schedule,
            _mappings: mappings,
            _scratch: scratch,
        }
    }

    /// Sends a request to the API. `None` means that no function answered: it died, or ran out of
    /// time.
    pub async fn ask(
        &self,
        caller: &Caller,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Option<&Value>,
    ) -> Option<Told> {
        let mut request = Request::new(Body::from(body.map(Value::to_string).unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().expect("a path");
        *request.headers_mut() = headers;
        let bearer = format!("Bearer {}", caller.key).parse().expect("a key is a header's value");
        request.headers_mut().insert("authorization", bearer);
        request.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        let Ok(response) = Service::<Request<Body>>::call(&mut self.api.clone(), request).await;
        let answer = whole(response).await;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let own = body.get("object").is_some() || body.get("error").is_some();
        own.then_some(Told { status: answer.status, body })
    }

    /// Posts a payment under a reference, and repeats it until it is done.
    pub async fn recharge(&self, caller: usize, reference: &str, amount: Money) {
        let entry = Entry::recharge(
            self.callers[caller].org,
            reference,
            amount,
            self.network.clock.elapsed_ms(),
        );
        for _ in 0..ATTEMPTS {
            match self.lambda.invocation("admin", Vec::new(), self.store.post(&entry)).await {
                Some(Ok(Posted::NoSuchOrganization)) => {
                    self.record.wrong("an organization is not there to be paid".to_owned())
                }
                Some(Ok(Posted::Now | Posted::Before(_))) => return self.posted(&entry),
                Some(Err(_)) | None => {}
            }
        }
    }

    /// Checks that an entry is in the ledger after the operator was told so.
    fn posted(&self, entry: &Entry) {
        let ledger = self.network.dynamo.items(LEDGER);
        let (org, amount) = (entry.org.to_string(), entry.amount.micros());
        let is_it = |item: &Item| {
            text(item, "org") == org
                && text(item, "cause") == entry.cause
                && number(item, "amount") == amount
        };
        if !ledger.iter().any(is_it) {
            self.record
                .wrong(format!("{} was said to be posted and is not in the ledger", entry.cause));
        }
    }

    /// Checks at the end that the money adds up, and that the product's own audit agrees.
    pub async fn add_up(&self) {
        let [jobs, accounts, ledger] =
            [JOBS, ACCOUNTS, LEDGER].map(|table| self.network.dynamo.items(table));
        invariants::money(&jobs, &accounts, &ledger)
            .into_iter()
            .for_each(|wrong| self.record.wrong(wrong));
        for caller in &self.callers {
            match self.store.audit(caller.org).await {
                Ok(Some(Audited::Agrees)) => {}
                other => self.record.wrong(format!("the audit says of {}: {other:?}", caller.org)),
            }
        }
    }

    /// Whether the run has shown that a defence is taken out, which is all that it was for.
    pub fn is_proven(&self) -> bool {
        self.sabotaged && self.record.has_wrong()
    }

    pub fn stop_the_schedule(&self) {
        self.schedule.iter().for_each(JoinHandle::abort);
    }

    /// The texts that must not appear in a log.
    pub fn secrets(&self) -> Vec<String> {
        let keys = self.callers.iter().map(|caller| caller.key.clone());
        let words =
            ["PRIVATE KEY", PROMPT, "Bearer ", "X-Goog-Signature", "token=", "/upload/resumable/"];
        keys.chain([FAL_KEY, STORAGE_KEY].into_iter().chain(words).map(str::to_owned)).collect()
    }
}

async fn sign_up(store: &Store, ambient: &ghub::ambient::Ambient, balance: &str) -> Caller {
    let org = ambient.org_id();
    create_organization(store, ambient, org).await.expect("nothing disturbs the operator");
    let wanted: Money = balance.parse().expect("a balance is an amount");
    let change = wanted.minus(ghub::onboarding::SIGNUP_BONUS).expect("small amounts");
    let entry = Entry::recharge(org, "first", change, ambient.now_unix_ms());
    store.post(&entry).await.expect("nothing disturbs the operator");
    Caller {
        org,
        key: create_key(store, ambient, org, "chaos").await.expect("nothing disturbs the operator"),
    }
}
