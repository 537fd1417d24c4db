//! What each recorded reply means for the job, and so for the money:
//! <https://docs.fal.ai/model-apis/model-endpoints/queue>.

use super::*;
use crate::adapter::{Cancelled, Handle as ProviderHandle};
use crate::fixtures::kling;

const CONTENT_POLICY: &str = include_str!("../replies/content_policy_422.json");
const INVALID: &str = include_str!("../replies/invalid_422.json");
const PLAIN: &str = include_str!("../replies/plain_422.json");
const UNAUTHORIZED: &str = include_str!("../replies/unauthorized_401.json");
const LOCKED: &str = include_str!("../replies/locked_403.json");
const NO_RUNNER: &str = include_str!("../replies/runner_scheduling_failure_503.json");
const RUNNER_REFUSED: &str = include_str!("../replies/runner_connection_refused_503.json");
const RUNNER_LOST: &str = include_str!("../replies/runner_disconnected_503.json");
const TIMED_OUT: &str = include_str!("../replies/request_timeout_504.json");
const CANCELLED: &str = include_str!("../replies/client_cancelled_499.json");
const INTERNAL: &str = include_str!("../replies/internal_error_500.json");
const HTML: &str = "<!DOCTYPE html><title>Bad Gateway</title><h1>Bad Gateway</h1>";

fn content_policy() -> Failure {
    let message = "The content could not be processed because it contained material flagged by a content checker.";
    let failure = Failure::new(FailureCode::ContentFiltered, message).with_said(message);
    failure.with_provider_code("content_policy_violation")
}

fn invalid() -> Failure {
    let message =
        "duration: Input should be '5' or '10'; prompt: String should have at most 2500 characters";
    let said = "Input should be '5' or '10'; String should have at most 2500 characters";
    Failure::new(FailureCode::ProviderRefused, message)
        .with_provider_code("literal_error")
        .with_said(said)
}

fn plain() -> Failure {
    let message = "Unable to generate a video for: a hummingbird at dawn";
    Failure::new(FailureCode::ProviderRefused, message).with_said(message)
}

fn no_video(keys: &str) -> Checked {
    let failure =
        Failure::new(FailureCode::ProviderNoOutput, "fal finished the render and gave no video");
    Checked::Failed(failure.with_said(&format!("the result has: {keys}")))
}

fn trouble(text: &str) -> Checked {
    Checked::Trouble(format!("fal answered HTTP {text}"))
}

pub(super) fn result_read(reply: &Reply) -> Checked {
    fal().verdict(&of_fal(&kling_handle()), reply)
}

#[track_caller]
fn assert_submission_means(status: u16, body: &str, expected: Submitted) {
    let meaning = fal().submitted(kling().terms(), &reply(status, body));
    assert_eq!(meaning, expected, "{status} {body}");
}

#[test]
fn a_submission_that_fal_may_have_taken_is_accepted_or_unknown() {
    let accepted = || Submitted::Accepted(ProviderHandle::Fal(kling_handle()));
    assert_submission_means(200, SUBMITTED, accepted());
    assert_submission_means(202, SUBMITTED, accepted());
    for (status, body, said) in [
        // fal took it and we cannot say under which name.
        (200, include_str!("../replies/submitted_without_id.json"), "200"),
        (200, HTML, "200"),
        (200, "", "200"),
        (204, "", "204"),
        (301, "", "301"),
        // It may render: never sent again.
        (408, "", "408"),
        (409, "", "409"),
        (499, CANCELLED, "499 (client_cancelled)"),
        (500, INTERNAL, "500 (internal_error)"),
        (500, NO_RUNNER, "500 (runner_scheduling_failure)"),
        (502, HTML, "502"),
        (503, "", "503"),
        (503, HTML, "503"),
        (503, RUNNER_LOST, "503 (runner_disconnected)"),
        (503, RUNNER_REFUSED, "503 (runner_connection_refused)"),
        (504, TIMED_OUT, "504 (request_timeout)"),
        (520, HTML, "520"),
    ] {
        let unknown = Submitted::Unknown(format!("fal answered HTTP {said}"));
        assert_submission_means(status, body, unknown);
    }
}

#[test]
fn a_submission_that_fal_refuses_for_good_fails_the_job() {
    let without_cause = |status: u16| {
        let message = format!("fal refused the request (HTTP {status})");
        Failure::new(FailureCode::ProviderRefused, &message)
    };
    let no_model = |said: &str| {
        let failure = Failure::new(
            FailureCode::ProviderUnavailable,
            "fal does not have this model at present",
        );
        failure.with_said(&format!("fal answered HTTP {said}"))
    };
    for (status, body, failure) in [
        // The caller's request.
        (400, INVALID, invalid()),
        (400, HTML, without_cause(400)),
        (422, INVALID, invalid()),
        (422, PLAIN, plain()),
        (422, CONTENT_POLICY, content_policy()),
        (422, "", without_cause(422)),
        // The operator's route.
        (404, r#"{"detail": "Not Found"}"#, no_model("404: Not Found")),
        (404, "no such app", no_model("404: no such app")),
        (405, "", no_model("405")),
        (410, HTML, no_model("410")),
        // The model's own refusal, with a status that is our account's otherwise.
        (401, INVALID, invalid()),
        (402, CONTENT_POLICY, content_policy()),
        (403, CONTENT_POLICY, content_policy()),
    ] {
        assert_submission_means(status, body, Submitted::Refused(failure));
    }
}

/// The operator's account at fal, or its limits.
#[test]
fn a_submission_that_fal_cannot_take_now_was_not_taken() {
    for (status, body, said) in [
        (401, UNAUTHORIZED, "401"),
        (402, LOCKED, "402"),
        (403, LOCKED, "403"),
        (407, HTML, "407"),
        (429, r#"{"detail": "Too many requests"}"#, "429"),
        (429, HTML, "429"),
        (429, CONTENT_POLICY, "429"),
        (403, r#"{"errors": [{"code": 10000, "message": "Authentication error"}]}"#, "403"),
        (403, "Forbidden", "403"),
        (503, NO_RUNNER, "503 (runner_scheduling_failure)"),
    ] {
        let not_taken = Submitted::NotTaken(format!("fal answered HTTP {said}"));
        assert_submission_means(status, body, not_taken);
    }
}

#[test]
fn what_a_status_means() {
    let ask = || Checked::Ask(request(Method::Get, &kling_handle().response_url, None));
    for (status, body, expected) in [
        (202, include_str!("../replies/status_queued.json"), Checked::Queued),
        (200, include_str!("../replies/status_queued.json"), Checked::Queued),
        (202, include_str!("../replies/status_rendering.json"), Checked::Rendering),
        (200, COMPLETED, ask()),
        // It failed, and only the result is the verdict.
        (200, include_str!("../replies/status_completed_with_error.json"), ask()),
        // Only the result is the verdict on words that fal does not document.
        (200, r#"{"status": "FAILED"}"#, ask()),
        (200, r#"{"status": "ERROR"}"#, ask()),
        (200, r#"{"status": "CANCELLED"}"#, ask()),
        (200, r#"{"status": "completed"}"#, ask()),
        (200, r#"{"status": ""}"#, ask()),
        (202, r#"{"status": "in_queue"}"#, Checked::Queued),
        (202, r#"{"status": "in_progress"}"#, Checked::Rendering),
        (200, r#"{"status": 7}"#, trouble("200")),
        (200, "{}", trouble("200")),
        (200, HTML, trouble("200")),
        (301, "", trouble("301")),
        (401, UNAUTHORIZED, trouble("401")),
        (403, LOCKED, trouble("403")),
        (404, r#"{"detail": "Request not found"}"#, trouble("404")),
        (405, r#"{"detail": "Method Not Allowed"}"#, trouble("405")),
        (429, "", trouble("429")),
        (500, INTERNAL, trouble("500 (internal_error)")),
        (500, COMPLETED, trouble("500")),
        (503, HTML, trouble("503")),
        (504, TIMED_OUT, trouble("504 (request_timeout)")),
    ] {
        assert_eq!(
            fal().checked(&of_fal(&kling_handle()), &reply(status, body)),
            expected,
            "{status} {body}"
        );
    }
}

#[test]
fn what_a_result_means() {
    let result = include_str!("../replies/result.json");
    let done =
        Checked::Done { file_url: "https://v3b.fal.media/files/b/panda/output.mp4".to_owned() };
    for (status, body, expected) in [
        (200, result, done),
        (200, r#"{"video": null}"#, no_video("video")),
        (200, r#"{"video": {"content_type": "video/mp4"}}"#, no_video("video")),
        (200, r#"{"video": {"url": ""}, "seed": 7}"#, no_video("seed, video")),
        (200, "{}", no_video("")),
        (200, "[1]", no_video("a list of 1")),
        (200, INVALID, Checked::Failed(invalid())),
        // The model's verdict on this request.
        (422, CONTENT_POLICY, Checked::Failed(content_policy())),
        (422, INVALID, Checked::Failed(invalid())),
        (422, PLAIN, Checked::Failed(plain())),
        (400, INVALID, Checked::Failed(invalid())),
        // Our own wish, whose answer or record was lost.
        (499, CANCELLED, Checked::Failed(Failure::cancelled())),
        // No verdict: asked again until the deadline.
        (200, HTML, trouble("200")),
        (202, result, trouble("202")),
        (301, "", trouble("301")),
        (401, UNAUTHORIZED, trouble("401")),
        (402, LOCKED, trouble("402")),
        (403, LOCKED, trouble("403")),
        (408, "", trouble("408")),
        (422, HTML, trouble("422")),
        (429, "", trouble("429")),
        (429, INVALID, trouble("429")),
        (500, INTERNAL, trouble("500 (internal_error)")),
        (503, RUNNER_LOST, trouble("503 (runner_disconnected)")),
        (
            499,
            r#"{"detail": "gone", "error_type": "client_disconnected"}"#,
            trouble("499 (client_disconnected)"),
        ),
        (504, TIMED_OUT, trouble("504 (request_timeout)")),
        // The model renders still.
        (400, include_str!("../replies/in_progress_400.json"), Checked::Rendering),
        (400, r#"{"detail": "The request is still in the queue."}"#, Checked::Rendering),
        (200, r#"{"status": "IN_PROGRESS"}"#, Checked::Rendering),
        (200, include_str!("../replies/status_rendering.json"), Checked::Rendering),
        (200, r#"{"status": "in_queue", "queue_position": 1}"#, Checked::Queued),
        (202, include_str!("../replies/status_queued.json"), Checked::Queued),
        (202, r#"{"status": "IN_PROGRESS", "video": null}"#, Checked::Rendering),
        (202, r#"{"status": "FAILED"}"#, trouble("202")),
        (500, r#"{"status": "IN_PROGRESS"}"#, trouble("500")),
        (200, r#"{"status": "FAILED"}"#, no_video("status")),
        // A list is the model's own, with any status.
        (500, CONTENT_POLICY, Checked::Failed(content_policy())),
        (403, INVALID, Checked::Failed(invalid())),
        (404, CONTENT_POLICY, Checked::Failed(content_policy())),
    ] {
        assert_eq!(result_read(&reply(status, body)), expected, "{status} {body}");
    }
}

#[test]
fn what_the_answer_to_a_cancellation_means() {
    let trouble = |text: &str| Cancelled::Trouble(format!("fal answered HTTP {text}"));
    for (status, body, expected) in [
        (200, r#"{"status": "OK"}"#, Cancelled::Stopped),
        (202, r#"{"status": "CANCELLATION_REQUESTED"}"#, Cancelled::Asked),
        (400, r#"{"status": "ALREADY_COMPLETED"}"#, Cancelled::AlreadyDone),
        (404, r#"{"status": "NOT_FOUND"}"#, Cancelled::Unknown),
        (200, r#"{"status": "ok"}"#, Cancelled::Stopped),
        (202, r#"{"status": " Cancellation_Requested "}"#, Cancelled::Asked),
        (500, r#"{"status": "OK"}"#, trouble("500")),
        (400, r#"{"status": "OK"}"#, trouble("400")),
        (502, r#"{"status": "NOT_FOUND"}"#, trouble("502")),
        (503, r#"{"status": "ALREADY_COMPLETED"}"#, trouble("503")),
        // Older documentation has other codes for the same words.
        (200, r#"{"status": "ALREADY_COMPLETED"}"#, Cancelled::AlreadyDone),
        (200, "", trouble("200")),
        (200, r#"{"status": "CANCELED"}"#, trouble("200")),
        (401, UNAUTHORIZED, trouble("401")),
        (404, r#"{"detail": "Not Found"}"#, trouble("404")),
        (500, INTERNAL, trouble("500 (internal_error)")),
        (503, HTML, trouble("503")),
    ] {
        assert_eq!(fal().cancelled(&reply(status, body)), expected, "{status} {body}");
    }
}
