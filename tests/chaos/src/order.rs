//! What callers do: they order, some of them again when no answer came, and look now and then.

use crate::lambda::prompt_of_order;
use crate::operator;
use crate::owner;
use crate::stage::{Caller, Stage, Told};
use crate::video;
use axum::http::{HeaderMap, HeaderValue, Method};
use futures::future::{OptionFuture, join};
use ghub::cancellation::Cancellation;
use local::fal;
use local::google;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// How a provider ends an order's render.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With a video.
    Video,
    /// With a video in a file of so many bytes.
    Large(u64),
    /// With a file that breaks off, and nothing on the wire says so.
    Cut,
    /// With a refusal.
    Refused,
}

/// One order.
#[derive(Debug, Clone)]
pub struct Order {
    /// Which of the run.
    pub number: usize,
    /// Which caller's.
    pub caller: usize,
    /// A catalog id.
    pub model: &'static str,
    /// Seconds of video.
    pub seconds: u32,
    /// Whether it carries an idempotency key and is sent again when no job came back.
    pub insists: bool,
    /// Whether it is sent twice at once, and again once there is a job.
    pub replayed: bool,
    /// How often its caller looks; `None` never does.
    pub looks_every: Option<Duration>,
    /// When it is sent.
    pub at: Duration,
    /// How long after its caller knows of a job that job is cancelled, if it is.
    pub cancelled_after: Option<Duration>,
    /// How the render ends.
    pub ending: Ending,
    /// The failures that the run's circumstances excuse, beside those that its own faults and its
    /// ending do.
    pub may_fail_with: &'static [&'static str],
}

/// Whether a model's provider can be asked to stop a render: Google's operations cannot.
pub fn can_be_stopped(model: &str) -> bool {
    !model.starts_with("google/")
}

/// What its caller was told.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The order.
    pub order: Order,
    /// The answers, in their order, and after them those of its replays; `None` is an answer that
    /// never came.
    pub answers: Vec<Option<Told>>,
    /// How long it took to be answered.
    pub took: Duration,
    /// What the operator was told who cancelled its job.
    pub cancellations: Vec<Cancellation>,
    /// What its owner was told who did so at the same time.
    pub owner_told: Vec<Told>,
}

impl Placed {
    /// The job's id, as its caller knows it.
    pub fn job(&self) -> Option<&str> {
        self.answers
            .iter()
            .flatten()
            .find(|told| told.status == 200)
            .and_then(|told| told.body["id"].as_str())
    }
}

/// A caller that insists gives up after so many attempts.
const ATTEMPTS: usize = 6;
/// What it waits in between.
const WAIT: Duration = Duration::from_secs(5);
/// A second request with the same key comes while the first is in the middle of its work.
const TWIN: Duration = Duration::from_millis(60);
/// So long a caller looks: two days and what comes before them.
const PATIENCE: Duration = Duration::from_secs(57 * 60 * 60);

impl Order {
    /// Tells the simulators how the render ends.
    pub fn announce(&self, stage: &Stage) {
        let prompt = prompt_of_order(self.number);
        let (fal, google) = match self.ending {
            Ending::Video => return,
            Ending::Large(bytes) => {
                (fal::Ending::padded(bytes), google::Ending::Video { bytes: Some(bytes) })
            }
            Ending::Cut => (
                fal::Ending::CutVideo { keep_bytes: 100_000 },
                google::Ending::CutVideo { keep_bytes: 100_000 },
            ),
            Ending::Refused => (
                fal::Ending::refused(
                    "content_policy_violation",
                    "The content could not be processed.",
                ),
                google::Ending::Error {
                    code: 3,
                    message: "The prompt could not be submitted.".to_owned(),
                    status: None,
                },
            ),
        };
        stage.network.fal.decide(fal::Verdict::for_prompts(&prompt, fal));
        stage.network.google.decide(google::Verdict::for_prompts(&prompt, google));
    }

    /// Sends it, and looks at it until it is over.
    pub async fn place(self, stage: &Stage) -> Placed {
        tokio::time::sleep(self.at).await;
        let started = Instant::now();
        let first = async { (self.sent(stage).await, started.elapsed()) };
        let twin = async {
            tokio::time::sleep(TWIN).await;
            self.sent(stage).await
        };
        let ((mut answers, took), twins) =
            join(first, OptionFuture::from(self.replayed.then_some(twin))).await;
        answers.extend(twins.into_iter().flatten());
        if self.replayed {
            tokio::time::sleep(WAIT).await;
            answers.extend(self.sent(stage).await);
        }
        let mut placed = Placed {
            order: self,
            answers,
            took,
            cancellations: Vec::new(),
            owner_told: Vec::new(),
        };
        if let Some(job) = placed.job() {
            let (caller, order) = (&stage.callers[placed.order.caller], &placed.order);
            let ((), told) = join(look(stage, caller, order, job), cancel(stage, order, job)).await;
            (placed.cancellations, placed.owner_told) = told;
        }
        placed
    }

    /// Sends it; one that insists does so until it has an answer. Says what was answered.
    async fn sent(&self, stage: &Stage) -> Vec<Option<Told>> {
        let caller = &stage.callers[self.caller];
        let body = json!({"model": self.model, "prompt": prompt_of_order(self.number), "duration": self.seconds});
        let mut headers = HeaderMap::new();
        if self.insists {
            let key = HeaderValue::try_from(format!("order-{}", self.number)).expect("plain text");
            headers.insert("idempotency-key", key);
        }
        let mut answers = Vec::new();
        loop {
            let told = stage
                .ask(caller, Method::POST, "/v1/videos/generations", headers.clone(), Some(&body))
                .await;
            let again = told.as_ref().is_none_or(|told| told.status >= 500);
            answers.push(told);
            if !again || !self.insists || answers.len() == ATTEMPTS {
                return answers;
            }
            tokio::time::sleep(WAIT).await;
        }
    }
}

/// The operator and the owner cancel the job at once, if that is to be.
async fn cancel(stage: &Stage, order: &Order, job: &str) -> (Vec<Cancellation>, Vec<Told>) {
    let Some(after) = order.cancelled_after else { return Default::default() };
    tokio::time::sleep(after).await;
    join(operator::cancel(stage, order, job), owner::cancel(stage, order, job)).await
}

/// Looks until the job is over, if its caller looks. A video that is shown is whole in storage.
async fn look(stage: &Stage, caller: &Caller, order: &Order, job: &str) {
    let Some(every) = order.looks_every else { return };
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        tokio::time::sleep(every).await;
        let path = format!("/v1/videos/{job}");
        let Some(told) = stage.ask(caller, Method::GET, &path, HeaderMap::new(), None).await else {
            continue;
        };
        match told.body["status"].as_str() {
            Some("completed") => {
                return video::shown_is_whole(stage, caller, order, job, &told.body);
            }
            Some("failed") => return,
            _ if told.body["video_url"].is_string() => {
                stage.record.wrong(format!("a video is shown before its job is completed: {job}"))
            }
            _ if told.status == 200 || told.status >= 500 => {}
            _ => {
                stage.record.wrong(format!("a caller looked at its job and was told {}", told.body))
            }
        }
    }
}
