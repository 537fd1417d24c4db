//! Every way in which an operation may be written.

use super::*;

const URI: &str = "gs://videos/a/sample_0.mp4";

fn meaning(operation: &Value) -> Checked {
    google(None).checked(&given(), &reply(200, operation))
}

/// Checks that the video in each response is found, whatever stands around the response.
#[track_caller]
fn assert_done(file_url: &str, responses: &[Value]) {
    let expected = Checked::Done { file_url: file_url.to_owned() };
    for response in responses {
        for done in [json!(true), json!("true"), json!("True"), json!(1)] {
            let operation =
                json!({"name": OPERATION, "done": done, "error": {}, "response": response});
            assert_eq!(meaning(&operation), expected, "{operation}");
            assert_eq!(meaning(&json!([operation])), expected, "in a list");
        }
        let operation = json!({"name": OPERATION, "error": null, "response": response});
        assert_eq!(meaning(&operation), expected, "a video is a video: {operation}");
    }
}

/// What proto3's JSON may look like, and what else stands in the field's place in answers that were
/// seen.
#[test]
fn a_video_in_a_bucket_is_found_however_it_is_written() {
    assert_done(
        URI,
        &[
            json!({"videos": [{"gcsUri": URI}]}),
            json!({"videos": [{"gcs_uri": URI}]}),
            json!({"videos": {"gcsUri": URI}}),
            json!({"videos": [URI]}),
            json!({"videos": null, "generatedVideos": [{"video": {"gcsUri": URI}}]}),
            json!({"generatedSamples": [{"video": {"uri": URI}}]}),
            json!({"generateVideoResponse": {"generatedSamples": [{"video": {"uri": URI}}]}}),
            json!({"generate_video_response": {"generated_samples": [{"video": {"uri": URI}}]}}),
            json!({"predictResponse": {"videos": [{"gcsUri": URI}]}}),
        ],
    );
    let path = "videos/a/sample_0.mp4";
    for address in [
        format!("https://storage.googleapis.com/{path}"),
        "https://storage.googleapis.com/videos/a/sample%5f0.mp4".to_owned(),
        format!("https://storage.googleapis.com/{path}?X-Goog-Signature=a%2"),
        format!("https://storage.cloud.google.com/{path}#t=1"),
    ] {
        assert_done(URI, &[json!({"videos": [{"uri": address}]})]);
    }
}

#[test]
fn a_video_inside_the_answer_is_found_however_it_is_written() {
    assert_done(
        INLINE,
        &[
            json!({"videos": [{"bytesBase64Encoded": "AAAA", "gcsUri": null}]}),
            json!({"videos": [{"bytesBase64Encoded": ""}, {"bytesBase64Encoded": "AAAA"}]}),
            json!({"generatedSamples": [{"video": {"encodedVideo": "AAAA"}}]}),
        ],
    );
}

#[test]
fn what_can_be_read_is_read_whatever_stands_in_front_of_it() {
    let evil = "https://evil.example/x";
    assert_done(INLINE, &[json!({"videos": [{"gcsUri": evil, "bytesBase64Encoded": "AAAA"}]})]);
    assert_done(
        URI,
        &[
            json!({"videos": [{"gcsUri": evil, "uri": URI}]}),
            json!({"videos": [{"gcsUri": evil}, {"gcsUri": URI}]}),
            json!({"videos": ["x", 7, {}], "generatedSamples": [{"video": {"uri": URI}}]}),
            json!({"videos": [{"raiFilteredReason": "a face"}, {"gcsUri": URI}]}),
            json!({"videos": [null, {"gcsUri": null}, {"gcsUri": URI}], "raiMediaFilteredCount": 1}),
        ],
    );
}

#[test]
fn only_what_is_over_has_a_video_or_an_error() {
    for error in
        [json!({}), json!(null), json!([]), json!({"code": 0}), json!({"code": 0, "message": ""})]
    {
        let operation = json!({"name": OPERATION, "done": true, "error": error, "response": {"videos": [{"gcsUri": URI}]}});
        let done = Checked::Done { file_url: URI.to_owned() };
        assert_eq!(meaning(&operation), done, "{error} is no error");
    }
    let over = json!({"name": OPERATION, "error": {"code": 13, "message": "x"}});
    assert!(matches!(meaning(&over), Checked::Failed(_)), "only what is over has an error");
    let odd = json!({"name": OPERATION, "done": false, "error": {"code": 13, "message": "x"}});
    assert!(matches!(meaning(&odd), Checked::Trouble(_)), "it contradicts itself");
    for done in [json!(false), json!("false"), json!(null), json!(0)] {
        let operation = json!({"name": OPERATION, "done": done, "response": null});
        assert_eq!(meaning(&operation), Checked::Rendering, "{done}");
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
        match meaning(&operation) {
            Checked::Failed(failure) => {
                assert_eq!(failure.code, FailureCode::ProviderNoOutput, "{uri}")
            }
            other => panic!("{uri}: {other:?}"),
        }
    }
}
