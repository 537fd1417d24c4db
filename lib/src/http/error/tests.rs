//! What callers see of each error: status, code, message and headers.

use super::*;
use crate::account::HoldRefused;
use crate::ambient::Ambient;
use crate::error::NotCancellable;
use crate::http::Call;
use crate::metrics::Metrics;
use crate::money::Money;
use crate::outbound::WireError;
use crate::status::Status;
use lambda_http::Request;
use serde_json::{Value, json};

/// Status, code, a part of the message, and `Retry-After`.
type Expected = (u16, &'static str, &'static str, Option<&'static str>);

fn mxn(text: &str) -> Money {
    text.parse().unwrap()
}

#[test]
fn a_request_that_is_wrong_is_told_why() {
    let no_model = Refusal::ModelNotFound("model: no".to_owned());
    let too_large = Refusal::RequestTooLarge { limit_bytes: 9 };
    let (method, path) = ("PUT".to_owned(), "/v1/x".to_owned());
    let no_path = Refusal::NotFound { method, path: path.clone(), near: None };
    let no_method = Refusal::MethodNotAllowed { path, allow: "POST".to_owned(), near: None };
    for (refusal, expected) in [
        (Refusal::invalid("duration: no"), (400, "invalid_request_error", "duration: no", None)),
        (no_model, (404, "model_not_found", "model: no", None)),
        (Refusal::JobNotFound, (404, "job_not_found", "no job with this id", None)),
        (no_path, (404, "not_found", "PUT /v1/x", None)),
        (no_method, (405, "method_not_allowed", "/v1/x", None)),
        (too_large, (413, "request_too_large", "9 bytes", None)),
    ] {
        assert_answer(refusal.into(), expected);
    }
}

#[test]
fn a_key_or_an_account_that_may_not_submit_is_told_why() {
    let poor = Refusal::InsufficientBalance {
        balance: mxn("1.00"),
        held: mxn("4.20"),
        missing: mxn("3.200001"),
    };
    let closed = HoldRefused::TooManyJobsToday { limit: 0, resets_in: Duration::from_secs(60) };
    for (refusal, expected) in [
        (Refusal::MissingApiKey, (401, "missing_api_key", "Authorization: Bearer", None)),
        (Refusal::InvalidApiKey, (401, "invalid_api_key", "does not exist", None)),
        (Refusal::KeyRevoked, (401, "key_revoked", "revoked", None)),
        (poor, (402, "insufficient_balance", "MXN 1.00, of which MXN 4.20 is held", None)),
        (Refusal::OrganizationSuspended, (403, "organization_suspended", "suspended", None)),
        (closed.into(), (403, "organization_suspended", "has closed this sandbox", None)),
    ] {
        assert_answer(refusal.into(), expected);
    }
}

#[test]
fn a_conflict_says_whether_a_repeat_can_help() {
    let code = "not_cancellable";
    let completed = "completed already; DELETE /v1/videos/{id}";
    let unstoppable = NotCancellable::Unstoppable { model: "google/veo-3".to_owned() };
    let being_submitted = NotCancellable::BeingSubmitted(Duration::from_secs(7));
    for (why, expected) in [
        (NotCancellable::Completed, (409, code, completed, None)),
        (NotCancellable::Failed, (409, code, "has failed already", None)),
        (NotCancellable::BeingStored, (409, code, "is being stored", None)),
        (unstoppable, (409, code, "google/veo-3 is", None)),
        (being_submitted, (409, code, "handed to its provider", Some("7"))),
        (NotCancellable::Busy, (409, code, "worked on", Some("2"))),
        (NotCancellable::NoAnswer, (409, code, "did not say", Some("10"))),
    ] {
        assert_answer(Refusal::from(why).into(), expected);
    }
    let another_body = (409, "idempotency_conflict", "another request body", None);
    assert_answer(Refusal::IdempotencyConflict.into(), another_body);
    let pending = (409, "job_not_final", "the job is pending", None);
    assert_answer(Refusal::JobNotFinal(Status::Pending).into(), pending);
}

#[test]
fn a_limit_says_when_to_come_again() {
    let code = "rate_limit_exceeded";
    let requests = Refusal::TooManyRequests { most: 50, again_in: Duration::from_millis(20) };
    let unknown_keys = Refusal::TooManyUnknownKeys { again_in: Duration::from_millis(1_001) };
    let today = HoldRefused::TooManyJobsToday { limit: 500, resets_in: Duration::from_secs(60) };
    for (refusal, expected) in [
        (requests, (429, code, "more than 50 requests a second", Some("1"))),
        (unknown_keys, (429, code, "do not exist came from your address", Some("2"))),
        (Refusal::TooManyOpenJobs { limit: 50 }, (429, code, "50 jobs", Some("10"))),
        (today.into(), (429, code, "500 sandbox jobs were submitted today", Some("60"))),
    ] {
        assert_answer(refusal.into(), expected);
    }
}

#[test]
fn an_error_of_ours_tells_nothing_of_the_inside() {
    let inside = || BoxError::from("arn:aws:dynamodb:secret");
    let lost = StorageError::Wire(WireError::Lost("https://secret".into()));
    let broken = StoreError::Broken(inside());
    let unavailable = StoreError::Unavailable(inside());
    for (error, expected) in [
        (broken.into(), (500, "internal_error", "on our side", None)),
        (Error::Internal(inside()), (500, "internal_error", "on our side", None)),
        (lost.into(), (503, "storage_unavailable", "send the DELETE again", Some("5"))),
        (unavailable.into(), (503, "service_unavailable", "send it again", Some("2"))),
        (
            Error::NotReady(inside()),
            (503, "service_unavailable", "nothing was accepted", Some("2")),
        ),
    ] {
        assert_answer(error, expected);
    }
}

fn assert_answer(error: Error, (status, code, says, retry_after): Expected) {
    let is_wrong_method = matches!(error, Error::Refused(Refusal::MethodNotAllowed { .. }));
    let request = Request::new(Body::Text(String::new()));
    let call = Call::open(&Ambient::system(), &Metrics::to(|_| {}), request);
    let response = call.close::<()>(Err(error));
    let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap());

    assert_eq!(response.status().as_u16(), status, "{code}");
    assert_eq!(header("content-type"), Some("application/json"), "{code}");
    assert_eq!(header("retry-after"), retry_after, "{code}");
    assert_eq!(header("allow"), is_wrong_method.then_some("POST"), "{code}");
    let challenge = (status == 401).then_some(match code {
        "missing_api_key" => r#"Bearer realm="GeekHub Video""#,
        _ => r#"Bearer realm="GeekHub Video", error="invalid_token""#,
    });
    assert_eq!(header("www-authenticate"), challenge, "{code}");
    let stop = (status == 409 && retry_after.is_none()).then_some("false");
    assert_eq!(header("x-should-retry"), stop, "{code}: a 409 is repeated where that can help");
    assert_eq!(header("x-geekhub-balance-mxn"), None, "{code}");

    let body: Value = serde_json::from_slice(response.body()).unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains(says) && !message.contains("secret"), "{code}: {message}");
    let id = header("x-request-id").unwrap();
    let envelope = json!({"message": message, "type": code, "code": code, "request_id": id});
    assert_eq!(body, json!({"error": envelope}), "{code}");
}
