//! Why a request is not answered with what it asked for, and what that is for HTTP: code, status,
//! message and headers.

use super::{Envelope, ErrorCode, insert, json_response, whole_seconds};
use crate::error::{BoxError, Refusal};
use crate::storage::StorageError;
use crate::store::StoreError;
use crate::terms::NoTerms;
use lambda_http::http::StatusCode;
use lambda_http::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use lambda_http::{Body, Response};
use std::time::Duration;

/// How long a caller should wait when our own store is overloaded: transactions on an account
/// settle within 2 s.
const STORE_RETRY: Duration = Duration::from_secs(2);
/// How long a caller should wait when storage did not do what was asked: a hiccup passes within
/// seconds.
const STORAGE_RETRY: Duration = Duration::from_secs(5);
/// How long a caller should wait when too many jobs are open: the shortest cadence in the catalog.
const OPEN_JOBS_RETRY: Duration = Duration::from_secs(10);

/// Why a request is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller can act on it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store gave no answer in time, or gave one that is wrong.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Where the videos are, when one is to be removed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Something of ours that passes was not there, and nothing was accepted.
    #[error("not ready")]
    NotReady(#[source] BoxError),
    /// Anything else of ours.
    #[error("internal error")]
    Internal(#[source] BoxError),
}

impl From<NoTerms> for Error {
    fn from(error: NoTerms) -> Self {
        match error {
            NoTerms::Refused(refusal) => refusal.into(),
            NoTerms::Overflow(overflow) => Self::Internal(overflow.into()),
        }
    }
}

impl Error {
    /// What the error is for HTTP: its code, which has a status, and how long to wait where waiting
    /// helps.
    pub(super) const fn code(&self) -> (ErrorCode, Option<Duration>) {
        match self {
            Self::Refused(refusal) => match refusal {
                Refusal::InvalidRequest(_) => (ErrorCode::InvalidRequestError, None),
                Refusal::MaxCostExceeded { .. } => (ErrorCode::MaxCostExceeded, None),
                Refusal::MissingApiKey => (ErrorCode::MissingApiKey, None),
                Refusal::InvalidApiKey => (ErrorCode::InvalidApiKey, None),
                Refusal::KeyRevoked => (ErrorCode::KeyRevoked, None),
                Refusal::InsufficientBalance { .. } => (ErrorCode::InsufficientBalance, None),
                Refusal::OrganizationSuspended | Refusal::SandboxClosed => {
                    (ErrorCode::OrganizationSuspended, None)
                }
                Refusal::ModelNotFound(_) => (ErrorCode::ModelNotFound, None),
                Refusal::JobNotFound => (ErrorCode::JobNotFound, None),
                Refusal::NotFound { .. } => (ErrorCode::NotFound, None),
                Refusal::MethodNotAllowed { .. } => (ErrorCode::MethodNotAllowed, None),
                Refusal::IdempotencyConflict => (ErrorCode::IdempotencyConflict, None),
                Refusal::NotCancellable(why) => (ErrorCode::NotCancellable, why.again_in()),
                Refusal::JobNotFinal(_) => (ErrorCode::JobNotFinal, None),
                Refusal::RequestTooLarge { .. } => (ErrorCode::RequestTooLarge, None),
                Refusal::TooManyRequests { again_in, .. }
                | Refusal::TooManyUnknownKeys { again_in } => {
                    (ErrorCode::RateLimitExceeded, Some(*again_in))
                }
                Refusal::TooManyOpenJobs { .. } => {
                    (ErrorCode::RateLimitExceeded, Some(OPEN_JOBS_RETRY))
                }
                Refusal::TooManyJobsToday { resets_in, .. } => {
                    (ErrorCode::RateLimitExceeded, Some(*resets_in))
                }
            },
            Self::Store(StoreError::Unavailable(_)) | Self::NotReady(_) => {
                (ErrorCode::ServiceUnavailable, Some(STORE_RETRY))
            }
            Self::Storage(_) => (ErrorCode::StorageUnavailable, Some(STORAGE_RETRY)),
            Self::Store(StoreError::Broken(_)) | Self::Internal(_) => {
                (ErrorCode::InternalError, None)
            }
        }
    }

    /// The answer: status, envelope and the headers that belong to the code.
    pub(super) fn response(&self, request_id: &str) -> Response<Body> {
        let (code, wait) = self.code();
        let message = match self {
            Self::Refused(refusal) => refusal.to_string(),
            Self::Store(StoreError::Unavailable(_)) => {
                "we are overloaded and could not take this request; send it again. A job that was stored all the same fails uncharged".to_owned()
            }
            Self::NotReady(_) => {
                "a part of ours is out of reach and nothing was accepted; send the request again".to_owned()
            }
            Self::Storage(_) => {
                "the job is hidden, but its video could not be removed from storage; send the DELETE again until it is answered with 200".to_owned()
            }
            Self::Store(StoreError::Broken(_)) | Self::Internal(_) => {
                "something is wrong on our side; tell support the request_id".to_owned()
            }
        };
        let mut response = json_response(code.status(), &Envelope::new(code, message, request_id));
        if let Some(wait) = wait {
            insert(response.headers_mut(), RETRY_AFTER.as_str(), &whole_seconds(wait));
        }
        if code.status() == StatusCode::CONFLICT && wait.is_none() {
            // OpenAI's SDKs send a 409 again unless told not to
            insert(response.headers_mut(), "x-should-retry", "false");
        }
        if let Self::Refused(Refusal::MethodNotAllowed { allow, .. }) = self {
            insert(response.headers_mut(), ALLOW.as_str(), allow);
        }
        if let Some(challenge) = challenge(code) {
            insert(response.headers_mut(), WWW_AUTHENTICATE.as_str(), challenge);
        }
        response
    }
}

/// What a 401 says of the key that it wants (RFC 6750, section 3): nothing more where none was
/// sent.
fn challenge(code: ErrorCode) -> Option<&'static str> {
    let sent = !matches!(code, ErrorCode::MissingApiKey);
    (code.status() == StatusCode::UNAUTHORIZED).then_some(if sent {
        r#"Bearer realm="GeekHub Video", error="invalid_token""#
    } else {
        r#"Bearer realm="GeekHub Video""#
    })
}

#[cfg(test)]
mod tests;
