//! What a caller can be refused for, in the caller's words. `Display` is what the caller reads; it never names anything of the
//! inside. Which HTTP status each one has is decided in `http` alone. What the log reads is another text: [`causes`].

use crate::account::HoldRefused;
use crate::money::Money;

/// A refusal that the caller can act on. Nothing was stored, held or sent when one is returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is not one that can be understood; the message names the field and what it accepts.
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
    /// No such model, or none that can be used now.
    #[error("{0}")]
    ModelNotFound(String),
    /// No such job for this organization.
    #[error("no job with this id exists")]
    JobNotFound,
    /// No such path.
    #[error("nothing is here: {method} {path}; GET /v1/openapi.json lists what is")]
    NotFound {
        /// As it was sent.
        method: String,
        /// As it was sent.
        path: String,
    },
    /// The path exists, with other methods.
    #[error("{path} answers {allow} only")]
    MethodNotAllowed {
        /// As it was sent.
        path: String,
        /// The methods that it has, separated by commas.
        allow: String,
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
    /// As many jobs are open as the organization may have at once.
    #[error("{limit} jobs are in progress, as many as your organization may have at once; wait until one has finished")]
    TooManyOpenJobs {
        /// That many.
        limit: u32,
    },
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
        }
    }
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
