//! The failures that were seen in systems like this one, each with a test that fails when its
//! defence is taken out. A test's name begins with the number that the failure has in the project's
//! list.
//!
//! Also shown elsewhere:
//!
//! - F1 parallel submits outrun the balance: `money.rs`: a hundred at once, with and without
//!   conflicting transactions
//! - F2 charged twice by workers that overlap: `jobs.rs`: doubled messages; `restart.rs`: killed at
//!   every point
//! - F3 the status is saved and the money is not: every test that ends in `Stage::audit`
//! - F7 Veo is done and there is no video: `lib/core/src/adapter/google/tests.rs`:
//!   `what_an_operation_means`
//! - F11 a large upload breaks off: `transfer.rs`: broken, silent and lost parts; 200 MB in little
//!   memory
//! - F13 a serial poller: `jobs.rs`: `a_doubled_message_dies_out` for the bound on messages
//! - F18 no caller polls: `jobs.rs`: `a_job_completes_when_nobody_polls` and after lost messages
//! - F20 half a file, a page, a private bucket: `transfer.rs`: each for as long as the fault lasts
//! - F24 a passing error is told as a refusal: `lib/core/src/adapter/fal/tests/refusing.rs`,
//!   `lib/core/src/adapter/google/tests/operation.rs`
//! - F25 what plays is thrown away, and no picture is charged: `lib/core/src/mp4/tests.rs`
//!
//! F15 is about webhooks, which do not exist yet.

mod addresses;
mod charges;
mod check;
mod connections;
mod deadlines;
mod files;
mod hostile;
mod once;
mod storing;
mod submit;
mod veo;
mod verdicts;
mod wire;

use crate::metrics::Measured;
use crate::stage::{Caller, Stage};
use crate::traces::QUEUES;
use futures::future::join_all;
use ghub::adapter::Handle;
use ghub::failure::FailureCode;
use ghub::job::{Job, Processing, State};
use ghub::status::Status;
use local::fal::Render;
use local::faults::{Fault, Then};
use local::options::Options;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wire::Wire;

/// What a Kling video of 5 s costs, in centavos.
const KLING: u64 = 420;
/// What the caller has, in centavos: enough for every case of a table.
const BALANCE: u64 = 100_000;
/// Longer than any cadence and any lease of an open job: whatever is looked at after it is due.
const A_TURN: Duration = Duration::from_secs(61);
/// No look at a job takes as long: the longest waits for one submission, 20 s, or two checks, 10 s
/// each.
const PATIENCE: Duration = Duration::from_secs(120);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A system in which nothing moves by itself: its clock stands still, its messages are lost, and
/// the test delivers them.
struct Quiet {
    stage: Stage,
    caller: Arc<Caller>,
    wire: Arc<Wire>,
    measured: Measured,
}

impl Quiet {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With these parameters of the template.
    async fn with(parameters: &[(&str, &str)]) -> Self {
        let parameters: BTreeMap<_, _> = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (wire, measured) = (Arc::new(Wire::default()), Measured::default());
        let options = Options { parameters, gate: Some(wire.clone()), ..Options::test() };
        let stage = Stage::with(Options { metrics: measured.metrics(), ..options }).await;
        stage.stop_the_clock();
        for queue in QUEUES {
            stage.system.sqs.lose_if(queue, |_| true).unwrap();
        }
        let caller = Arc::new(stage.caller_with("1000.00").await);
        Self { stage, caller, wire, measured }
    }

    /// Submits and returns the job's id and fal's.
    async fn at_fal(&self, prompt: &str) -> (String, String) {
        let job = self.caller.accept(prompt).await;
        let request = request_id(&self.read_job(&job).await);
        (job, request)
    }

    /// Submits, and has fal finish the render and the poller find the file. Returns the job's id
    /// and fal's.
    async fn render(&self, prompt: &str) -> (String, String) {
        let (job, request) = self.at_fal(prompt).await;
        self.stage.later(A_TURN);
        self.look_at(&job).await;
        assert!(
            processing(&self.read_job(&job).await).file.is_some(),
            "{prompt}: fal has rendered"
        );
        (job, request)
    }

    /// Delivers the job's message to the poller.
    async fn look_at(&self, job: &str) {
        assert!(
            self.deliver("poll-jobs", job).await,
            "trouble at a provider is no failure of the message"
        );
    }

    /// Delivers the job's message to the function that stores.
    async fn store_by_message(&self, job: &str) {
        assert!(
            self.deliver("store-video", job).await,
            "trouble with a file is no failure of the message"
        );
    }

    /// Delivers the job's message; whether it was acknowledged.
    async fn deliver(&self, function: &str, job: &str) -> bool {
        let event = json!({"Records": [self.record(job)]});
        let answer =
            tokio::time::timeout(PATIENCE, self.stage.system.invoke(function, event)).await;
        answer.expect("it ends by its own limit").unwrap() == json!({"batchItemFailures": []})
    }

    fn record(&self, job: &str) -> Value {
        json!({
            "messageId": job, "receiptHandle": job, "attributes": {}, "messageAttributes": {}, "md5OfBody": "",
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:Queue", "awsRegion": "us-east-1",
            "body": json!({"org": self.caller.org, "job": job}).to_string(),
        })
    }

    /// Goes on, a turn at a time, until all these jobs are over.
    async fn settle(&self, jobs: &[String]) {
        for _ in 0..30 {
            let all = join_all(jobs.iter().map(|job| self.read_job(job))).await;
            let open: Vec<String> =
                all.iter().filter(|job| job.is_open()).map(|job| job.id().to_string()).collect();
            if open.is_empty() {
                return;
            }
            self.stage.later(A_TURN);
            join_all(open.iter().map(|job| self.look_at(job))).await;
            join_all(open.iter().map(|job| self.store_by_message(job))).await;
        }
        panic!("some jobs do not end");
    }

    async fn read_job(&self, job: &str) -> Job {
        self.stage.read_job(self.caller.org, job).await
    }

    async fn status(&self, job: &str) -> Status {
        self.read_job(job).await.status()
    }

    /// The job as its caller sees it.
    async fn show(&self, job: &str) -> Value {
        let answer = self.caller.client.video(job).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// So many Kling videos are charged to this caller, and the books are right.
    async fn expect_charge_for(&self, videos: u64) {
        self.expect_charge(videos * KLING).await;
    }

    /// So much is charged to this caller, and the books are right.
    async fn expect_charge(&self, centavos: u64) {
        let centavos = BALANCE - centavos;
        let balance = self.stage.store.account(self.caller.org).await.unwrap().unwrap().balance;
        assert_eq!(balance.to_string(), format!("{}.{:02}", centavos / 100, centavos % 100));
        self.stage.audit().await;
    }

    /// It happens to this request of fal's and to no other.
    fn goes_wrong(&self, step: &str, times: u32, request: &str, then: Then) {
        self.stage.fal().faults().add(Fault::times(step, times, then).on(request)).unwrap();
    }

    /// How many renders of this prompt were accepted, by whichever provider.
    fn renders_of(&self, prompt: &str) -> usize {
        let google = self
            .stage
            .system
            .google
            .as_ref()
            .map_or(0, |google| google.simulator.renders_of(prompt));
        self.stage.fal().renders_of(prompt) + google
    }

    fn renders_take(&self, queued: Duration, rendering: Duration) {
        self.stage.fal().set_render(Render { queued, rendering });
    }

    /// How often fal was asked for something under a path with this ending.
    fn asked(&self, ending: &str) -> usize {
        self.stage.fal().requests().iter().filter(|seen| seen.path.ends_with(ending)).count()
    }
}

fn processing(job: &Job) -> &Processing {
    match job.state() {
        State::Processing(processing) => processing,
        state => panic!("the job is at its provider: {state:?}"),
    }
}

fn request_id(job: &Job) -> String {
    match &processing(job).handle {
        Handle::Fal(handle) => handle.request_id.clone(),
        handle => panic!("the job is at fal: {handle:?}"),
    }
}

/// Why a job failed.
fn failure(job: &Job) -> Option<FailureCode> {
    match job.state() {
        State::Failed { failure, .. } => Some(failure.code),
        _ => None,
    }
}
