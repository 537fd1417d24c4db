//! A system of its own for each test, and what a test wants to ask of it.

use ghub::aws::sdk_config;
use ghub::id::{JobId, OrgId};
use ghub::job::Job;
use ghub::money::Money;
use ghub::onboarding::{create_key, create_organization};
use ghub::status::Status;
use ghub::store::{Entry, Posted, Store, Table};
use local::client::{Answer, Client};
use local::fal::Fal;
use local::options::Options;
use local::supabase::Supabase;
use local::system::System;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

/// Nothing here takes longer than a few seconds; what does is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Stage {
    pub(crate) system: System,
    pub(crate) store: Store,
    clock: Clock,
}

/// A caller: an organization and its client.
pub(crate) struct Caller {
    pub(crate) org: OrgId,
    pub(crate) client: Client,
}

/// The wall clock, which a test can put forward and stop.
#[derive(Clone, Default)]
struct Clock {
    ahead_s: Arc<AtomicU64>,
    stopped: Arc<OnceLock<SystemTime>>,
}

impl Clock {
    fn now(&self) -> SystemTime {
        let now = self.stopped.get().copied().unwrap_or_else(SystemTime::now);
        now + Duration::from_secs(self.ahead_s.load(Ordering::SeqCst))
    }
}

impl Stage {
    /// A fast, simulated system in memory.
    pub(crate) async fn new() -> Self {
        Self::with(Options::test()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let clock = Clock::default();
        let now = clock.clone();
        let system = System::start(Options { now: Arc::new(move || now.now()), ..options })
            .await
            .expect("the system starts");
        let world = system.world();
        let tables = [Table::Jobs, Table::Accounts, Table::Ledger, Table::Keys];
        let store = Store::new(&world, &sdk_config(&world).unwrap(), &tables).unwrap();
        Self { system, store, clock }
    }

    pub(crate) fn fal(&self) -> &Fal {
        &self.system.fal.as_ref().expect("fal is simulated").simulator
    }

    pub(crate) fn storage(&self) -> &Supabase {
        &self.system.storage.as_ref().expect("storage is simulated").simulator
    }

    /// Puts the clock forward for everybody.
    pub(crate) fn later(&self, by: Duration) {
        self.clock.ahead_s.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    /// Stops the clock for everybody: from here on it only moves when it is put forward, by exactly
    /// as much.
    pub(crate) fn stop_the_clock(&self) {
        self.clock.stopped.get_or_init(SystemTime::now);
    }

    /// The caller that the system made, with MXN 50.
    pub(crate) fn caller(&self) -> Caller {
        let identity = &self.system.identity;
        Caller { org: identity.org, client: self.client(&identity.live_key) }
    }

    /// Another caller, whose balance is this.
    pub(crate) async fn caller_with(&self, balance: &str) -> Caller {
        let ambient = self.system.world().ambient;
        let org = ambient.org_id();
        create_organization(&self.store, &ambient, org).await.unwrap();
        let wanted: Money = balance.parse().unwrap();
        let change = wanted.minus(ghub::onboarding::SIGNUP_BONUS).unwrap();
        let entry = Entry::recharge(org, "to-the-test's-balance", change, ambient.now_unix_ms());
        assert_eq!(self.store.post(&entry).await.unwrap(), Posted::Now);
        let key = create_key(&self.store, &ambient, org, "test").await.unwrap();
        Caller { org, client: self.client(&key) }
    }

    pub(crate) fn client(&self, key: &str) -> Client {
        Client::new(self.system.api.as_deref().expect("the API is served"), key)
    }

    /// The job as it is stored: looks without the API, so that no caller's poll helps it along.
    pub(crate) async fn read_job(&self, org: OrgId, id: &str) -> Job {
        let id: JobId = id.parse().unwrap();
        self.store.job(org, id).await.unwrap().expect("the job is stored")
    }

    /// Waits, without polling the API, until the job has this status.
    pub(crate) async fn until(&self, org: OrgId, id: &str, status: Status) -> Job {
        until(async || {
            let job = self.read_job(org, id).await;
            (job.status() == status).then_some(job)
        })
        .await
    }
}

impl Caller {
    /// Submits a Kling job of 5 s, MXN 4.20.
    pub(crate) async fn submit(&self, prompt: &str) -> Answer {
        self.client
            .submit(&json!({"model": "fal/kling-2", "prompt": prompt, "duration": 5}))
            .await
            .unwrap()
    }

    /// Submits and expects the job's id.
    pub(crate) async fn accept(&self, prompt: &str) -> String {
        let answer = self.submit(prompt).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        id(&answer)
    }

    /// Polls until the job is over.
    pub(crate) async fn finish(&self, id: &str) -> Answer {
        until(async || {
            let answer = self.client.video(id).await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
            matches!(answer.body["status"].as_str(), Some("completed" | "failed")).then_some(answer)
        })
        .await
    }
}

pub(crate) fn id(answer: &Answer) -> String {
    answer.body["id"].as_str().expect("a job has an id").to_owned()
}

pub(crate) fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

/// Waits for a condition.
pub(crate) async fn until<T>(look: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(PATIENCE, look).await
}

/// Waits for a condition that may take longer than others.
pub(crate) async fn until_within<T>(
    patience: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(patience, looking).await.expect("the condition came about")
}
