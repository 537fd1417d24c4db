//! What callers do: they order, some order again when no answer came, and they poll now and then.

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
    Video,
    /// With a video in a file of this many bytes.
    Large(u64),
    /// With a file that breaks off, without a sign of it on the wire.
    Cut,
    Refused,
}

/// An order of a caller.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its number in the run.
    pub number: usize,
    /// The number of its caller.
    pub caller: usize,
    /// The catalog's id of the model.
    pub model: &'static str,
    /// The length of the video in seconds.
    pub seconds: u32,
    /// Whether the video is ordered without sound, from a model that has it by default.
    pub silent: bool,
    /// Whether it carries an idempotency key, and is sent again when no job came back.
    pub insists: bool,
    /// Whether it is sent twice at once, and again once there is a job.
    pub replayed: bool,
    /// The time between two polls of its caller. `None` means that it never polls.
    pub looks_every: Option<Duration>,
    /// When it is sent.
    pub at: Duration,
    /// If the job is cancelled: how long after its caller knows of it.
    pub cancelled_after: Option<Duration>,
    /// How the render ends.
    pub ending: Ending,
    /// The failure codes that the run's circumstances excuse, beside those that its own faults and
    /// its ending excuse.
    pub may_fail_with: &'static [&'static str],
}

/// Whether a model's provider can be asked to stop a render. Google's operations cannot.
pub fn can_be_stopped(model: &str) -> bool {
    !model.starts_with("google/")
}

/// An order with the answers that its caller got.
#[derive(Debug, Clone)]
pub struct Placed {
    pub order: Order,
    /// The answers in their order, then those of its replays. `None` is an answer that never came.
    pub answers: Vec<Option<Told>>,
    /// The time until it was answered.
    pub took: Duration,
    /// The operator's answers when he cancelled its job.
    pub cancellations: Vec<Cancellation>,
    /// The owner's answers when he cancelled it at the same time.
    pub owner_told: Vec<Told>,
}

impl Placed {
    /// The job's id that its caller knows.
    pub fn job(&self) -> Option<&str> {
        self.answers
            .iter()
            .flatten()
            .find(|told| told.status == 200)
            .and_then(|told| told.body["id"].as_str())
    }
}

/// The attempts after which a caller that insists gives up.
const ATTEMPTS: usize = 6;
/// The wait between two attempts.
const WAIT: Duration = Duration::from_secs(5);
/// When the second request with the same key comes: the first is in the middle of its work then.
const TWIN: Duration = Duration::from_millis(60);
/// How long a caller polls: two days and the phases before them.
const PATIENCE: Duration = Duration::from_secs(57 * 60 * 60);

impl Order {
    /// Tells the simulators how the render is to end.
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

    /// Sends the order and polls its job until the job is final.
    pub async fn place(self, stage: &Stage) -> Placed {
        tokio::time::sleep(self.at).await;
        let started = Instant::now();
        let first = async { (self.send(stage).await, started.elapsed()) };
        let twin = async {
            tokio::time::sleep(TWIN).await;
            self.send(stage).await
        };
        let ((mut answers, took), twins) =
            join(first, OptionFuture::from(self.replayed.then_some(twin))).await;
        answers.extend(twins.into_iter().flatten());
        if self.replayed {
            tokio::time::sleep(WAIT).await;
            answers.extend(self.send(stage).await);
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

    /// Sends the order, and again without an answer if it insists. Returns the answers.
    async fn send(&self, stage: &Stage) -> Vec<Option<Told>> {
        let caller = &stage.callers[self.caller];
        let prompt = prompt_of_order(self.number);
        let mut body = json!({"model": self.model, "prompt": prompt, "duration": self.seconds});
        if self.silent {
            body["generate_audio"] = false.into();
        }
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

/// Lets the operator and the owner cancel the job at once, if the order says so.
async fn cancel(stage: &Stage, order: &Order, job: &str) -> (Vec<Cancellation>, Vec<Told>) {
    let Some(after) = order.cancelled_after else { return Default::default() };
    tokio::time::sleep(after).await;
    join(operator::cancel(stage, order, job), owner::cancel(stage, order, job)).await
}

/// Polls the job until it is final or the run is proven, if the order says so. A video that is
/// shown must be whole in storage.
async fn look(stage: &Stage, caller: &Caller, order: &Order, job: &str) {
    let Some(every) = order.looks_every else { return };
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end && !stage.is_proven() {
        tokio::time::sleep(every).await;
        let path = format!("/v1/videos/{job}");
        let Some(told) = stage.ask(caller, Method::GET, &path, HeaderMap::new(), None).await else {
            continue;
        };
        match told.body["status"].as_str() {
            Some("completed") => {
                return video::check_shown(stage, caller, order, job, &told.body);
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
