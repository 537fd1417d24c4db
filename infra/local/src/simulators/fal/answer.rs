//! The shapes of fal's answers that are not a model's: refusals at the door, and the headers on
//! everything.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::faults::Then;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-fal-request-id");
pub(super) const ERROR_TYPE: HeaderName = HeaderName::from_static("x-fal-error-type");
pub(super) const RETRYABLE: HeaderName = HeaderName::from_static("x-fal-retryable");

/// A JSON answer that belongs to a request.
pub(super) fn about(request_id: &str, status: StatusCode, body: Value) -> Response {
    with_header((status, Json(body)).into_response(), REQUEST_ID, request_id)
}

/// A flat error of the infrastructure, for a fault: its type is in the body and in a header.
pub fn flat_error(status: u16, error_type: &str, detail: &str) -> Then {
    let body = json!({"detail": detail, "error_type": error_type}).to_string();
    let headers = [(CONTENT_TYPE, "application/json"), (ERROR_TYPE, error_type)];
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_owned()));
    Then::Answer { status, headers: headers.into(), body }
}

/// An error that only says `detail`.
pub(super) fn plain(status: StatusCode, detail: impl ToString) -> Response {
    (status, Json(json!({"detail": detail.to_string()}))).into_response()
}

/// The input was wrong, or the model refused.
pub(super) fn unprocessable(problems: Vec<Value>) -> Response {
    let answer =
        (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"detail": problems}))).into_response();
    with_header(answer, RETRYABLE, "false")
}

/// Sets a header unless its value is not one that HTTP can carry.
pub(super) fn with_header(mut answer: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
    answer
}

/// Whether a submission lets fal render a failed request again by itself, which it does up to ten
/// times.
pub(super) fn may_try_again(headers: &HeaderMap) -> bool {
    let word = headers.get("x-fal-no-retry").and_then(|value| value.to_str().ok());
    !word.is_some_and(|word| matches!(word, "1" | "true" | "yes"))
}

/// Lets the one key in, whose scheme is `Key` and not `Bearer`.
#[expect(clippy::result_large_err, reason = "the refusal is the answer, made once per request")]
pub(super) fn admit(headers: &HeaderMap, key: &str) -> Result<(), Response> {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match given.and_then(|value| value.strip_prefix("Key ")) {
        Some(given) if given.trim() == key => Ok(()),
        Some(_) => Err(plain(StatusCode::UNAUTHORIZED, "No user found for Key ID and Secret")),
        None => Err(plain(
            StatusCode::UNAUTHORIZED,
            "Authentication is required to access this application.",
        )),
    }
}
