//! What Google is asked, and what its answers mean. What the answer to a submission means is in
//! `submission`, how operations may be written in `operation`, and how they may fail in `failing`.

mod failing;
mod operation;
mod submission;

use super::*;
use crate::adapter::Headers;
use crate::fixtures::{kling, terms};

const OPERATION: &str = "projects/acme/locations/us-central1/publishers/google/models/veo-3.1-generate-001/operations/7";

fn google(storage_uri: Option<&str>) -> Google {
    Google {
        api_url: Url::parse("https://us-central1-aiplatform.googleapis.com").unwrap(),
        storage_api_url: Url::parse("https://storage.googleapis.com").unwrap(),
        project: "acme".to_owned(),
        location: "us-central1".to_owned(),
        storage_uri: storage_uri.map(str::to_owned),
    }
}

fn veo() -> Terms {
    terms(&json!({
        "model": "google/veo-3.1", "prompt": "a hummingbird at dawn", "duration": 8,
        "aspect_ratio": "9:16",
    }))
}

fn handle() -> Handle {
    Handle { operation: OPERATION.to_owned(), model: "veo-3.1-generate-001".to_owned() }
}

fn given() -> ProviderHandle {
    ProviderHandle::Google(handle())
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply { status, headers: Headers::default(), body: body.to_string().into_bytes(), whole: true }
}

#[test]
fn a_submission_is_the_documented_one() {
    let request = google(None).submit(kling().key(), &veo()).unwrap();
    let base = "https://us-central1-aiplatform.googleapis.com/v1/projects/acme/locations/us-central1/publishers/google/models";
    assert_eq!(request.url.as_str(), format!("{base}/veo-3.1-generate-001:predictLongRunning"));
    assert_eq!(request.credential, Provider::Google);
    let parameters = json!({
        "sampleCount": 1, "durationSeconds": 8, "generateAudio": true, "aspectRatio": "9:16",
        "resolution": "720p", "personGeneration": "allow_adult",
    });
    assert_eq!(
        request.body,
        Some(json!({"instances": [{"prompt": veo().prompt()}], "parameters": parameters}))
    );

    let parameters = google(Some("gs://videos/veo/"))
        .submit(kling().key(), &veo())
        .unwrap()
        .body
        .unwrap()["parameters"]
        .take();
    let folder = format!("gs://videos/veo/{}/{}/", kling().org(), kling().id());
    assert_eq!(parameters["storageUri"], folder);
}

/// Whatever project and location are configured by then: an operation is asked for where it was
/// begun.
#[test]
fn an_operation_is_asked_for_where_it_was_begun() {
    let asked = |google: &Google, operation: &str| {
        let request =
            google.ask_for(&Handle { operation: operation.to_owned(), model: "veo-9".to_owned() });
        assert_eq!(request.body, Some(json!({"operationName": operation})));
        request.url.to_string()
    };
    let path = "/v1/projects/acme/locations/us-central1/publishers/google/models/veo-3.1-generate-001:fetchPredictOperation";
    let moved = Google { project: "other".to_owned(), ..google(None) };
    for google in [google(None), moved.clone()] {
        assert_eq!(
            asked(&google, OPERATION),
            format!("https://us-central1-aiplatform.googleapis.com{path}")
        );
    }
    let elsewhere = Google {
        location: "europe-west4".to_owned(),
        api_url: vertex_url("europe-west4").parse().unwrap(),
        ..moved.clone()
    };
    assert_eq!(
        asked(&elsewhere, OPERATION),
        format!("https://us-central1-aiplatform.googleapis.com{path}")
    );
    let global = OPERATION.replace("us-central1", "global");
    let expected =
        format!("https://aiplatform.googleapis.com{}", path.replace("us-central1", "global"));
    assert_eq!(asked(&elsewhere, &global), expected);
    let proxied = Google { api_url: "http://127.0.0.1:9002".parse().unwrap(), ..elsewhere.clone() };
    assert_eq!(
        asked(&proxied, OPERATION),
        format!("http://127.0.0.1:9002{path}"),
        "a base of the operator's own stays"
    );
    for name in [
        "projects/acme/operations/7",
        "projects/../locations/x/publishers/google/models/m/operations/7",
    ] {
        let url = asked(&elsewhere, name);
        assert!(
            url.contains("/projects/other/locations/europe-west4/publishers/google/models/veo-9:"),
            "{url}"
        );
    }
}

#[test]
fn googles_token_goes_to_google_and_to_what_is_configured() {
    let own = |google: &Google, url: &str| google.is_own(&url.parse().unwrap());
    for url in [
        "https://us-central1-aiplatform.googleapis.com/v1",
        "https://europe-west4-aiplatform.googleapis.com/v1",
        "https://aiplatform.googleapis.com/v1",
        "https://storage.googleapis.com/storage/v1",
    ] {
        assert!(own(&google(None), url), "{url}");
    }
    for url in [
        "http://europe-west4-aiplatform.googleapis.com/v1",
        "https://europe-west4-aiplatform.googleapis.com:8443/v1",
        "https://me@europe-west4-aiplatform.googleapis.com/v1",
        "https://evil.example/europe-west4-aiplatform.googleapis.com",
        "https://evil.example-aiplatform.googleapis.com/v1",
        "https://evilaiplatform.googleapis.com/v1",
        "https://x-aiplatform.googleapis.com.evil.example/v1",
        "https://-aiplatform.googleapis.com/v1",
    ] {
        assert!(!own(&google(None), url), "{url}");
    }
    let local = Google { api_url: "http://127.0.0.1:9002".parse().unwrap(), ..google(None) };
    assert!(own(&local, "http://127.0.0.1:9002/v1"));
    assert!(
        !own(&local, "https://europe-west4-aiplatform.googleapis.com/v1"),
        "a simulator's token stays here"
    );
}

#[test]
fn what_an_operation_means() {
    let meaning = |body: Value| google(None).checked(&given(), &reply(200, &body));
    let done =
        |response: Value| meaning(json!({"name": OPERATION, "done": true, "response": response}));
    let code = |checked: Checked| match checked {
        Checked::Failed(failure) => (failure.code, failure.message, failure.provider_code),
        other => panic!("{other:?}"),
    };
    assert_eq!(meaning(json!({"name": OPERATION})), Checked::Rendering);
    assert_eq!(
        meaning(json!({"name": OPERATION, "done": false, "metadata": {}})),
        Checked::Rendering
    );
    assert_eq!(
        done(
            json!({"videos": [{"gcsUri": "gs://videos/a/sample_0.mp4", "mimeType": "video/mp4"}]})
        ),
        Checked::Done { file_url: "gs://videos/a/sample_0.mp4".to_owned() }
    );
    assert_eq!(
        done(json!({"videos": [{"bytesBase64Encoded": "AAAA"}]})),
        Checked::Done { file_url: INLINE.to_owned() }
    );
    let filtered = json!({"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["a face"]});
    assert_eq!(code(done(filtered)), (FailureCode::ContentFiltered, "a face".to_owned(), None));
    assert_eq!(code(done(json!({"videos": []}))).0, FailureCode::ProviderNoOutput);
    assert_eq!(
        code(meaning(json!({"name": OPERATION, "done": true}))).0,
        FailureCode::ProviderNoOutput
    );
    let failed =
        json!({"name": OPERATION, "done": true, "error": {"code": 13, "message": "internal"}});
    assert_eq!(code(meaning(failed)).0, FailureCode::RenderFailed, "done is not success");
    for (status, body) in
        [(200, json!({})), (200, json!([])), (401, json!({})), (404, json!({})), (500, json!({}))]
    {
        let trouble = google(None).checked(&given(), &reply(status, &body));
        assert!(matches!(trouble, Checked::Trouble(_)), "{status} {body}");
    }
}

#[test]
fn an_answer_too_long_to_be_read_whole_is_an_inline_video() {
    let cut = |text: &str| {
        let (headers, body) = (Headers::default(), text.as_bytes().to_vec());
        google(None).checked(&given(), &Reply { status: 200, headers, body, whole: false })
    };
    let head = r#"{"name":"x","response":{"videos":[{"bytesBase64Encoded":"AAAA"#;
    assert_eq!(cut(head), Checked::Done { file_url: INLINE.to_owned() });
    let other = r#"{"name":"x","response":{"generatedSamples":[{"video":{"encoded_video":"AAAA"#;
    assert_eq!(cut(other), Checked::Done { file_url: INLINE.to_owned() });
    assert!(matches!(cut("<html>"), Checked::Trouble(_)));
}

#[test]
fn a_file_is_fetched_from_the_bucket_or_out_of_the_operation() {
    let source = |address: &str| google(None).file(&given(), address);
    match source("gs://videos/a folder/sample_0.mp4").unwrap() {
        FileSource::Private(request) => assert_eq!(
            request.url.as_str(),
            "https://storage.googleapis.com/storage/v1/b/videos/o/a%20folder%2Fsample_0.mp4?alt=media"
        ),
        other => panic!("{other:?}"),
    }
    assert_eq!(source(INLINE).unwrap(), FileSource::Inline(google(None).ask_for(&handle())));
    for address in ["https://evil.example/x.mp4", "gs://bucket-only", ""] {
        assert!(source(address).is_err(), "{address}");
    }
}
