//! Explains AWS's refusals to an operator.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Error codes for wrong credentials. These are not credentials that only lack a permission.
const NOT_KNOWN: [&str; 7] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];
/// Error codes for credentials that lack a permission.
const NOT_ALLOWED: [&str; 3] = ["AccessDenied", "AccessDeniedException", "AuthorizationError"];
/// Error codes of an emulator for an operation that it does not have.
const NOT_THERE: [&str; 2] = ["UnknownOperationException", "UnknownOperation"];

/// Two attempts of 3 s fit into the time of a check, so that it can say what happened. A third
/// would not fit.
pub fn once_more() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(2)
}

/// Why AWS did not answer a question.
pub enum Refusal {
    /// This service does not know the operation, so it is not AWS.
    Unknown,
    /// Any other reason, in words, and what to do about it.
    Said(String, String),
}

/// Reads an error that is not about the thing that was asked for. `action` is the name of the
/// permission. `endpoint` is the address of the service if it is not AWS's own.
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
