//! What AWS's refusals mean to an operator.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Credentials that are wrong, and not merely too weak.
const NOT_KNOWN: [&str; 7] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];
/// Credentials that may not do this.
const NOT_ALLOWED: [&str; 3] = ["AccessDenied", "AccessDeniedException", "AuthorizationError"];
/// What an emulator says to what it does not have.
const NOT_THERE: [&str; 2] = ["UnknownOperationException", "UnknownOperation"];

/// Two attempts of 3 s end within a check's time, so that it can say what happened; a third would
/// not.
pub fn once_more() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(2)
}

/// Why AWS did not answer a question.
pub enum Refusal {
    /// This service does not know the question: it is not AWS.
    Unknown,
    /// Anything else, in words, and what to do about it.
    Said(String, String),
}

/// Reads an error that is not about the thing asked for. `action` is the permission's name,
/// `endpoint` the address of the service if it is not AWS's own.
pub fn refusal<E: ProvideErrorMetadata>(
    error: &SdkError<E>,
    action: &str,
    endpoint: Option<&str>,
) -> Refusal {
    let Some(code) = error.as_service_error().and_then(ProvideErrorMetadata::code) else {
        return match endpoint {
            Some(endpoint) => Refusal::Said(
                format!("nothing answers at {endpoint}"),
                "If that is the local system, see whether `cargo local up` is running.".to_owned(),
            ),
            None => Refusal::Said(
                "AWS did not answer".to_owned(),
                "See whether this machine can reach AWS, and whether AWS_REGION is right."
                    .to_owned(),
            ),
        };
    };
    let advice = match code {
        code if NOT_THERE.contains(&code) => return Refusal::Unknown,
        code if NOT_KNOWN.contains(&code) => {
            "AWS does not know the credentials: eval \"$(aws configure export-credentials --format env)\" sets new \
             ones."
                .to_owned()
        }
        code if NOT_ALLOWED.contains(&code) => format!("Use credentials that may {action}, or give it to these."),
        _ => format!("AWS refused {action}; its documentation says what {code} means."),
    };
    Refusal::Said(format!("AWS refused: {code}"), advice)
}
