//! The error envelope: what a caller is told of an error, and the codes that programs read.

use lambda_http::http::StatusCode;
use serde::Serialize;
use strum::{IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// What an error is, for programs. None is renamed; more may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ErrorCode {
    /// The request is not one that can be understood.
    InvalidRequestError,
    /// The job would cost more than the caller accepts.
    MaxCostExceeded,
    /// No key was sent.
    MissingApiKey,
    /// There is no such key.
    InvalidApiKey,
    /// The key was revoked.
    KeyRevoked,
    /// Nothing is left to spend.
    InsufficientBalance,
    /// The operator suspended the organization.
    OrganizationSuspended,
    /// No such model, or none that can be used now.
    ModelNotFound,
    /// No such job for this organization.
    JobNotFound,
    /// The API has no such path.
    NotFound,
    /// The path has other methods.
    MethodNotAllowed,
    /// The idempotency key was used for another request.
    IdempotencyConflict,
    /// The job cannot be cancelled, or not now.
    NotCancellable,
    /// The job is not over.
    JobNotFinal,
    /// The body is larger than any valid request.
    RequestTooLarge,
    /// Too many requests a second, open jobs, or sandbox jobs today.
    RateLimitExceeded,
    /// Something is wrong on our side.
    InternalError,
    /// Our store is overloaded or out of reach.
    ServiceUnavailable,
    /// Where the videos are is overloaded or out of reach.
    StorageUnavailable,
}

impl ErrorCode {
    /// All codes, by their status.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The word that callers read as `type` and `code`.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// The status that it is sent with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequestError | Self::MaxCostExceeded => StatusCode::BAD_REQUEST,
            Self::MissingApiKey | Self::InvalidApiKey | Self::KeyRevoked => {
                StatusCode::UNAUTHORIZED
            }
            Self::InsufficientBalance => StatusCode::PAYMENT_REQUIRED,
            Self::OrganizationSuspended => StatusCode::FORBIDDEN,
            Self::ModelNotFound | Self::JobNotFound | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::IdempotencyConflict | Self::NotCancellable | Self::JobNotFinal => {
                StatusCode::CONFLICT
            }
            Self::RequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RateLimitExceeded => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ServiceUnavailable | Self::StorageUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Every error has this body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Error)]
pub struct Envelope {
    pub error: ErrorBody,
}

/// What a caller is told, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorBody {
    /// For people: what was wrong, and what would be right.
    pub message: String,
    /// The same as `code`.
    #[serde(rename = "type")]
    pub kind: ErrorCode,
    /// The kind of error, for programs: one of the words listed.
    pub code: ErrorCode,
    /// Tell support; the same as the header `x-request-id`.
    #[schema(pattern = "^req_[0-9a-f]{24}$")]
    pub request_id: String,
}

impl Envelope {
    /// An error of this code.
    pub fn new(code: ErrorCode, message: String, request_id: &str) -> Self {
        Self { error: ErrorBody { message, kind: code, code, request_id: request_id.to_owned() } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_as_it_is_called() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
