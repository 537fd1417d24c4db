//! Operations and their files.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::testing::{MODEL, START_S, World};
use super::*;
use crate::faults::{Fault, Then};
use crate::video;

#[tokio::test]
async fn an_operation_is_done_when_its_time_has_passed() {
    let world = World::new().await;
    let sent = json!({"durationSeconds": 4, "aspectRatio": "9:16", "generateAudio": true});
    let name = world.submit("a cat", sent.clone()).await;
    assert!(name.starts_with(&format!("{MODEL}/operations/")), "{name}");
    world.wait(59);
    assert_eq!(world.poll(&name).await.json(), json!({"name": name}));
    world.google.configure(|settings| settings.pending = Pending::DoneFalse);
    assert_eq!(world.poll(&name).await.json()["done"], false);

    world.wait(1);
    let answer = world.poll(&name).await;
    assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
    let response = &answer.json()["response"];
    assert_eq!(
        response["@type"],
        "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
    );
    assert_eq!(
        (&response["raiMediaFilteredCount"], &response["videos"][0]["mimeType"]),
        (&json!(0), &json!("video/mp4"))
    );
    let bytes =
        STANDARD.decode(response["videos"][0]["bytesBase64Encoded"].as_str().unwrap()).unwrap();
    assert!(bytes == video::with_sound(4, "9:16"), "the video that was ordered");
    assert_eq!(
        (
            world.google.renders(),
            world.google.renders_of("a cat"),
            world.google.renders_of("a dog")
        ),
        (1, 1, 0)
    );
    assert_eq!(world.google.state().renders[0].order.parameters, sent);
}

#[tokio::test]
async fn a_storage_uri_sends_the_files_to_its_bucket() {
    let world = World::new().await;
    let parameters =
        json!({"storageUri": "gs://films/of mine", "sampleCount": 2, "durationSeconds": 4});
    let name = world.submit("a cat", parameters).await;
    world.wait(60);
    let videos = world.poll(&name).await.json()["response"]["videos"].clone();
    let uri = videos[1]["gcsUri"].as_str().unwrap();
    assert!(uri.starts_with("gs://films/of mine/") && uri.ends_with("/sample_1.mp4"), "{uri}");
    let object = uri.trim_start_matches("gs://films/").replace(' ', "%20");
    let json_path = format!("/storage/v1/b/films/o/{}", object.replace('/', "%2F"));
    let media = format!("{json_path}?alt=media");
    let bearer = world.bearer().await;

    let whole = world.send("GET", &media, &bearer, "").await;
    assert!(
        (whole.status, &whole.body[..]) == (200, &video::with_sound(4, "16:9")[..]),
        "{}",
        whole.head
    );
    assert!(
        whole.head.contains(&format!("content-length: {}", whole.body.len())),
        "{}",
        whole.head
    );
    let part = world.send("GET", &media, &format!("{bearer}range: bytes=4-7\r\n"), "").await;
    assert_eq!((part.status, &part.body[..]), (206, &b"ftyp"[..]));
    let about = world.send("GET", &json_path, &bearer, "").await;
    assert_eq!(about.json()["size"], whole.body.len().to_string());

    for (path, headers, expected) in [
        (media.as_str(), "", 401),
        (media.as_str(), "authorization: Bearer other\r\n", 401),
        (&media.replace("sample_1", "sample_2"), &bearer, 404),
        (&media.replace("/b/films/", "/b/others/"), &bearer, 404),
    ] {
        assert_eq!(world.send("GET", path, headers, "").await.status, expected, "{path} {headers}");
    }
}

#[tokio::test]
async fn each_ending_has_its_own_shape() {
    let world = World::new().await;
    let said = world.end_with(Ending::error(8, "No capacity."), json!({})).await;
    assert_eq!(
        (&said["error"], said.get("response")),
        (&json!({"code": 8, "message": "No capacity."}), None)
    );

    let said = world.end_with(Ending::filtered("58061214: Child"), json!({})).await;
    let (response, kind) = (&said["response"], &said["response"]["@type"]);
    let expected = json!({
        "@type": kind, "raiMediaFilteredCount": 1,
        "raiMediaFilteredReasons": ["58061214: Child"],
    });
    assert_eq!(response, &expected);

    let shorter = Ending::Filtered { reasons: Vec::new(), left: Left::Videos(1) };
    let said = world.end_with(shorter, json!({"sampleCount": 3})).await;
    assert_eq!(said["response"]["raiMediaFilteredCount"], 2);
    assert_eq!(said["response"]["videos"].as_array().unwrap().len(), 1);
    assert_eq!(world.end_with(Ending::Nothing, json!({})).await.as_object().unwrap().len(), 2);
    assert_eq!(world.end_with(Ending::NoVideos, json!({})).await["response"].get("videos"), None);

    let said = world
        .end_with(Ending::ForeignUri { uri: "https://elsewhere/x".to_owned() }, json!({}))
        .await;
    assert_eq!(said["response"]["videos"][0]["gcsUri"], "https://elsewhere/x");
    let fields = json!({"done": "true", "response": null}).as_object().unwrap().clone();
    world.google.decide(Verdict::next(1, Ending::Exactly { fields }));
    let name = world.submit("a cat", json!({})).await;
    world.wait(60);
    let said = world.poll(&name).await.json();
    assert_eq!(
        (&said["done"], &said["response"], said["name"].is_string()),
        (&json!("true"), &Value::Null, true)
    );

    let inline = |said: Value| {
        STANDARD.decode(said["response"]["videos"][0]["bytesBase64Encoded"].as_str().unwrap())
    };
    assert!(inline(world.end_with(Ending::Garbled, json!({})).await).is_err());
    assert!(
        inline(world.end_with(Ending::Html, json!({})).await).unwrap().starts_with(b"<!doctype")
    );
    assert_eq!(
        inline(world.end_with(Ending::CutVideo { keep_bytes: 1000 }, json!({})).await)
            .unwrap()
            .len(),
        1000
    );
    assert_eq!(
        inline(world.end_with(Ending::padded(2_000_000), json!({})).await).unwrap().len(),
        2_000_000
    );
}

#[tokio::test]
async fn what_is_wrong_is_refused_or_fails_the_operation() {
    let world = World::new().await;
    let order = json!({"instances": [{"prompt": "a cat"}], "parameters": {}});
    let path = |model: &str, verb: &str| {
        format!("/v1/{}:{verb}", MODEL.replace("veo-3.1-generate-001", model))
    };
    let submit = "predictLongRunning";
    for (path, body, expected) in [
        (path("veo-3.0-generate-001", submit), order.clone(), (404, "NOT_FOUND")),
        (path("veo-3.1-generate-preview", submit), order.clone(), (404, "NOT_FOUND")),
        (
            path("veo-3.1-fast-generate-001", submit).replace("/local/", "/other/"),
            order.clone(),
            (403, "PERMISSION_DENIED"),
        ),
        (
            path("veo-3-local", submit).replace("us-central1", "mars"),
            order.clone(),
            (400, "INVALID_ARGUMENT"),
        ),
        (path("veo-3.1-generate-001", submit), json!({"instances": []}), (400, "INVALID_ARGUMENT")),
        (
            path("veo-3.1-generate-001", "fetchPredictOperation"),
            json!({}),
            (400, "INVALID_ARGUMENT"),
        ),
        (path("veo-3.1-generate-001", "predict"), order.clone(), (404, "")),
        (path("veo-3.1-generate-001", submit).replace("/v1/", "/v9/"), order.clone(), (404, "")),
    ] {
        let answer = world.post(&path, body).await;
        assert_eq!(answer.refusal(), (expected.0, expected.1.to_owned()), "{path}");
    }
    for name in [format!("{MODEL}/operations/unknown"), "operations/x".to_owned()] {
        let expected = if name.starts_with("operations") { 400 } else { 404 };
        assert_eq!(world.poll(&name).await.status, expected);
    }
    assert_eq!(world.google.renders(), 0);

    world.google.configure(|settings| settings.validate_at = ValidateAt::Operation);
    let name = world.submit("a dog", json!({"durationSeconds": 5})).await;
    world.wait(60);
    let error = world.poll(&name).await.json()["error"].clone();
    assert_eq!(error["code"], 3);
    assert!(error["message"].as_str().unwrap().contains("[8,6,4]"), "{error}");
}

#[tokio::test]
async fn a_fault_decides_whether_something_renders() {
    let world = World::new().await;
    let path = format!("/v1/{MODEL}:predictLongRunning");
    let order = json!({"instances": [{"prompt": "a cat"}]});
    world.google.faults().add(Fault::once("submit", resource_exhausted(34))).unwrap();
    let answer = world.post(&path, order.clone()).await;
    assert_eq!(answer.refusal(), (429, "RESOURCE_EXHAUSTED".to_owned()));
    assert_eq!(answer.json()["error"]["details"][0]["retryDelay"], "34s");
    assert_eq!(world.google.renders(), 0);

    world.google.faults().add(Fault::once("submit", Then::CloseAfter)).unwrap();
    assert_eq!(world.post(&path, order.clone()).await.status, 0);
    assert_eq!(world.google.renders(), 1);
    world
        .google
        .faults()
        .add(Fault::once("token", rpc_error(503, "UNAVAILABLE", "Later.")))
        .unwrap();
    assert_eq!(world.ask_for_token(&world.claims()).await.status, 503);
    assert_eq!(world.google.requests().iter().filter(|seen| seen.path == "/token").count(), 3);
}

#[tokio::test]
async fn operations_survive_a_restart_and_follow_a_change() {
    let directory = std::env::temp_dir().join(format!("google-{}", uuid::Uuid::new_v4()));
    let world =
        World::in_directory(Some(directory.clone()), Arc::new(AtomicU64::new(START_S))).await;
    let done = world.submit("a cat", json!({})).await;
    world.wait(40);
    let running = world.submit("a dog", json!({})).await;
    world.wait(20);

    let world = World::in_directory(Some(directory.clone()), world.clock).await;
    assert_eq!(world.poll(&done).await.json()["done"], true);
    assert_eq!(world.poll(&running).await.json(), json!({"name": running}));
    world.google.set_render(Render { queued: Duration::ZERO, rendering: Duration::from_secs(25) });
    world.wait(5);
    assert_eq!(world.poll(&running).await.json()["done"], true);
    assert_eq!(world.google.renders(), 2);
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn another_process_scripts_it_over_http() {
    let world = World::new().await;
    let json_type = "content-type: application/json\r\n";
    let verdict =
        json!({"prompt_contains": "gore", "ending": {"filtered": {"left": {"videos": 0}}}})
            .to_string();
    assert_eq!(world.send("POST", "/_simulator/verdicts", json_type, &verdict).await.status, 204);
    let change =
        json!({"rendering_ms": 0, "queued_ms": 0, "pretty": false, "reversed": true}).to_string();
    assert_eq!(world.send("PATCH", "/_simulator/settings", json_type, &change).await.status, 204);
    let name = world.submit("gore", json!({})).await;
    let answer = world.poll(&name).await;
    let start = r#"{"response":{"videos":[],"raiMediaFilteredCount":1,"@type":"#;
    assert!(answer.body.starts_with(start.as_bytes()), "{}", answer.json());
    let renders = world.send("GET", "/_simulator/renders", "", "").await;
    assert_eq!(renders.json(), json!({"accepted": 1, "by_prompt": {"gore": 1}}));
}
