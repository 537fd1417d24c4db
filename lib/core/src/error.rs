//! The reasons for which a caller is refused, in the caller's words. `Display` is what the caller
//! reads, and it never names anything inside the system. Only `http` decides which HTTP status a
//! refusal has. The log reads another text: [`causes`].

use crate::account::HoldRefused;
use crate::foreign_text::printable;
use crate::money::Money;
use crate::status::Status;
use std::time::Duration;

/// The longest path, in characters, that a message shows. Our longest one, with an id in it, has
/// 60.
const LONGEST_PATH: usize = 100;

/// Any error that caused another.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A refusal that the caller can act on. When one is returned, no job was accepted, sent, ended or
/// deleted, and no money is held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request cannot be understood. The message names the field and what the field accepts.
    #[error("{0}")]
    InvalidRequest(String),
    #[error("send your API key in the header: Authorization: Bearer ghub_sk_live_…")]
    MissingApiKey,
    #[error(
        "this API key does not exist; check that it was copied whole: ghub_sk_live_ or ghub_sk_test_, and 32 characters"
    )]
    InvalidApiKey,
    #[error("this API key was revoked; use another key of your organization")]
    KeyRevoked,
    /// The balance, less what is held for open jobs, is 0 or below.
    #[error(
        "your balance is MXN {balance}, of which MXN {held} is held for jobs in progress; add at least MXN {missing} to submit a job"
    )]
    InsufficientBalance {
        /// The sum of all ledger entries.
        balance: Money,
        /// The sum of the costs of all open jobs.
        held: Money,
        /// The least amount that makes a submit possible.
        missing: Money,
    },
    /// The job would cost more than the caller's `max_cost`.
    #[error("max_cost: the job costs MXN {cost}, and may cost at most MXN {most}")]
    MaxCostExceeded {
        /// What the job would cost.
        cost: Money,
        /// What the caller accepts.
        most: Money,
    },
    #[error("your organization is suspended; contact support")]
    OrganizationSuspended,
    /// The operator set the limit of the sandbox to no jobs at all.
    #[error("the operator has closed this sandbox to new jobs; contact support")]
    SandboxClosed,
    /// The catalog has no such model, or the model cannot be used now.
    #[error("{0}")]
    ModelNotFound(String),
    /// This organization has no job with this id.
    #[error("no job with this id exists")]
    JobNotFound,
    #[error(transparent)]
    NotCancellable(#[from] NotCancellable),
    /// The job is still open. Only a completed or failed job can be deleted.
    #[error("the job is {status}, and only a completed or failed one can be deleted; cancel it, or wait until it has ended", status = .0.as_str())]
    JobNotFinal(Status),
    /// No route has this path.
    #[error(
        "nothing is here: {} {}; {}GET /v1/openapi.json lists what is", shown(.method), shown(.path), did_you_mean(.near.as_ref())
    )]
    NotFound {
        method: String,
        path: String,
        /// The method and path that the caller perhaps meant.
        near: Option<String>,
    },
    /// The path exists, but not with this method.
    #[error("{}{} answers {allow} only", did_you_mean(.near.as_ref()), shown(.path))]
    MethodNotAllowed {
        path: String,
        /// The methods of the path, separated by commas.
        allow: String,
        /// The method and path that the caller perhaps meant.
        near: Option<String>,
    },
    /// The idempotency key was already used for another request.
    #[error(
        "this Idempotency-Key was used with another request body in the last 24 hours; use a new key for a new request"
    )]
    IdempotencyConflict,
    /// The body is larger than any valid request.
    #[error("the body is larger than {limit_bytes} bytes")]
    RequestTooLarge { limit_bytes: usize },
    /// The key made more requests in a second than a key may.
    #[error("more than {most} requests a second came with this API key; wait, and ask less often")]
    TooManyRequests {
        /// The limit in requests per second.
        most: u32,
        /// The wait until the next request is accepted.
        again_in: Duration,
    },
    /// The address sent too many keys that do not exist.
    #[error("too many API keys that do not exist came from your address; wait, and check your key")]
    TooManyUnknownKeys {
        /// The wait until another key from this address is looked up.
        again_in: Duration,
    },
    /// The organization has as many open jobs as it may have.
    #[error(
        "{limit} jobs are in progress, as many as your organization may have at once; wait until one has finished"
    )]
    TooManyOpenJobs { limit: u32 },
    /// The organization has submitted as many sandbox jobs today as it may.
    #[error(
        "{limit} sandbox jobs were submitted today, as many as your organization may submit in a day; the count begins anew at 00:00 UTC"
    )]
    TooManyJobsToday {
        limit: u32,
        /// The wait until the next day begins in UTC.
        resets_in: Duration,
    },
}

/// Why a job cannot be cancelled, or not now. The job is unchanged, except for news that its
/// provider gave when it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCancellable {
    /// The job is completed, and charged unless it is a sandbox's.
    #[error("the job is completed already; DELETE /v1/videos/{{id}} deletes it")]
    Completed,
    #[error("the job has failed already, and costs nothing")]
    Failed,
    /// The video is rendered, so the provider has already charged us for it.
    #[error(
        "the video is rendered and is being stored; the job will be completed, and charged unless it is a sandbox's; DELETE \
         /v1/videos/{{id}} deletes it then"
    )]
    BeingStored,
    /// The provider is rendering, and accepts no cancellations.
    #[error(
        "{model} is being rendered by a provider whose operations cannot be stopped; the job goes on, and is charged when it \
         is completed"
    )]
    Unstoppable { model: String },
    /// The job is being sent to its provider. The outcome is known after this wait.
    #[error(
        "the job is being handed to its provider at this moment; nothing was changed, cancel it in a moment"
    )]
    BeingSubmitted(Duration),
    /// Another worker acts on the job, and did not finish while we could wait.
    #[error(
        "the job is being worked on at this moment; nothing was changed, cancel it again in a moment"
    )]
    Busy,
    /// The provider gave no answer, so the render may be finished or not.
    #[error(
        "the provider did not say whether the video is rendered, so nothing was changed: the job goes on, and is charged when it \
         is completed; cancel it again in a moment"
    )]
    NoAnswer,
}

impl NotCancellable {
    /// The wait before another attempt, if one can help. A provider that gives no answer is asked
    /// again at the shortest cadence in the catalog.
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
    /// The request is refused with this message, of the form `field: problem`.
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

/// A path as it was sent, made safe for a terminal.
fn shown(path: &str) -> String {
    printable(&path.chars().take(LONGEST_PATH).collect::<String>())
}

/// A text that a caller sent, cut so that a message can repeat it.
pub fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

/// An error with all its causes, on one line.
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
