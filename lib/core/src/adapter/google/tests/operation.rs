//! Every way in which an operation may be written, and how it may have ended.

use super::*;

fn failure_of(error: &Value) -> Failure {
    let operation = json!({"name": OPERATION, "done": true, "error": error});
    match google(None).checked(&given(), &reply(200, &operation)) {
        Checked::Failed(failure) => failure,
        other => panic!("{error}: {other:?}"),
    }
}

#[test]
fn each_of_grpcs_codes_has_its_meaning() {
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
    for code in [3, 11, 12] {
        let failure =
            failure_of(&json!({"code": code, "message": "duration is not one of 4, 6, 8"}));
        assert_eq!(failure.code, FailureCode::ProviderRefused, "{code}");
        assert_eq!(failure.message.contains("4, 6, 8"), code == 3, "{failure:?}");
    }
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
            failure.said_about("").unwrap().contains("gs://acme-private/x"),
            "the log has it: {failure:?}"
        );
        assert!(
            google(None).refuses_our_account(&reply(200, &json!({"done": true, "error": error})))
        );
    }
    for (error, code) in [
        (json!({"code": "13", "message": "x"}), FailureCode::RenderFailed),
        (json!({"code": "INTERNAL", "message": "x"}), FailureCode::RenderFailed),
        (json!({"status": "PERMISSION_DENIED"}), FailureCode::ProviderUnavailable),
        (json!({"code": 3.0, "message": "x"}), FailureCode::ProviderRefused),
        (json!({"message": "x"}), FailureCode::RenderFailed),
        (json!("x"), FailureCode::RenderFailed),
        (
            json!({"code": 3, "message": "API key not valid. Please pass a valid API key."}),
            FailureCode::ProviderUnavailable,
        ),
        (
            json!({"code": 3, "message": "The bucket acme-videos does not exist."}),
            FailureCode::ProviderUnavailable,
        ),
        (
            json!({"code": 3, "message": "The storageUri is not valid in acme-prod"}),
            FailureCode::ProviderUnavailable,
        ),
        (
            json!({"code": 400, "message": "GCS: acme-prod cannot be reached"}),
            FailureCode::ProviderUnavailable,
        ),
        (
            json!({"code": 3, "message": "Blocked by our usage guidelines in gs://acme"}),
            FailureCode::ContentFiltered,
        ),
        (
            json!({"code": 9, "message": "Blocked. Support codes: 58061214"}),
            FailureCode::ContentFiltered,
        ),
        (
            json!({"code": 13, "message": "The safety filter had an internal error."}),
            FailureCode::RenderFailed,
        ),
        (json!([{"code": 3, "message": "x"}]), FailureCode::ProviderRefused),
    ] {
        let failure = failure_of(&error);
        assert_eq!(failure.code, code, "{error}");
        if code == FailureCode::ProviderUnavailable {
            assert!(
                failure.message.starts_with("Google does not serve this system"),
                "a sentence of ours: {failure:?}"
            );
        }
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

/// What proto3's JSON may look like, and what else stands in the field's place in answers that were
/// seen.
#[test]
fn an_operation_is_read_however_it_is_written() {
    let object = Checked::Done { file_url: "gs://videos/a/sample_0.mp4".to_owned() };
    let inline = Checked::Done { file_url: INLINE.to_owned() };
    let meaning = |body: &Value| google(None).checked(&given(), &reply(200, body));
    let uri = "gs://videos/a/sample_0.mp4";
    for (response, expected) in [
        (json!({"videos": [{"gcsUri": uri}]}), &object),
        (json!({"videos": [{"gcs_uri": uri}]}), &object),
        (json!({"videos": {"gcsUri": uri}}), &object),
        (json!({"videos": [uri]}), &object),
        (json!({"videos": null, "generatedVideos": [{"video": {"gcsUri": uri}}]}), &object),
        (json!({"generatedSamples": [{"video": {"uri": uri}}]}), &object),
        (
            json!({"generateVideoResponse": {"generatedSamples": [{"video": {"uri": uri}}]}}),
            &object,
        ),
        (
            json!({"generate_video_response": {"generated_samples": [{"video": {"uri": uri}}]}}),
            &object,
        ),
        (
            json!({"videos": [{"uri": "https://storage.googleapis.com/videos/a/sample_0.mp4"}]}),
            &object,
        ),
        (
            json!({"videos": [null, {"gcsUri": null}, {"gcsUri": uri}], "raiMediaFilteredCount": 1}),
            &object,
        ),
        (json!({"videos": [{"bytesBase64Encoded": "AAAA", "gcsUri": null}]}), &inline),
        (json!({"generatedSamples": [{"video": {"encodedVideo": "AAAA"}}]}), &inline),
        (json!({"predictResponse": {"videos": [{"gcsUri": uri}]}}), &object),
        (
            json!({"videos": [{"uri": "https://storage.googleapis.com/videos/a/sample%5f0.mp4"}]}),
            &object,
        ),
        (
            json!({"videos": [{"uri": "https://storage.googleapis.com/videos/a/sample_0.mp4?X-Goog-Signature=a%2"}]}),
            &object,
        ),
        (
            json!({"videos": [{"uri": "https://storage.cloud.google.com/videos/a/sample_0.mp4#t=1"}]}),
            &object,
        ),
        // What can be read is read, whatever stands in front of it.
        (
            json!({"videos": [{"gcsUri": "https://evil.example/x", "bytesBase64Encoded": "AAAA"}]}),
            &inline,
        ),
        (json!({"videos": [{"gcsUri": "https://evil.example/x", "uri": uri}]}), &object),
        (json!({"videos": [{"gcsUri": "https://evil.example/x"}, {"gcsUri": uri}]}), &object),
        (json!({"videos": ["x", 7, {}], "generatedSamples": [{"video": {"uri": uri}}]}), &object),
        (json!({"videos": [{"raiFilteredReason": "a face"}, {"gcsUri": uri}]}), &object),
        (json!({"videos": [{"bytesBase64Encoded": ""}, {"bytesBase64Encoded": "AAAA"}]}), &inline),
    ] {
        for done in [json!(true), json!("true"), json!("True"), json!(1)] {
            let operation =
                json!({"name": OPERATION, "done": done, "error": {}, "response": response});
            assert_eq!(&meaning(&operation), expected, "{operation}");
            assert_eq!(&meaning(&json!([operation])), expected, "in a list");
        }
        let operation = json!({"name": OPERATION, "error": null, "response": response});
        assert_eq!(&meaning(&operation), expected, "a video is a video: {operation}");
    }
    for error in
        [json!({}), json!(null), json!([]), json!({"code": 0}), json!({"code": 0, "message": ""})]
    {
        let operation = json!({"name": OPERATION, "done": true, "error": error, "response": {"videos": [{"gcsUri": uri}]}});
        assert_eq!(meaning(&operation), object, "{error} is no error");
    }
    let over = json!({"name": OPERATION, "error": {"code": 13, "message": "x"}});
    assert!(matches!(meaning(&over), Checked::Failed(_)), "only what is over has an error");
    let odd = json!({"name": OPERATION, "done": false, "error": {"code": 13, "message": "x"}});
    assert!(matches!(meaning(&odd), Checked::Trouble(_)), "it contradicts itself");
    for done in [json!(false), json!("false"), json!(null), json!(0)] {
        assert_eq!(
            meaning(&json!({"name": OPERATION, "done": done, "response": null})),
            Checked::Rendering,
            "{done}"
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
        match google(None).checked(
            &given(),
            &reply(200, &json!({"name": OPERATION, "done": true, "response": response})),
        ) {
            Checked::Failed(failure) => {
                let said =
                    failure.message == "a face" || failure.message.contains("safety filters");
                assert!(
                    failure.code == FailureCode::ContentFiltered && said,
                    "{response}: {failure:?}"
                );
                assert_eq!(
                    failure.message == "a face",
                    response.to_string().contains("a face"),
                    "{response}"
                );
            }
            other => panic!("{response}: {other:?}"),
        }
    }
    for response in [
        json!({"raiMediaFilteredCount": 0, "raiMediaFilteredReasons": [null]}),
        json!({"videos": [{}]}),
    ] {
        match google(None).checked(
            &given(),
            &reply(200, &json!({"name": OPERATION, "done": true, "response": response})),
        ) {
            Checked::Failed(failure) => {
                assert_eq!(failure.code, FailureCode::ProviderNoOutput, "{response}")
            }
            other => panic!("{response}: {other:?}"),
        }
    }
    let hostile = json!({"raiMediaFilteredReasons": ["a face, see https://x.example/?k=1 or gs://acme/x for more words"]});
    match google(None).checked(
        &given(),
        &reply(200, &json!({"name": OPERATION, "done": true, "response": hostile})),
    ) {
        Checked::Failed(failure) => {
            assert_eq!(failure.message, "a face, see […] or […] for more words")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_video_that_is_nowhere_to_be_fetched_is_none() {
    for uri in [
        "https://evil.example/x.mp4",
        "gs://bucket-only",
        "gs:///object",
        "http://169.254.169.254/x",
        "https://storage.googleapis.com/bucket-only?x=/y",
        "https://storage.googleapis.com/videos/%0a.mp4",
        "https://storage.googleapis.com/videos/%ff.mp4",
        "x",
    ] {
        let operation =
            json!({"name": OPERATION, "done": true, "response": {"videos": [{"gcsUri": uri}]}});
        match google(None).checked(&given(), &reply(200, &operation)) {
            Checked::Failed(failure) => {
                assert_eq!(failure.code, FailureCode::ProviderNoOutput, "{uri}")
            }
            other => panic!("{uri}: {other:?}"),
        }
    }
}
