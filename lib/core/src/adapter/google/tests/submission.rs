//! What the answer to a submission means.

use super::*;

fn submitted(status: u16, body: &Value) -> Submitted {
    google(None).submitted(&veo(), &reply(status, body))
}

#[track_caller]
fn refused(status: u16, body: &Value) -> Failure {
    match submitted(status, body) {
        Submitted::Refused(failure) => failure,
        other => panic!("{status} {body}: {other:?}"),
    }
}

fn error(code: u16, status: &str) -> Value {
    json!({"error": {"code": code, "message": "said Google", "status": status}})
}

#[test]
fn a_submission_that_google_may_have_taken_is_accepted_or_unknown() {
    for body in [
        json!({"name": OPERATION}),
        json!([{"name": OPERATION}]),
        json!({"name": OPERATION, "done": 7, "metadata": "x", "error": {}}),
    ] {
        let accepted = Submitted::Accepted(ProviderHandle::Google(handle()));
        assert_eq!(submitted(200, &body), accepted, "it is not lost for an odd field");
    }
    for status in [204, 301, 408, 409, 499, 500, 502, 503, 504] {
        let meaning = submitted(status, &error(status, "X"));
        assert!(matches!(meaning, Submitted::Unknown(_)), "{status}");
    }
    for body in [json!({}), json!({"name": ""}), json!({"name": "operations/7"}), json!("text")] {
        assert!(matches!(submitted(200, &body), Submitted::Unknown(_)), "{body}");
    }
}

/// What Google wants changed in the operator's project, and what passes, is no refusal of the
/// order.
#[test]
fn a_submission_that_google_cannot_take_now_was_not_taken() {
    for status in [401, 402, 403, 429] {
        let meaning = submitted(status, &error(status, "X"));
        assert!(matches!(meaning, Submitted::NotTaken(_)), "{status}");
    }
    for word in ["FAILED_PRECONDITION", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"] {
        let meaning = submitted(400, &error(400, word));
        assert!(matches!(meaning, Submitted::NotTaken(_)), "{word}");
    }
    for (status, error) in
        [(412, "bad"), (400, "The bucket acme does not exist"), (422, "billing is off")]
    {
        let meaning = submitted(status, &json!({"error": error}));
        assert!(matches!(meaning, Submitted::NotTaken(_)), "{status} {error}: {meaning:?}");
    }
}

#[test]
fn a_submission_that_google_refuses_for_good_fails_the_job() {
    let cause = Failure::new(FailureCode::ProviderRefused, "said Google")
        .with_provider_code("INVALID_ARGUMENT")
        .with_said("said Google");
    let body = error(400, "INVALID_ARGUMENT");
    assert_eq!(refused(400, &body), cause);
    assert_eq!(refused(400, &json!([body])), cause, "a list is read");
    for status in [404, 405, 410] {
        let failure = refused(status, &error(status, "NOT_FOUND"));
        assert_eq!(failure.code, FailureCode::ProviderUnavailable);
    }
    let message = "Google refused the request (HTTP 400)";
    let without_cause = Failure::new(FailureCode::ProviderRefused, message).with_said("\"text\"");
    assert_eq!(refused(400, &json!("text")), without_cause);
    let message = "violates our usage guidelines. Support codes: 58061214";
    let filtered = refused(400, &json!({"error": {"code": 400, "message": message}}));
    assert_eq!(filtered.code, FailureCode::ContentFiltered);
}

#[test]
fn without_a_code_of_grpcs_the_http_status_tells_whose_fault_it_is() {
    for status in [400, 413, 422, 451] {
        for error in
            [json!("bad"), json!({"message": "bad"}), json!({"message": "bad", "code": status})]
        {
            let failure = refused(status, &json!({"error": error}));
            let told = (failure.code, failure.message.as_str());
            assert_eq!(told, (FailureCode::ProviderRefused, "bad"), "{status} {error}");
        }
    }
}
