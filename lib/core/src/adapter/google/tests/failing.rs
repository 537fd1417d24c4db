//! How an operation may have failed: by an error of gRPC's codes, or by a filter.

use super::*;

fn failed(operation: &Value) -> Failure {
    match google(None).checked(&given(), &reply(200, operation)) {
        Checked::Failed(failure) => failure,
        other => panic!("{operation}: {other:?}"),
    }
}

fn failure_of(error: &Value) -> Failure {
    failed(&json!({"name": OPERATION, "done": true, "error": error}))
}

fn failure_in(response: &Value) -> Failure {
    failed(&json!({"name": OPERATION, "done": true, "response": response}))
}

#[test]
fn a_code_of_a_passing_error_says_that_the_job_can_be_ordered_again() {
    for code in [1, 2, 4, 6, 8, 10, 13, 14, 15, 99] {
        let failure =
            failure_of(&json!({"code": code, "message": "Please try again in a few minutes."}));
        assert_eq!(
            (failure.code, failure.code.is_retryable()),
            (FailureCode::RenderFailed, true),
            "{code}"
        );
        assert!(
            failure.message.contains("ordered again") && !failure.code.is_the_callers(),
            "{failure:?}"
        );
        assert_eq!((failure.provider_code, failure.said.is_some()), (Some(code.to_string()), true));
    }
}

#[test]
fn a_code_of_a_wrong_order_is_a_refusal() {
    for code in [3, 11, 12] {
        let failure =
            failure_of(&json!({"code": code, "message": "duration is not one of 4, 6, 8"}));
        assert_eq!(failure.code, FailureCode::ProviderRefused, "{code}");
        assert_eq!(failure.message.contains("4, 6, 8"), code == 3, "{failure:?}");
    }
}

#[test]
fn a_code_of_the_operators_project_tells_callers_nothing_of_it() {
    for code in [5, 7, 9, 16] {
        let error = json!({"code": code, "message": "Permission 'storage.objects.create' denied on gs://acme-private/x \
            for service-1@gcp-sa-x.iam.gserviceaccount.com in project acme-prod"});
        let failure = failure_of(&error);
        assert_eq!(
            (failure.code, failure.code.is_retryable()),
            (FailureCode::ProviderUnavailable, true),
            "{code}"
        );
        assert!(
            !failure.message.contains("acme") && !failure.message.contains("ermission"),
            "{failure:?}"
        );
        assert!(
            failure.said_about(&[]).unwrap().contains("gs://acme-private/x"),
            "the log has it: {failure:?}"
        );
        assert!(
            google(None).refuses_our_account(&reply(200, &json!({"done": true, "error": error})))
        );
    }
}

#[test]
fn an_error_is_read_however_it_is_written() {
    for (error, code) in [
        (json!({"code": "13", "message": "x"}), FailureCode::RenderFailed),
        (json!({"code": "INTERNAL", "message": "x"}), FailureCode::RenderFailed),
        (json!({"status": "PERMISSION_DENIED"}), FailureCode::ProviderUnavailable),
        (json!({"code": 3.0, "message": "x"}), FailureCode::ProviderRefused),
        (json!({"message": "x"}), FailureCode::RenderFailed),
        (json!("x"), FailureCode::RenderFailed),
        (json!([{"code": 3, "message": "x"}]), FailureCode::ProviderRefused),
    ] {
        let failure = failure_of(&error);
        assert_eq!(failure.code, code, "{error}");
        let is_ours = failure.message.starts_with("Google does not serve this system");
        assert_eq!(is_ours, code == FailureCode::ProviderUnavailable, "{failure:?}");
    }
}

#[test]
fn a_message_says_more_than_its_code() {
    for (code, message) in [
        (3, "API key not valid. Please pass a valid API key."),
        (3, "The bucket acme-videos does not exist."),
        (3, "The storageUri is not valid in acme-prod"),
        (400, "GCS: acme-prod cannot be reached"),
    ] {
        let failure = failure_of(&json!({"code": code, "message": message}));
        assert_eq!(failure.code, FailureCode::ProviderUnavailable, "{message}");
        let begins = "Google does not serve this system";
        assert!(failure.message.starts_with(begins), "a sentence of ours: {failure:?}");
    }
    for (code, message, meaning) in [
        (3, "Blocked by our usage guidelines in gs://acme", FailureCode::ContentFiltered),
        (9, "Blocked. Support codes: 58061214", FailureCode::ContentFiltered),
        (13, "The safety filter had an internal error.", FailureCode::RenderFailed),
    ] {
        let failure = failure_of(&json!({"code": code, "message": message}));
        assert_eq!(failure.code, meaning, "{message}");
    }
}

#[test]
fn a_filter_is_told_from_a_refusal() {
    for message in [
        "The prompt could not be submitted. It violates our usage guidelines.",
        "Try rephrasing the prompt. If you think this was an error, send feedback. Support codes: 58061214",
        "This prompt contains words that violate Google's Responsible AI practices.",
    ] {
        let failure = failure_of(&json!({"code": 3, "message": message}));
        assert_eq!(
            (failure.code, failure.message.as_str()),
            (FailureCode::ContentFiltered, message)
        );
    }
}

#[test]
fn every_filtered_response_is_one() {
    for response in [
        json!({"raiMediaFilteredCount": 1}),
        json!({"raiMediaFilteredCount": "1", "videos": null}),
        json!({"raiMediaFilteredCount": 1.0, "raiMediaFilteredReasons": null}),
        json!({"rai_media_filtered_count": 1}),
        json!({"raiMediaFilteredReasons": ["a face"]}),
        json!({"raiMediaFilteredReasons": "a face"}),
        json!({"generateVideoResponse": {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["a face"]}}),
        json!({"predictResponse": {"raiMediaFilteredCount": 1}}),
        json!({"raiMediaFilteredReasons": [{"reason": "a face"}]}),
        json!({"raiMediaFilteredReasons": [{"message": "a face", "code": 58_061_214}]}),
        json!({"raiMediaFilteredReasons": [58_061_214]}),
        json!({"raiMediaFilteredReasons": 58_061_214}),
        json!({"raiMediaFilteredReasons": [{}]}),
        json!({"videos": [{"raiFilteredReason": "a face"}]}),
        json!({"generatedSamples": [{"video": {"rai_filtered_reason": {"reason": "a face"}}}]}),
        json!({"videos": [{"gcsUri": "https://evil.example/x"}], "raiMediaFilteredCount": 1}),
    ] {
        let failure = failure_in(&response);
        assert_eq!(failure.code, FailureCode::ContentFiltered, "{response}: {failure:?}");
        if response.to_string().contains("a face") {
            assert_eq!(failure.message, "a face", "{response}");
        } else {
            assert!(failure.message.contains("safety filters"), "{response}: {failure:?}");
        }
    }
}

#[test]
fn a_response_without_a_video_or_a_filter_has_no_output() {
    for response in [
        json!({"raiMediaFilteredCount": 0, "raiMediaFilteredReasons": [null]}),
        json!({"videos": [{}]}),
    ] {
        let failure = failure_in(&response);
        assert_eq!(failure.code, FailureCode::ProviderNoOutput, "{response}");
    }
}

#[test]
fn a_reason_of_a_filter_is_shown_without_its_addresses() {
    let hostile = json!({"raiMediaFilteredReasons": ["a face, see https://x.example/?k=1 or gs://acme/x for more words"]});
    assert_eq!(failure_in(&hostile).message, "a face, see […] or […] for more words");
}
