//! One run's system: the template's tables, queues, mappings, routes and schedule around the real
//! functions, the simulators behind the turnstile, and nothing that listens.

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
use local::aws::gateway::{self, Route};
use local::fal::Render;
use local::mapping::{EventSourceMapping, RunningMapping};
use local::template::{Template, Trigger};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Who calls the tables on the operator's behalf: a function that knows all of them together does
/// not exist.
const TABLES: [Table; 5] =
    [Table::Jobs, Table::Accounts, Table::Ledger, Table::Keys, Table::Idempotency];

/// What a run is like.
#[derive(Clone)]
pub struct Settings {
    /// Decides everything that is not decided otherwise.
    pub seed: u64,
    /// What happens to which step.
    pub plan: Arc<dyn Plan>,
    /// A defence that is taken out.
    pub sabotage: Option<Defence>,
    /// How messages come.
    pub misdelivery: Misdelivery,
    /// Messages per invocation at most, if not the template's number: 1 makes every doubled message
    /// an overlapping worker.
    pub batch: Option<usize>,
    /// How long providers take.
    pub render: Render,
    /// Whether fal stops a render when it is asked to; it promises only to try.
    pub cancel_stops_rendering: bool,
    /// The balance of each organization.
    pub organizations: Vec<&'static str>,
    /// How many of the first messages to each queue are lost.
    pub first_lost: u32,
    /// How many of a hundred answers of the index of open jobs are those of the sweep before.
    pub index_lags_percent: u8,
}

/// The operator gives up after so many attempts.
const ATTEMPTS: usize = 6;

/// A caller of the API.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whose.
    pub org: OrgId,
    /// The key.
    pub key: String,
}

/// What the API answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

/// The system of one run.
pub struct Stage {
    /// Where everything goes.
    pub network: Network,
    /// What was seen.
    pub record: Record,
    /// Who watches the tables.
    pub witness: Witness,
    /// One for each organization.
    pub callers: Vec<Caller>,
    /// The operator's way to the tables, which no fault disturbs.
    pub store: Store,
    /// The functions.
    pub lambda: Lambda,
    api: Router,
    schedule: Vec<JoinHandle<()>>,
    _mappings: Vec<RunningMapping>,
    _scratch: Scratch,
}

impl Stage {
    /// Builds and starts everything.
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
        let (routes, mappings, schedule) = woken(settings, template, &network, &lambda);
        let api = gateway::router(routes, clock.wall());
        Self {
            network,
            record,
            witness,
            callers,
            store,
            lambda,
            api,
            schedule,
            _mappings: mappings,
            _scratch: scratch,
        }
    }

    /// Asks the API. No answer of a function's own is `None`: it died, or ran out of time.
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

    /// The operator pays in under a reference, and repeats it until it is said to be done.
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

    /// What the operator was told to be posted is in the ledger.
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

    /// In the end the money adds up, and the product's own audit says so too.
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

    /// No sweep comes any more.
    pub fn stop_the_schedule(&self) {
        self.schedule.iter().for_each(JoinHandle::abort);
    }

    /// What must not appear in a log.
    pub fn secrets(&self) -> Vec<String> {
        let keys = self.callers.iter().map(|caller| caller.key.clone());
        let words =
            ["PRIVATE KEY", PROMPT, "Bearer ", "X-Goog-Signature", "token=", "/upload/resumable/"];
        keys.chain([FAL_KEY, STORAGE_KEY].into_iter().chain(words).map(str::to_owned)).collect()
    }
}

/// Connects each function to what wakes it.
fn woken(
    settings: &Settings,
    template: &Template,
    network: &Network,
    lambda: &Lambda,
) -> (Vec<Route>, Vec<RunningMapping>, Vec<JoinHandle<()>>) {
    let (mut routes, mut mappings, mut schedule) = (Vec::new(), Vec::new(), Vec::new());
    for function in &template.functions {
        let call = lambda.function(&function.name);
        let timeout = Duration::from_secs(u64::from(function.timeout_s));
        for trigger in &function.triggers {
            match trigger.clone() {
                Trigger::Http { method, path } => routes.push(Route {
                    method: Some(method),
                    path,
                    function: call.clone(),
                    timeout,
                }),
                Trigger::Default => routes.push(Route {
                    method: None,
                    path: String::new(),
                    function: call.clone(),
                    timeout,
                }),
                Trigger::Schedule { every_s } => {
                    schedule.push(tokio::spawn(scheduled(call.clone(), every_s)))
                }
                Trigger::Queue {
                    queue,
                    batch_size,
                    window_s,
                    concurrency,
                    report_batch_item_failures,
                } => {
                    let mapping = EventSourceMapping {
                        sqs: network.sqs.clone(),
                        queue,
                        function: call.clone(),
                        batch_size: settings
                            .batch
                            .unwrap_or_else(|| count(batch_size))
                            .min(count(batch_size)),
                        window: if settings.batch == Some(1) {
                            Duration::ZERO
                        } else {
                            Duration::from_secs(u64::from(window_s))
                        },
                        concurrency: count(concurrency.unwrap_or(1_000)),
                        report_batch_item_failures,
                        function_timeout: timeout,
                    };
                    mappings
                        .push(mapping.start().expect("AWS would create the template's mappings"));
                }
            }
        }
    }
    (routes, mappings, schedule)
}

/// Calls a function at its rate.
async fn scheduled(function: local::mapping::Function, every_s: u32) {
    let every = Duration::from_secs(u64::from(every_s));
    let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
    // what stood still does not make up for it
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        drop(
            function(
                json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}),
            )
            .await,
        );
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

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
