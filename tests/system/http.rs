//! What a caller sees. With `GHUB_API` and `GHUB_KEY` set these tests run against that API instead
//! of one of their own, so that `tests/watch` can show that `cargo lambda watch` serves the same.

mod api;

use self::api::Api;
use crate::stage::until;
use ghub::catalog::Catalog;
use reqwest::{Method, Request};
use serde_json::{Value, json};

const UNKNOWN_JOB: &str = "/videos/e8c96506-72a1-429f-a7ed-4bb0a42541be";

/// A job's fields, in their order.
const FIELDS: [&str; 20] = [
    "id",
    "object",
    "status",
    "model",
    "prompt",
    "video_url",
    "duration",
    "error",
    "created",
    "completed",
    "billing",
    "error_detail",
    "cancel_requested",
    "aspect_ratio",
    "resolution",
    "generate_audio",
    "seed",
    "negative_prompt",
    "metadata",
    "user",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_its_fields_in_order_from_submit_to_a_video_that_can_be_fetched() {
    let api = Api::new().await;
    let order =
        json!({"model": "fal/kling-2", "prompt": "a wave of green salsa", "aspect_ratio": "9:16"});
    let submitted = api.post(order.to_string()).await;
    assert_eq!(submitted.status, 200, "{}", submitted.text);
    assert_eq!(in_order(&submitted.text), FIELDS);
    let job = &submitted.body;
    assert_eq!((&job["object"], &job["status"]), (&json!("video.job"), &json!("processing")));
    assert_eq!(
        (&job["duration"], &job["video_url"], &job["error"], &job["completed"]),
        (&json!(5), &Value::Null, &Value::Null, &Value::Null)
    );
    let request_id = submitted.header("x-request-id");
    assert!(request_id.len() == 28 && request_id.starts_with("req_"), "{request_id}");

    let path = format!("/videos/{}", job["id"].as_str().unwrap());
    let finished = until(async || {
        Some(api.get(&path).await).filter(|answer| answer.body["completed"].is_i64())
    })
    .await;
    assert_eq!(in_order(&finished.text), FIELDS);
    assert_eq!(finished.body["status"], "completed", "{}", finished.text);
    assert!(!finished.header("x-geekhub-balance-mxn").is_empty());

    let url = finished.body["video_url"].as_str().unwrap();
    assert!(
        url.contains("/storage/v1/object/public/generated-videos/") && url.ends_with("/video.mp4"),
        "{url}"
    );
    let video =
        api.outbound.exchange(Request::new(Method::GET, url.parse().unwrap())).await.unwrap();
    assert_eq!(
        (video.status().as_u16(), video.headers()["content-type"].to_str().unwrap()),
        (200, "video/mp4")
    );
    let mut walker = ghub::mp4::Walker::default();
    walker.pass(&video.bytes().await.unwrap()).unwrap();
    walker.finish().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_names_the_field_and_what_it_accepts() {
    let api = Api::new().await;
    let kling = |field: &str, value: Value| {
        let mut body = json!({"model": "fal/kling-2", "prompt": "a hummingbird"});
        body[field] = value;
        body.to_string()
    };
    for (body, says) in [
        ("{".to_owned(), "the body ends too early"),
        ("[]".to_owned(), "the body is a list; send a JSON object"),
        ("null".to_owned(), "the body is null; send a JSON object"),
        (String::new(), "the body is empty; send a JSON object"),
        (format!(r#"{{"seed":{}"#, "[".repeat(50_000)), "stand in each other more than 127 deep"),
        (json!({"prompt": "x"}).to_string(), "model: it is required"),
        (kling("model", json!(7)), "model: it must be a string, not a number"),
        (kling("prompt", Value::Null), "prompt: it is required"),
        (kling("prompt", json!(" \n")), "prompt: it is blank"),
        (
            kling("prompt", json!("é".repeat(2501))),
            "prompt: it has 2501 characters; fal/kling-2 takes 1 to 2500",
        ),
        (kling("duration", json!(7)), "duration: fal/kling-2 renders 5 or 10 seconds, not 7"),
        (kling("duration", json!(0)), "not 0"),
        (kling("duration", json!(-1)), "not -1"),
        (kling("duration", json!(11)), "not 11"),
        (kling("duration", json!(5.5)), "duration: it must be a whole number of seconds, not 5.5"),
        (
            kling("duration", json!(1e30)),
            "duration: 1e+30 is out of range; send a whole number of seconds",
        ),
        (
            kling("duration", json!("5")),
            "duration: it must be a whole number of seconds, not a string",
        ),
        (
            kling("aspect_ratio", json!("4:5")),
            "aspect_ratio: fal/kling-2 renders 16:9, 9:16 or 1:1",
        ),
        (kling("aspect_ratio", json!(16)), "aspect_ratio: it must be a string"),
    ] {
        let answer = api.post(body.clone()).await;
        let message = answer.refused(400, "invalid_request_error");
        assert!(message.contains(says), "{}: {message}", &body[..body.len().min(80)]);
        assert!(
            !answer.header("x-geekhub-balance-mxn").is_empty(),
            "an authenticated answer shows the balance"
        );
    }
    for model in ["fal/kling-9", "kling-2", ""] {
        let answer = api.post(kling("model", json!(model))).await;
        assert!(answer.refused(404, "model_not_found").contains("GET /v1/models"));
    }
    let answer = api.post(kling("prompt", json!("x".repeat(80 << 10)))).await;
    assert!(answer.refused(413, "request_too_large").contains("65536"));
}

#[tokio::test(flavor = "multi_thread")]
async fn four_thousand_characters_of_four_bytes_are_accepted() {
    let api = Api::new().await;
    let order = json!({"model": "fal/veo-3.1", "prompt": "🦜".repeat(4000), "duration": 4});
    assert_eq!(api.post(order.to_string()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_asked_for_and_checked() {
    let api = Api::new().await;
    let unknown = format!("Bearer ghub_sk_live_{}", "a".repeat(32));
    for (authorization, code) in [
        (None, "missing_api_key"),
        (Some("Basic dXNlcjpwYXNz"), "missing_api_key"),
        (Some("Bearer"), "missing_api_key"),
        (Some("Bearer ghub_sk_live_short"), "invalid_api_key"),
        (Some("Bearer sk-1234567890"), "invalid_api_key"),
        (Some(unknown.as_str()), "invalid_api_key"),
    ] {
        for (method, path) in [(Method::POST, "/videos/generations"), (Method::GET, UNKNOWN_JOB)] {
            let answer = api.call(method.clone(), path, authorization, None).await;
            answer.refused(401, code);
            assert!(answer.header("www-authenticate").starts_with("Bearer "), "{code}");
            assert!(
                answer.header("x-geekhub-balance-mxn").is_empty(),
                "{method} {path} with {authorization:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_not_a_job_of_ours_is_not_found() {
    let api = Api::new().await;
    let messages: Vec<String> = {
        let mut messages = Vec::new();
        for path in [UNKNOWN_JOB, "/videos/not-a-uuid", "/videos/..%2f..%2fetc", "/videos/%00"] {
            messages.push(api.get(path).await.refused(404, "job_not_found").to_owned());
        }
        messages
    };
    assert!(messages.windows(2).all(|pair| pair[0] == pair[1]), "{messages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_has_the_envelope_too() {
    let api = Api::new().await;
    api.call(Method::GET, "/nothing/here", None, None).await.refused(404, "not_found");
    for (method, path, allow) in [
        (Method::PUT, "/videos/generations", "POST"),
        (Method::GET, "/videos/generations", "POST"),
        (Method::DELETE, "/videos/generations", "POST"),
        (Method::PUT, UNKNOWN_JOB, "GET, HEAD, DELETE"),
        (Method::POST, UNKNOWN_JOB, "GET, HEAD, DELETE"),
        (Method::GET, &format!("{UNKNOWN_JOB}/cancel"), "POST"),
        (Method::POST, "/models/fal/kling-2", "GET, HEAD"),
        (Method::OPTIONS, "/videos", "GET, HEAD"),
    ] {
        let answer = api.call(method, path, None, None).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allow);
    }
    let ordered = api.call(Method::POST, "/videos", None, None).await;
    assert!(
        ordered
            .refused(405, "method_not_allowed")
            .contains("did you mean POST /v1/videos/generations?")
    );
    let slash = api.call(Method::GET, "/models/", None, None).await;
    assert!(slash.refused(404, "not_found").contains("did you mean GET /v1/models?"));
}

/// A client's HEAD finds out whether something is there, what it weighs and whether the key is
/// good.
#[tokio::test(flavor = "multi_thread")]
async fn head_answers_where_get_does_without_a_body() {
    let api = Api::new().await;
    let key = format!("Bearer {}", api.key);
    for (path, authorization, status) in [
        ("/openapi.json", None, 200),
        ("/videos", Some(key.as_str()), 200),
        ("/videos", None, 401),
        (UNKNOWN_JOB, Some(&key), 404),
        ("/models", Some(&key), 200),
        ("/models/fal/kling-2", Some(&key), 200),
        ("/credits", Some(&key), 200),
        ("/credits/transactions", Some(&key), 200),
        ("/videos/generations", Some(&key), 405),
        ("/nothing", None, 404),
    ] {
        let (head, get) = (
            api.call(Method::HEAD, path, authorization, None).await,
            api.call(Method::GET, path, authorization, None).await,
        );
        assert_eq!((head.status, get.status, head.text.as_str()), (status, status, ""), "{path}");
        assert_eq!(head.header("content-length"), get.text.len().to_string(), "{path}");
        for header in
            ["content-type", "x-geekhub-balance-mxn", "cache-control", "allow", "www-authenticate"]
        {
            assert_eq!(head.header(header), get.header(header), "{path}: {header}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_found_by_an_id_with_a_slash_in_it() {
    let api = Api::new().await;
    let listed = api.get("/models").await;
    assert_eq!(
        (listed.status, listed.body["data"].as_array().map(Vec::len)),
        (200, Some(Catalog::published().ids().count())),
        "{}",
        listed.text
    );
    for path in ["/models/fal/kling-2", "/models/fal%2Fkling-2", "/models/fal%2fkling-2"] {
        let model = api.get(path).await;
        assert_eq!(
            (model.status, &model.body["id"]),
            (200, &json!("fal/kling-2")),
            "{path}: {}",
            model.text
        );
    }
    api.get("/models/fal/none").await.refused(404, "model_not_found");
    assert_eq!(api.get("/credits").await.body["currency"], "MXN");
    assert_eq!(api.get("/videos?limit=1").await.body["object"], "list");
    api.get("/videos?limit=0").await.refused(400, "invalid_request_error");
}

/// The names of an object's fields, in the order of the text.
fn in_order(text: &str) -> Vec<String> {
    let mut fields: Vec<_> = serde_json::from_str::<serde_json::Map<String, Value>>(text)
        .unwrap()
        .keys()
        .cloned()
        .collect();
    fields.sort_by_key(|field| text.find(&format!("\"{field}\":")));
    fields
}
