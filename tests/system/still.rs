//! A system in which nothing moves by itself: its clock stands still, its messages are lost, and
//! the test delivers them. What its functions ask of others can be held up or kept from them.

use crate::asking::{Ask, Reply};
use crate::stage::{Caller, Stage};
use crate::traces::{Call, QUEUES};
use ghub::job::Job;
use ghub::metrics::Metrics;
use ghub::outbound::{Exchange, Gate, Network, WireError};
use ghub::status::Status;
use local::fal::Render;
use local::options::Options;
use reqwest::{Method, Request};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// Finished when it is submitted.
pub(crate) const AT_ONCE: Render = Render { queued: Duration::ZERO, rendering: Duration::ZERO };
/// Not finished while a test runs.
pub(crate) const FOR_HOURS: Render =
    Render { queued: Duration::ZERO, rendering: Duration::from_secs(100 * 60 * 60) };

pub(crate) struct Still {
    pub(crate) stage: Stage,
    pub(crate) caller: Caller,
    pub(crate) meddler: Arc<Meddler>,
    pub(crate) key: String,
}

impl Still {
    pub(crate) async fn new() -> Self {
        Self::with(Options::test()).await
    }

    /// The same, with what is measured handed to a reader.
    pub(crate) async fn measure(metrics: Metrics) -> Self {
        Self::with(Options { metrics, ..Options::test() }).await
    }

    async fn with(options: Options) -> Self {
        let meddler = Arc::new(Meddler::default());
        let stage = Stage::with(Options { gate: Some(meddler.clone()), ..options }).await;
        stage.stop_the_clock();
        for queue in QUEUES {
            stage.system.sqs.lose_if(queue, |_| true).unwrap();
        }
        let caller = stage.caller_with("1000.00").await;
        let key = stage.key_of(&caller).await;
        Self { stage, caller, meddler, key }
    }

    /// The same, where fal's renders take so long.
    pub(crate) async fn rendering(render: Render) -> Self {
        let still = Self::new().await;
        still.stage.fal().set_render(render);
        still
    }

    pub(crate) async fn cancel(&self, job: &str) -> Reply {
        self.stage
            .ask(Ask::new(Method::POST, &format!("/v1/videos/{job}/cancel")).key(&self.key))
            .await
    }

    pub(crate) async fn delete(&self, job: &str) -> Reply {
        self.stage.ask(Ask::new(Method::DELETE, &format!("/v1/videos/{job}")).key(&self.key)).await
    }

    pub(crate) async fn show(&self, job: &str) -> Reply {
        self.stage.ask(Ask::video(&self.key, job)).await
    }

    /// The ids of a page of the list, and whether there are more.
    pub(crate) async fn list(&self, query: &str) -> (Vec<String>, bool) {
        let page = self
            .stage
            .ask(Ask::new(Method::GET, &format!("/v1/videos{query}")).key(&self.key))
            .await
            .body;
        let jobs = page["data"].as_array().unwrap().iter();
        (jobs.map(|job| job["id"].as_str().unwrap().to_owned()).collect(), page["has_more"] == true)
    }

    /// Submits, under this idempotency key.
    pub(crate) async fn submit(&self, order: &Value, idempotency_key: &str) -> Reply {
        self.stage.ask(Ask::submit(&self.key, order).idempotency_key(idempotency_key)).await
    }

    /// A job of Veo at Google for 4 s.
    pub(crate) async fn at_google(&self, prompt: &str) -> String {
        let order = json!({"model": "google/veo-3.1", "prompt": prompt, "duration": 4});
        self.submit(&order, prompt).await.job().to_owned()
    }

    /// A job of fal's that is stored and charged.
    pub(crate) async fn complete(&self, prompt: &str) -> String {
        self.stage.fal().set_render(AT_ONCE);
        self.carry_to_completed(prompt).await
    }

    /// A job that is completed: of a sandbox, or of a provider that renders at once.
    pub(crate) async fn carry_to_completed(&self, prompt: &str) -> String {
        let job = self.caller.accept(prompt).await;
        self.stage.later(Duration::from_secs(61));
        self.deliver("poll-jobs", &job).await;
        self.deliver("store-video", &job).await;
        assert_eq!(self.read_job(&job).await.status(), Status::Completed);
        job
    }

    /// Delivers a message about the job.
    pub(crate) async fn deliver(&self, function: &str, job: &str) {
        let record = json!({
            "messageId": job, "receiptHandle": job, "attributes": {}, "messageAttributes": {}, "md5OfBody": "",
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:Queue", "awsRegion": "us-east-1",
            "body": json!({"org": self.caller.org, "job": job}).to_string(),
        });
        let answer =
            self.stage.system.invoke(function, json!({"Records": [record]})).await.unwrap();
        assert_eq!(answer, json!({"batchItemFailures": []}));
    }

    /// Has the job looked at so many seconds later.
    pub(crate) async fn look_in(&self, seconds: u64, job: &str) {
        self.stage.later(Duration::from_secs(seconds));
        self.deliver("poll-jobs", job).await;
    }

    pub(crate) async fn read_job(&self, job: &str) -> Job {
        self.stage.read_job(self.caller.org, job).await
    }

    /// How often fal was asked to stop.
    pub(crate) fn stops(&self) -> usize {
        self.stage.fal().requests().iter().filter(|seen| seen.path.ends_with("/cancel")).count()
    }

    /// So much is on the account, so much of it held, and the books are right.
    pub(crate) async fn has(&self, balance: &str, held: &str) {
        let account = self.stage.store.account(self.caller.org).await.unwrap().unwrap();
        assert_eq!(
            (account.balance.to_string().as_str(), account.held.to_string().as_str()),
            (balance, held)
        );
        self.stage.audit().await;
    }
}

/// Tells the calls that are meant from all others.
pub(crate) type Which = fn(&Call) -> bool;

/// Stands between the functions and others.
#[derive(Debug, Default)]
pub(crate) struct Meddler {
    held: Mutex<Option<String>>,
    reached: Notify,
    let_go: Notify,
    withheld: Mutex<Option<Which>>,
}

impl Meddler {
    /// The next request for a path with this ending is answered late.
    pub(crate) fn hold_next(&self, ending: &str) {
        *self.held.lock().unwrap() = Some(ending.to_owned());
    }

    /// Waits until the answer is there, and held.
    pub(crate) async fn reach(&self) {
        self.reached.notified().await;
    }

    /// Hands over the answer that is held.
    pub(crate) fn let_go(&self) {
        self.let_go.notify_one();
    }

    /// Such calls lead nowhere, as if their function had died.
    pub(crate) fn withhold(&self, which: Which) {
        *self.withheld.lock().unwrap() = Some(which);
    }

    /// From here on all calls happen.
    pub(crate) fn withhold_nothing(&self) {
        *self.withheld.lock().unwrap() = None;
    }
}

impl Gate for Meddler {
    fn exchange<'a>(&'a self, request: Request, send: Network<'a>) -> Exchange<'a> {
        let call = Call::of(&request);
        let held = self
            .held
            .lock()
            .unwrap()
            .take_if(|ending| request.url().path().ends_with(ending.as_str()))
            .is_some();
        let withheld = self.withheld.lock().unwrap().is_some_and(|which| which(&call));
        Box::pin(async move {
            if withheld {
                return Err(WireError::NotSent("nobody asks any more".into()));
            }
            let answer = send(request).await;
            if held {
                self.reached.notify_one();
                self.let_go.notified().await;
            }
            answer
        })
    }
}
