//! A store over the embedded DynamoDB, and the jobs and accounts of these tests.

use crate::dynamo::{Embedded, TABLES};
use ghub::account::Account;
use ghub::adapter::{Handle, fal};
use ghub::ambient::Ambient;
use ghub::aws::sdk_config;
use ghub::catalog::Catalog;
use ghub::config::Env;
use ghub::failure::{Failure, FailureCode};
use ghub::id::{Mode, OrgId};
use ghub::job::{Job, Moved, Parts, State};
use ghub::metrics::Metrics;
use ghub::money::Money;
use ghub::order::Order;
use ghub::outbound::Outbound;
use ghub::pricing::Rates;
use ghub::store::{Accepted, Entry, Idempotency, Store};
use ghub::terms::Terms;
use ghub::time::Timestamp;
use ghub::world::World;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// When every job of these tests was accepted.
pub const CREATED: Timestamp = Timestamp::from_unix_s(1_782_415_166);

/// The moment this many seconds after [`CREATED`].
pub fn at(seconds: u64) -> Timestamp {
    CREATED.after(Duration::from_secs(seconds))
}

/// The store on an embedded DynamoDB.
pub struct Stage {
    pub store: Store,
    pub dynamo: Arc<Embedded>,
    pub ambient: Ambient,
    /// The names of the metrics that were counted.
    pub counted: Arc<Mutex<Vec<&'static str>>>,
}

impl Stage {
    /// A store over empty tables.
    pub fn new() -> Self {
        let dynamo = Arc::new(Embedded::new());
        let counted: Arc<Mutex<Vec<&'static str>>> = Arc::default();
        let seen = counted.clone();
        let now = UNIX_EPOCH + Duration::from_secs(CREATED.unix_s().unsigned_abs());
        let ambient = Ambient::with_clock(Arc::new(move || -> SystemTime { now }));
        let mut env: Vec<(String, String)> =
            ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
                .map(|name| (name.to_owned(), "test".to_owned()))
                .into();
        env.extend(
            TABLES.map(|(table, ..)| (table.variable().to_owned(), table.variable().to_owned())),
        );
        let world = World {
            env: env.into_iter().collect::<Env>(),
            ambient: ambient.clone(),
            outbound: Outbound::gated(dynamo.clone()),
            metrics: Metrics::to(move |line| {
                seen.lock().unwrap().extend(line.values.iter().map(|(metric, _)| metric.name));
            }),
        };
        let store =
            Store::new(&world, &sdk_config(&world).unwrap(), &TABLES.map(|(table, ..)| table))
                .unwrap();
        Self { store, dynamo, ambient, counted }
    }

    /// An organization with this balance.
    pub async fn org(&self, balance: &str) -> OrgId {
        let org = self.ambient.org_id();
        self.store.create_account(&Account::new(org)).await.unwrap();
        self.store.post(&Entry::recharge(org, "first", money(balance), 1)).await.unwrap();
        org
    }

    pub async fn account(&self, org: OrgId) -> Account {
        self.store.account(org).await.unwrap().unwrap()
    }

    /// A new job of Kling 2 for MXN 4.20, not stored yet.
    pub fn job(&self, org: OrgId) -> Job {
        self.ordered(org, &order(&json!({})))
    }

    /// A new job that costs nothing, like a sandbox's job.
    pub fn free_job(&self, org: OrgId) -> Job {
        with(self.job(org), |job| {
            let mut terms = serde_json::to_value(&job.terms).unwrap();
            terms["cost"] = 0.into();
            job.terms = serde_json::from_value(terms).unwrap();
        })
    }

    /// A new job of this order, not stored yet.
    pub fn ordered(&self, org: OrgId, order: &Order) -> Job {
        let (id, terms) = (self.ambient.job_id(), terms(order));
        with(Job::accept(id, org, terms, CREATED), |job| {
            job.state = State::Pending { lease_until: None };
            job.due = CREATED;
        })
    }

    /// Accepts a new job.
    pub async fn accept_job(&self, org: OrgId) -> Job {
        let job = self.job(org);
        assert!(matches!(self.store.accept(&job, None).await.unwrap(), Accepted::Stored));
        job
    }

    /// Accepts a new job and moves it on until its file is found, one write from its end.
    pub async fn accept_job_until_found(&self, org: OrgId) -> Job {
        let job = self.accept_job(org).await;
        self.until_found(job).await
    }

    /// Moves an accepted job on until its file is found.
    pub async fn until_found(&self, mut job: Job) -> Job {
        for go in [
            |job: Job| job.accepted(handle(), at(1)),
            |job: Job| job.file_found(FILE.to_owned(), at(60)),
        ] {
            job = moved(go(job));
            self.store.write(&job).await.unwrap();
        }
        job
    }

    /// How often a metric was counted so far.
    pub fn counted(&self, metric: &str) -> usize {
        self.counted.lock().unwrap().iter().filter(|name| **name == metric).count()
    }
}

/// Kling 2's hummingbird, with these fields instead.
pub fn order(changes: &Value) -> Order {
    let mut body = json!({"model": "fal/kling-2", "prompt": "a hummingbird at dawn"});
    let body = body.as_object_mut().unwrap();
    body.extend(changes.as_object().unwrap().clone());
    Order::read(body).unwrap()
}

/// Its terms at the published prices.
pub fn terms(order: &Order) -> Terms {
    let catalog = Catalog::published();
    let model = catalog.get(order.model()).unwrap();
    let rates = Rates::new("1.05".parse().unwrap(), "20".parse().unwrap());
    Terms::agree(order, model, model.route.as_deref().unwrap(), &rates, Mode::Live).unwrap()
}

/// A new job, and an idempotency key for its order.
pub fn with_key(stage: &Stage, org: OrgId, key: &str) -> (Job, Idempotency) {
    (stage.job(org), key_for(key, &json!({})))
}

/// An idempotency key for Kling 2's hummingbird with these fields instead.
pub fn key_for(key: &str, changes: &Value) -> Idempotency {
    let order = order(changes);
    let terms = terms(&order);
    Idempotency::new(key, &order, &terms)
}

/// The job with other parts.
pub fn with(job: Job, change: impl FnOnce(&mut Parts)) -> Job {
    let mut parts = job.into_parts();
    change(&mut parts);
    Job::from_parts(parts)
}

const FILE: &str = "https://v3b.fal.media/files/a/output.mp4";

/// A handle of fal.
pub fn handle() -> Handle {
    let url = "https://queue.fal.run/fal-ai/kling-video/requests/r-1".to_owned();
    let (status_url, cancel_url) = (format!("{url}/status"), format!("{url}/cancel"));
    Handle::Fal(fal::Handle {
        request_id: "r-1".to_owned(),
        status_url,
        cancel_url,
        response_url: url,
    })
}

/// The moved job of a move that must apply.
pub fn moved(moved: Moved) -> Job {
    moved.applied().expect("the move applies")
}

pub fn completed(job: &Job) -> Job {
    moved(job.clone().completed("https://storage.test/video.mp4".to_owned(), at(90)))
}

pub fn failed(job: &Job) -> Job {
    moved(job.clone().failed(Failure::new(FailureCode::TimedOut, "too late"), at(90)))
}

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}
