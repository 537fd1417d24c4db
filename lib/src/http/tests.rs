//! What callers see: statuses, headers, the envelope, the ten fields.

use super::*;
use crate::account::HoldRefused;
use crate::error::NotCancellable;
use crate::fixtures::in_state;
use crate::outbound::WireError;
use crate::status::Status;
use serde_json::json;

fn call(body: &str) -> Call {
    Call::open(&Ambient::system(), &Metrics::to(|_| {}), Request::new(Body::Text(body.to_owned())))
}

fn header<'r>(response: &'r Response<Body>, name: &str) -> Option<&'r str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

fn text(response: &Response<Body>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn mxn(text: &str) -> Money {
    text.parse().unwrap()
}

#[test]
fn each_error_has_its_status_and_the_envelope() {
    let (method, path) = ("PUT".to_owned(), "/v1/x".to_owned());
    let poor = Refusal::InsufficientBalance {
        balance: mxn("1.00"),
        held: mxn("4.20"),
        missing: mxn("3.200001"),
    };
    let inside = || BoxError::from("arn:aws:dynamodb:secret");
    let lost = StorageError::Wire(WireError::Lost("https://secret".into()));
    let not = |why: NotCancellable| Error::from(Refusal::from(why));
    let seconds = Duration::from_secs;
    let today =
        |limit| Refusal::from(HoldRefused::TooManyJobsToday { limit, resets_in: seconds(60) });
    for (error, status, code, says, retry_after) in [
        (
            Refusal::invalid("duration: no").into(),
            400,
            "invalid_request_error",
            "duration: no",
            None,
        ),
        (Refusal::MissingApiKey.into(), 401, "missing_api_key", "Authorization: Bearer", None),
        (Refusal::InvalidApiKey.into(), 401, "invalid_api_key", "does not exist", None),
        (Refusal::KeyRevoked.into(), 401, "key_revoked", "revoked", None),
        (poor.into(), 402, "insufficient_balance", "MXN 1.00, of which MXN 4.20 is held", None),
        (Refusal::OrganizationSuspended.into(), 403, "organization_suspended", "suspended", None),
        (today(0).into(), 403, "organization_suspended", "has closed this sandbox", None),
        (
            today(500).into(),
            429,
            "rate_limit_exceeded",
            "500 sandbox jobs were submitted today",
            Some("60"),
        ),
        (
            Refusal::ModelNotFound("model: no".to_owned()).into(),
            404,
            "model_not_found",
            "model: no",
            None,
        ),
        (Refusal::JobNotFound.into(), 404, "job_not_found", "no job with this id", None),
        (
            Refusal::NotFound { method, path: path.clone(), near: None }.into(),
            404,
            "not_found",
            "PUT /v1/x",
            None,
        ),
        (
            Refusal::MethodNotAllowed { path, allow: "POST".to_owned(), near: None }.into(),
            405,
            "method_not_allowed",
            "/v1/x",
            None,
        ),
        (
            Refusal::IdempotencyConflict.into(),
            409,
            "idempotency_conflict",
            "another request body",
            None,
        ),
        (
            not(NotCancellable::Completed),
            409,
            "not_cancellable",
            "completed already; DELETE /v1/videos/{id}",
            None,
        ),
        (not(NotCancellable::Failed), 409, "not_cancellable", "has failed already", None),
        (not(NotCancellable::BeingStored), 409, "not_cancellable", "is being stored", None),
        (
            not(NotCancellable::Unstoppable { model: "google/veo-3".to_owned() }),
            409,
            "not_cancellable",
            "google/veo-3 is",
            None,
        ),
        (
            not(NotCancellable::BeingSubmitted(seconds(7))),
            409,
            "not_cancellable",
            "handed to its provider",
            Some("7"),
        ),
        (not(NotCancellable::Busy), 409, "not_cancellable", "worked on", Some("2")),
        (not(NotCancellable::NoAnswer), 409, "not_cancellable", "did not say", Some("10")),
        (
            Refusal::JobNotFinal(Status::Pending).into(),
            409,
            "job_not_final",
            "the job is pending",
            None,
        ),
        (
            Refusal::RequestTooLarge { limit_bytes: 9 }.into(),
            413,
            "request_too_large",
            "9 bytes",
            None,
        ),
        (
            Refusal::TooManyRequests { most: 50, again_in: Duration::from_millis(20) }.into(),
            429,
            "rate_limit_exceeded",
            "more than 50 requests a second",
            Some("1"),
        ),
        (
            Refusal::TooManyUnknownKeys { again_in: Duration::from_millis(1_001) }.into(),
            429,
            "rate_limit_exceeded",
            "do not exist came from your address",
            Some("2"),
        ),
        (
            Refusal::TooManyOpenJobs { limit: 50 }.into(),
            429,
            "rate_limit_exceeded",
            "50 jobs",
            Some("10"),
        ),
        (StoreError::Broken(inside()).into(), 500, "internal_error", "on our side", None),
        (Error::Internal(inside()), 500, "internal_error", "on our side", None),
        (lost.into(), 503, "storage_unavailable", "send the DELETE again", Some("5")),
        (
            StoreError::Unavailable(inside()).into(),
            503,
            "service_unavailable",
            "send it again",
            Some("2"),
        ),
    ] {
        let allow =
            matches!(&error, Error::Refused(Refusal::MethodNotAllowed { .. })).then_some("POST");
        let response = call("").close::<()>(Err(error));
        assert_eq!(response.status().as_u16(), status, "{code}");
        assert_eq!(header(&response, "content-type"), Some("application/json"), "{code}");
        assert_eq!(header(&response, "retry-after"), retry_after, "{code}");
        assert_eq!(header(&response, "allow"), allow, "{code}");
        let challenge = (status == 401).then_some(match code {
            "missing_api_key" => r#"Bearer realm="GeekHub Video""#,
            _ => r#"Bearer realm="GeekHub Video", error="invalid_token""#,
        });
        assert_eq!(header(&response, "www-authenticate"), challenge, "{code}");
        let stop = (status == 409 && retry_after.is_none()).then_some("false");
        assert_eq!(
            header(&response, "x-should-retry"),
            stop,
            "{code}: a 409 is repeated where that can help"
        );
        assert_eq!(header(&response, "x-geekhub-balance-mxn"), None, "{code}");

        let body: Value = serde_json::from_str(text(&response)).unwrap();
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(says) && !message.contains("secret"), "{code}: {message}");
        let id = header(&response, "x-request-id").unwrap();
        let envelope = json!({"message": message, "type": code, "code": code, "request_id": id});
        assert_eq!(body, json!({"error": envelope}), "{code}");
    }
}

#[test]
fn every_response_has_its_own_request_id_and_shows_the_balance_that_is_known() {
    let ids = [(); 2].map(|()| {
        let mut call = call("");
        call.balance = Some(mxn("-4.2"));
        let response = call.close(Ok(json!({})));
        assert_eq!(header(&response, "x-geekhub-balance-mxn"), Some("-4.20"));
        header(&response, "x-request-id").unwrap().to_owned()
    });
    let hex = |id: &str| {
        id.strip_prefix("req_").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    assert!(ids.iter().all(|id| id.len() == 28 && hex(id)) && ids[0] != ids[1], "{ids:?}");
}

#[test]
fn a_job_is_shown_with_its_fields_in_their_order() {
    for (state, status, video_url, error, completed) in [
        ("pending", "pending", "null", "null", "null"),
        ("leased", "pending", "null", "null", "null"),
        ("queued", "processing", "null", "null", "null"),
        ("uploading", "processing", "null", "null", "null"),
        (
            "completed",
            "completed",
            r#""https://storage.test/storage/v1/object/public/generated-videos/o/j/video.mp4""#,
            "null",
            "1782415406",
        ),
        ("failed", "failed", "null", r#""No.""#, "1782415406"),
    ] {
        let begins = format!(
            r#"{{"id":"0197a001-0000-7000-8000-00000000000d","object":"video.job","status":"{status}","model":"fal/kling-2","prompt":"a hummingbird at dawn","video_url":{video_url},"duration":5,"error":{error},"created":1782415166,"completed":{completed},"billing":{{"status":""#
        );
        let response = call("").close(Ok(VideoJob::from(&in_state(state))));
        assert_eq!(response.status(), StatusCode::OK);
        assert!(text(&response).starts_with(&begins), "{state}: {}", text(&response));
        let detail = if state == "failed" {
            r#""error_detail":{"code":"content_filtered","retryable":false,"provider_code":"content_policy_violation"},"cancel_requested":null}"#
        } else {
            r#""error_detail":null,"cancel_requested":null}"#
        };
        assert!(text(&response).ends_with(detail), "{state}: {}", text(&response));
    }
}
