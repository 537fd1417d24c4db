use super::*;
use crate::job::tests::kling;
use crate::provider::Handle as ProviderHandle;

const OPERATION: &str =
    "projects/acme/locations/us-central1/publishers/google/models/veo-3.1-generate-001/operations/7";

fn google(storage_uri: Option<&str>) -> Google {
    Google {
        api_url: Url::parse("https://us-central1-aiplatform.googleapis.com").unwrap(),
        storage_api_url: Url::parse("https://storage.googleapis.com").unwrap(),
        project: "acme".to_owned(),
        location: "us-central1".to_owned(),
        storage_uri: storage_uri.map(str::to_owned),
    }
}

fn veo() -> Job {
    Job {
        model: "google/veo-3.1".to_owned(),
        provider: Provider::Google,
        route: "veo-3.1-generate-001".to_owned(),
        seconds: 8,
        aspect_ratio: Some("9:16".to_owned()),
        ..kling()
    }
}

fn handle() -> Handle {
    Handle { operation: OPERATION.to_owned(), model: "veo-3.1-generate-001".to_owned() }
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply { status, body: body.to_string().into_bytes(), whole: true }
}

#[test]
fn a_submission_is_the_documented_one() {
    let request = google(None).submit(&veo());
    let base =
        "https://us-central1-aiplatform.googleapis.com/v1/projects/acme/locations/us-central1/publishers/google/models";
    assert_eq!(request.url.as_str(), format!("{base}/veo-3.1-generate-001:predictLongRunning"));
    assert_eq!(request.credential, Provider::Google);
    let parameters = json!({"sampleCount": 1, "durationSeconds": 8, "generateAudio": true, "aspectRatio": "9:16"});
    assert_eq!(request.body, Some(json!({"instances": [{"prompt": kling().prompt}], "parameters": parameters})));

    let silent = Job { model: "google/veo-3".to_owned(), aspect_ratio: None, ..veo() };
    let parameters = google(Some("gs://videos/veo/")).submit(&silent).body.unwrap()["parameters"].take();
    let folder = format!("gs://videos/veo/{}/{}/", silent.org, silent.id);
    assert_eq!(
        parameters,
        json!({"sampleCount": 1, "durationSeconds": 8, "generateAudio": false, "storageUri": folder})
    );
}

#[test]
fn what_the_answer_to_a_submission_means() {
    let meaning = |status, body: Value| google(None).submitted(&veo(), &reply(status, &body));
    assert_eq!(meaning(200, json!({"name": OPERATION})), Submitted::Accepted(ProviderHandle::Google(handle())));
    let error = |code: u16, status: &str| json!({"error": {"code": code, "message": "said Google", "status": status}});
    for status in [401, 402, 403, 429] {
        assert!(matches!(meaning(status, error(status, "X")), Submitted::NotTaken(_)), "{status}");
    }
    for status in [204, 301, 408, 409, 499, 500, 502, 503, 504] {
        assert!(matches!(meaning(status, error(status, "X")), Submitted::Unknown(_)), "{status}");
    }
    for body in [json!({}), json!({"name": ""}), json!({"name": "operations/7"}), json!("text")] {
        assert!(matches!(meaning(200, body.clone()), Submitted::Unknown(_)), "{body}");
    }
    let refused = Failure::new(FailureCode::ProviderRefused, "said Google").with_provider_code("INVALID_ARGUMENT");
    assert_eq!(meaning(400, error(400, "INVALID_ARGUMENT")), Submitted::Refused(refused));
    match meaning(404, error(404, "NOT_FOUND")) {
        Submitted::Refused(failure) => assert_eq!(failure.code, FailureCode::ProviderUnavailable),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_operation_is_asked_for_under_its_model() {
    let request = google(None).check(&handle());
    assert!(request.url.as_str().ends_with("/models/veo-3.1-generate-001:fetchPredictOperation"), "{}", request.url);
    assert_eq!(request.body, Some(json!({"operationName": OPERATION})));
}

#[test]
fn what_an_operation_means() {
    let meaning = |body: Value| google(None).checked(&reply(200, &body));
    let done = |response: Value| meaning(json!({"name": OPERATION, "done": true, "response": response}));
    let code = |checked: Checked| match checked {
        Checked::Failed(failure) => (failure.code, failure.message, failure.provider_code),
        other => panic!("{other:?}"),
    };
    assert_eq!(meaning(json!({"name": OPERATION})), Checked::Rendering);
    assert_eq!(meaning(json!({"name": OPERATION, "done": false, "metadata": {}})), Checked::Rendering);
    assert_eq!(
        done(json!({"videos": [{"gcsUri": "gs://videos/a/sample_0.mp4", "mimeType": "video/mp4"}]})),
        Checked::Done { file_url: "gs://videos/a/sample_0.mp4".to_owned() }
    );
    assert_eq!(
        done(json!({"videos": [{"bytesBase64Encoded": "AAAA"}]})),
        Checked::Done { file_url: INLINE.to_owned() }
    );
    let filtered = json!({"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["a face"]});
    assert_eq!(code(done(filtered)), (FailureCode::ContentFiltered, "a face".to_owned(), None));
    assert_eq!(code(done(json!({"videos": []}))).0, FailureCode::ProviderNoOutput);
    assert_eq!(code(meaning(json!({"name": OPERATION, "done": true}))).0, FailureCode::ProviderNoOutput);
    let failed = json!({"name": OPERATION, "done": true, "error": {"code": 13, "message": "internal"}});
    let expected = (FailureCode::ProviderRefused, "internal".to_owned(), Some("13".to_owned()));
    assert_eq!(code(meaning(failed)), expected, "done is not success");
    for (status, body) in [(200, json!({})), (200, json!([])), (401, json!({})), (404, json!({})), (500, json!({}))] {
        let trouble = google(None).checked(&reply(status, &body));
        assert!(matches!(trouble, Checked::Trouble(_)), "{status} {body}");
    }
}

#[test]
fn an_answer_too_long_to_be_read_whole_is_an_inline_video() {
    let cut = |text: &str| google(None).checked(&Reply { status: 200, body: text.as_bytes().to_vec(), whole: false });
    let head = r#"{"name":"x","response":{"videos":[{"bytesBase64Encoded":"AAAA"#;
    assert_eq!(cut(head), Checked::Done { file_url: INLINE.to_owned() });
    assert!(matches!(cut("<html>"), Checked::Trouble(_)));
}

#[test]
fn a_file_is_fetched_from_the_bucket_or_out_of_the_operation() {
    let source = |address: &str| google(None).file(&handle(), address);
    match source("gs://videos/a folder/sample_0.mp4").unwrap() {
        FileSource::Private(request) => assert_eq!(
            request.url.as_str(),
            "https://storage.googleapis.com/storage/v1/b/videos/o/a%20folder%2Fsample_0.mp4?alt=media"
        ),
        other => panic!("{other:?}"),
    }
    assert_eq!(source(INLINE).unwrap(), FileSource::Inline(google(None).check(&handle())));
    for address in ["https://evil.example/x.mp4", "gs://bucket-only", ""] {
        assert!(source(address).is_err(), "{address}");
    }
}
