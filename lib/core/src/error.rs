//! What a caller can be refused for, in the caller's words. `Display` is what the caller reads; it
//! never names anything of the inside. Which HTTP status each one has is decided in `http` alone.
//! What the log reads is another text: [`causes`].

use crate::account::HoldRefused;
use crate::foreign_text::printable;
use crate::money::Money;
use crate::status::Status;
use std::time::Duration;

/// A path is shown up to here. The longest of ours, with an id in it, has 60 characters.
const LONGEST_PATH: usize = 100;

/// Any error that caused another.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A refusal that the caller can act on. No job was accepted, held for, sent, ended or deleted when
/// one is returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is not one that can be understood; the message names the field and what it
    /// accepts.
    #[error("{0}")]
    InvalidRequest(String),
    /// No bearer key was sent.
    #[error("send your API key in the header: Authorization: Bearer ghub_sk_live_…")]
    MissingApiKey,
    /// The key is not one of ours.
    #[error(
        "this API key does not exist; check that it was copied whole: ghub_sk_live_ or ghub_sk_test_, and 32 characters"
    )]
    InvalidApiKey,
    /// The key was ours.
    #[error("this API key was revoked; use another key of your organization")]
    KeyRevoked,
    /// Nothing is available to spend.
    #[error(
        "your balance is MXN {balance}, of which MXN {held} is held for jobs in progress; add at least MXN {missing} to submit a job"
    )]
    InsufficientBalance {
        /// The ledger's sum.
        balance: Money,
        /// What open jobs will cost.
        held: Money,
        /// The least that makes a submit possible.
        missing: Money,
    },
    /// The operator suspended the organization.
    #[error("your organization is suspended; contact support")]
    OrganizationSuspended,
    /// The operator lets the sandbox submit no jobs at all.
    #[error("the operator has closed this sandbox to new jobs; contact support")]
    SandboxClosed,
    /// No such model, or none that can be used now.
    #[error("{0}")]
    ModelNotFound(String),
    /// No such job for this organization.
    #[error("no job with this id exists")]
    JobNotFound,
    /// The job cannot be cancelled, or not now.
    #[error(transparent)]
    NotCancellable(#[from] NotCancellable),
    /// Only what is over can be deleted.
    #[error("the job is {status}, and only a completed or failed one can be deleted; cancel it, or wait until it has ended", status = .0.as_str())]
    JobNotFinal(Status),
    /// No such path.
    #[error(
        "nothing is here: {} {}; {}GET /v1/openapi.json lists what is", shown(.method), shown(.path), did_you_mean(.near.as_ref())
    )]
    NotFound {
        /// As it was sent.
        method: String,
        /// As it was sent.
        path: String,
        /// Method and path of what was perhaps meant.
        near: Option<String>,
    },
    /// The path exists, with other methods.
    #[error("{}{} answers {allow} only", did_you_mean(.near.as_ref()), shown(.path))]
    MethodNotAllowed {
        /// As it was sent.
        path: String,
        /// The methods that it has, separated by commas.
        allow: String,
        /// Method and path of what was perhaps meant.
        near: Option<String>,
    },
    /// The idempotency key was used for another request.
    #[error(
        "this Idempotency-Key was used with another request body in the last 24 hours; use a new key for a new request"
    )]
    IdempotencyConflict,
    /// The body is larger than any valid request.
    #[error("the body is larger than {limit_bytes} bytes")]
    RequestTooLarge {
        /// The most that is read.
        limit_bytes: usize,
    },
    /// The key made more requests than it may.
    #[error("more than {most} requests a second came with this API key; wait, and ask less often")]
    TooManyRequests {
        /// That many.
        most: u32,
        /// When there is room for one.
        again_in: Duration,
    },
    /// The address sent more keys that are none than it may.
    #[error("too many API keys that do not exist came from your address; wait, and check your key")]
    TooManyUnknownKeys {
        /// When another one is looked up.
        again_in: Duration,
    },
    /// As many jobs are open as the organization may have at once.
    #[error(
        "{limit} jobs are in progress, as many as your organization may have at once; wait until one has finished"
    )]
    TooManyOpenJobs {
        /// That many.
        limit: u32,
    },
    /// As many sandbox jobs were submitted today as may be.
    #[error(
        "{limit} sandbox jobs were submitted today, as many as your organization may submit in a day; the count begins anew at 00:00 UTC"
    )]
    TooManyJobsToday {
        /// That many.
        limit: u32,
        /// When the next day begins.
        resets_in: Duration,
    },
}

/// Why a job cannot be cancelled, or not now. It is as it was, but for what its provider may have
/// said of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCancellable {
    /// It is done, and charged unless it is a sandbox's.
    #[error("the job is completed already; DELETE /v1/videos/{{id}} deletes it")]
    Completed,
    /// It is over.
    #[error("the job has failed already, and costs nothing")]
    Failed,
    /// Its render is done, and so is what it cost us.
    #[error(
        "the video is rendered and is being stored; the job will be completed, and charged unless it is a sandbox's; DELETE \
         /v1/videos/{{id}} deletes it then"
    )]
    BeingStored,
    /// Its provider renders, and takes no cancellations.
    #[error(
        "{model} is being rendered by a provider whose operations cannot be stopped; the job goes on, and is charged when it \
         is completed"
    )]
    Unstoppable {
        /// The catalog id.
        model: String,
    },
    /// A submission is on its way. What comes of it is known within this time.
    #[error(
        "the job is being handed to its provider at this moment; nothing was changed, cancel it in a moment"
    )]
    BeingSubmitted(Duration),
    /// Somebody else acts on it, and did so as long as could be waited for.
    #[error(
        "the job is being worked on at this moment; nothing was changed, cancel it again in a moment"
    )]
    Busy,
    /// There may be a finished render, or none.
    #[error(
        "the provider did not say whether the video is rendered, so nothing was changed: the job goes on, and is charged when it \
         is completed; cancel it again in a moment"
    )]
    NoAnswer,
}

impl NotCancellable {
    /// When to try again, where that can help. A provider that gives no answer is asked again at
    /// the shortest cadence in the catalog.
    pub const fn again_in(&self) -> Option<Duration> {
        match self {
            Self::Completed | Self::Failed | Self::BeingStored | Self::Unstoppable { .. } => None,
            Self::BeingSubmitted(wait) => Some(*wait),
            Self::Busy => Some(Duration::from_secs(2)),
            Self::NoAnswer => Some(Duration::from_secs(10)),
        }
    }
}

impl Refusal {
    /// A request whose `field: problem` is told to the caller.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidRequest(message.into())
    }
}

impl From<HoldRefused> for Refusal {
    fn from(refused: HoldRefused) -> Self {
        match refused {
            HoldRefused::Suspended => Self::OrganizationSuspended,
            HoldRefused::InsufficientBalance { balance, held, missing } => {
                Self::InsufficientBalance { balance, held, missing }
            }
            HoldRefused::TooManyOpenJobs { limit } => Self::TooManyOpenJobs { limit },
            HoldRefused::TooManyJobsToday { limit: 0, .. } => Self::SandboxClosed,
            HoldRefused::TooManyJobsToday { limit, resets_in } => {
                Self::TooManyJobsToday { limit, resets_in }
            }
        }
    }
}

fn did_you_mean(near: Option<&String>) -> String {
    near.map(|near| format!("did you mean {}? ", shown(near))).unwrap_or_default()
}

/// A path as it was sent, which may be in a terminal soon.
fn shown(path: &str) -> String {
    printable(&path.chars().take(LONGEST_PATH).collect::<String>())
}

/// What a caller sent, short enough to be repeated in a message.
pub fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

/// An error and everything behind it, on one line.
pub fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        next = cause.source();
    }
    line
}
