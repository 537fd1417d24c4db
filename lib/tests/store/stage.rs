//! A store over the embedded DynamoDB, and the jobs and accounts of these tests.

use crate::dynamo::{Embedded, TABLES};
use ghub::account::Account;
use ghub::ambient::Ambient;
use ghub::config::Env;
use ghub::failure::{Failure, FailureCode};
use ghub::id::OrgId;
use ghub::job::{Job, Moved, State};
use ghub::metrics::Metrics;
use ghub::money::Money;
use ghub::outbound::{Outbound, sdk_config};
use ghub::pricing::Price;
use ghub::provider::{Handle, Provider, fal};
use ghub::store::{Accepted, Entry, Store};
use ghub::time::Timestamp;
use ghub::world::World;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// When every job of these tests was accepted.
pub const CREATED: Timestamp = Timestamp::from_unix_s(1_782_415_166);

/// So many seconds after that.
pub fn at(seconds: u64) -> Timestamp {
    CREATED.after(Duration::from_secs(seconds))
}

/// The store and what stands behind it.
pub struct Stage {
    pub store: Store,
    pub dynamo: Arc<Embedded>,
    pub ambient: Ambient,
    /// The names of what was counted.
    pub counted: Arc<Mutex<Vec<&'static str>>>,
}

impl Stage {
    /// Empty tables.
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

    /// Its account.
    pub async fn account(&self, org: OrgId) -> Account {
        self.store.account(org).await.unwrap().unwrap()
    }

    /// A new job of Kling 2, MXN 4.20, not stored yet.
    pub fn job(&self, org: OrgId) -> Job {
        let price = Price {
            usd_per_second: "0.04".parse().unwrap(),
            markup: "1.05".parse().unwrap(),
            fx_mxn_per_usd: "20".parse().unwrap(),
        };
        Job {
            id: self.ambient.job_id(),
            org,
            model: "fal/kling-2".to_owned(),
            provider: Provider::Fal,
            route: "fal-ai/kling-video/v2/master/text-to-video".to_owned(),
            prompt: "a hummingbird at dawn".to_owned(),
            seconds: 5,
            aspect_ratio: None,
            price,
            cost: price.cost_rounded_half_up(5).unwrap(),
            poll_every_s: 15,
            created: CREATED,
            due: CREATED,
            revision: 0,
            state: State::Pending { lease_until: None },
            stop: None,
            trouble: None,
            deletion: None,
        }
    }

    /// A job that was accepted.
    pub async fn accepted(&self, org: OrgId) -> Job {
        let job = self.job(org);
        assert!(matches!(self.store.accept(&job, None).await.unwrap(), Accepted::Stored));
        job
    }

    /// A job whose file was found: one write from its end.
    pub async fn found(&self, org: OrgId) -> Job {
        let job = self.accepted(org).await;
        self.until_found(job).await
    }

    /// An accepted job, carried on until its file is found.
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

    /// How often something was counted so far.
    pub fn counted(&self, metric: &str) -> usize {
        self.counted.lock().unwrap().iter().filter(|name| **name == metric).count()
    }
}

const FILE: &str = "https://v3b.fal.media/files/a/output.mp4";

/// What fal would call a job.
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

/// The job that a move makes.
pub fn moved(moved: Moved) -> Job {
    moved.applied().expect("the move applies")
}

/// The job, completed.
pub fn completed(job: &Job) -> Job {
    moved(job.clone().completed("https://storage.test/video.mp4".to_owned(), at(90)))
}

/// The job, failed.
pub fn failed(job: &Job) -> Job {
    moved(job.clone().failed(Failure::new(FailureCode::TimedOut, "too late"), at(90)))
}

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}
