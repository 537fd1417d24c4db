//! A store over the embedded DynamoDB, and the jobs and accounts of these tests.

use crate::dynamo::{Embedded, TABLES};
use crate::fixtures::{CREATED, FILE, at, changed, handle, terms, with};
use ghub::account::Account;
use ghub::ambient::Ambient;
use ghub::aws::sdk_config;
use ghub::config::Env;
use ghub::failure::{Failure, FailureCode};
use ghub::id::OrgId;
use ghub::job::{Job, Moved, State};
use ghub::metrics::Metrics;
use ghub::money::Money;
use ghub::order::Order;
use ghub::outbound::Outbound;
use ghub::store::{Accepted, Entry, Idempotency, Store};
use ghub::world::World;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
        let job = Job::accept(self.ambient.job_id(), org, terms(&body(&json!({}))), CREATED);
        with(job, |job| {
            job.state = State::Pending { lease_until: None };
            job.due = CREATED;
        })
    }

    /// A new job that costs nothing, like a sandbox's job.
    pub fn free_job(&self, org: OrgId) -> Job {
        with(self.job(org), |job| {
            job.terms = changed(&job.terms, &json!({"cost": 0}));
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
            |job: Job| job.accepted(handle("r-1"), at(1)),
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

/// The body that orders Kling 2's hummingbird, with these fields instead.
fn body(changes: &Value) -> Value {
    let mut body = json!({"model": "fal/kling-2", "prompt": "a hummingbird at dawn"});
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

/// A new job, and an idempotency key for its order.
pub fn with_key(stage: &Stage, org: OrgId, key: &str) -> (Job, Idempotency) {
    (stage.job(org), key_for(key, &json!({})))
}

/// An idempotency key for Kling 2's hummingbird with these fields instead.
pub fn key_for(key: &str, changes: &Value) -> Idempotency {
    let body = body(changes);
    let order = Order::read(body.as_object().unwrap()).unwrap();
    Idempotency::new(key, &order, &terms(&body))
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
