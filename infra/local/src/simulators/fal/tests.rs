//! The wire, over HTTP, with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use reqwest::Method;
use serde_json::{Value, json};

use super::testing::{KEY, KLING, REQUESTS, World};
use super::*;
use crate::faults::{Fault, Then};

#[tokio::test]
async fn a_submission_has_every_field_and_short_urls() {
    let world = World::new().await;
    let body = json!({"prompt": "a cat"}).to_string();
    let answer = world.ask_as(Some(KEY), Method::POST, KLING, body).await;
    let id = answer.body["request_id"].as_str().unwrap();
    let url = format!("http://fal.test{REQUESTS}/{id}");
    let expected = json!({
        "status": "IN_QUEUE", "request_id": id, "queue_position": 0, "logs": null, "metrics": {},
        "response_url": url, "status_url": format!("{url}/status"),
        "cancel_url": format!("{url}/cancel"),
    });
    assert_eq!((answer.status, &answer.body), (200, &expected));
    assert_eq!(answer.headers["x-fal-request-id"], id);
}

#[tokio::test]
async fn a_request_moves_with_the_clock() {
    let world = World::new().await;
    let id = world.submit("a cat").await;
    let (result, status) = (format!("{REQUESTS}/{id}"), format!("{REQUESTS}/{id}/status"));
    let second = world.submit("a dog").await;

    let answer = world.get(&status).await;
    assert_eq!((answer.status, &answer.body["status"]), (202, &json!("IN_QUEUE")));
    let behind = world.get(&format!("{REQUESTS}/{second}/status")).await;
    assert_eq!(behind.body["queue_position"], 1);

    world.wait(10);
    let answer = world.get(&format!("{status}?logs=true")).await;
    assert_eq!((answer.status, &answer.body["status"]), (202, &json!("IN_PROGRESS")));
    assert_eq!(answer.body["logs"][0]["timestamp"], "2027-01-15T08:00:10.000Z");
    let early = world.get(&result).await;
    assert_eq!(
        (early.status, early.body),
        (400, json!({"detail": "Request is still in progress"}))
    );

    world.wait(60);
    let answer = world.get(&status).await;
    assert_eq!(
        (answer.status, &answer.body["status"], &answer.body["logs"]),
        (200, &json!("COMPLETED"), &Value::Null)
    );
    assert_eq!(answer.body["metrics"], json!({"inference_time": 60.0}));
    assert!(answer.body.get("error").is_none());
    let answer = world.get(&result).await;
    assert_eq!(answer.body["video"]["url"], format!("http://fal.test/files/{id}/output.mp4"));
    assert!(answer.body["video"]["file_size"].as_u64().unwrap() > 100_000);
}

#[tokio::test]
async fn a_result_is_forgotten_after_an_hour_and_a_large_one_after_six_minutes() {
    let world = World::new().await;
    let small = format!("{REQUESTS}/{}", world.submit("a cat").await);
    world.fal.decide(Verdict::next(1, Ending::Video { bytes: None, result_bytes: Some(10_000) }));
    let large = format!("{REQUESTS}/{}", world.submit("a cat").await);
    for (wait, expected) in
        [(70 + 359, (200, 200)), (1, (200, 404)), (3239, (200, 404)), (1, (404, 404))]
    {
        world.wait(wait);
        assert_eq!((world.get(&small).await.status, world.get(&large).await.status), expected);
    }
}

#[tokio::test]
async fn a_failed_render_is_completed_and_its_result_says_why() {
    let world = World::new().await;
    world
        .fal
        .decide(Verdict::for_prompts("gore", Ending::refused("content_policy_violation", "No.")));
    let refused = world.submit("gore").await;
    let broken = Ending::Broken {
        status: 503,
        error_type: Some("runner_disconnected".into()),
        detail: "Gone".into(),
    };
    world.fal.decide(Verdict::next(1, broken));
    let broken = world.submit("a cat").await;
    let fine = world.submit("a cat").await;
    world.wait(70);

    let status = world.get(&format!("{REQUESTS}/{refused}/status")).await;
    assert_eq!((status.status, &status.body["status"]), (200, &json!("COMPLETED")));
    assert_eq!(
        (&status.body["error"], &status.body["error_type"]),
        (&json!("No."), &json!("content_policy_violation"))
    );
    let result = world.get(&format!("{REQUESTS}/{refused}")).await;
    let detail = json!([{
        "loc": ["body", "prompt"], "msg": "No.", "type": "content_policy_violation",
        "input": "gore",
        "url": "https://docs.fal.ai/errors#content_policy_violation",
    }]);
    assert_eq!((result.status, result.body), (422, json!({"detail": detail})));
    assert_eq!(result.headers["x-fal-retryable"], "false");

    let result = world.get(&format!("{REQUESTS}/{broken}")).await;
    assert_eq!(
        (result.status, result.body),
        (503, json!({"detail": "Gone", "error_type": "runner_disconnected"}))
    );
    assert_eq!(result.headers["x-fal-error-type"], "runner_disconnected");
    assert_eq!(world.get(&format!("{REQUESTS}/{fine}")).await.status, 200);
}

#[tokio::test]
async fn a_cancel_has_four_answers() {
    let world = World::new().await;
    let cancel = async |id: &str| {
        let answer = world.ask(Method::PUT, &format!("{REQUESTS}/{id}/cancel")).await;
        (answer.status, answer.body["status"].as_str().unwrap().to_owned())
    };
    let queued = world.submit("a cat").await;
    assert_eq!(cancel(&queued).await, (200, "OK".to_owned()));
    assert_eq!(cancel(&queued).await, (400, "ALREADY_COMPLETED".to_owned()));
    let result = world.get(&format!("{REQUESTS}/{queued}")).await;
    assert_eq!((result.status, &result.body["error_type"]), (499, &json!("client_cancelled")));

    world.fal.configure(|settings| settings.cancel_stops_rendering = false);
    let running = world.submit("a cat").await;
    world.wait(10);
    assert_eq!(cancel(&running).await, (202, "CANCELLATION_REQUESTED".to_owned()));
    world.wait(60);
    assert_eq!(world.get(&format!("{REQUESTS}/{running}")).await.status, 200);
    assert_eq!(cancel(&running).await, (400, "ALREADY_COMPLETED".to_owned()));
    assert_eq!(cancel("unknown").await, (404, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn what_is_not_a_request_of_this_key_and_app_is_refused() {
    let world = World::new().await;
    let id = world.submit("a cat").await;
    let status = format!("{REQUESTS}/{id}/status");
    for (key, path, expected) in [
        (None, status.as_str(), 401),
        (Some("Bearer id:secret"), &status, 401),
        (Some("Key id:other"), &status, 401),
        (Some(KEY), &status, 202),
        (Some(KEY), &format!("/fal-ai/veo3.1/requests/{id}/status"), 404),
        (Some(KEY), &format!("{KLING}/requests/{id}/status"), 405),
        (Some(KEY), KLING, 405),
        (Some(KEY), "/", 404),
    ] {
        let answer = world.ask_as(key, Method::GET, path, String::new()).await;
        assert_eq!(answer.status, expected, "{key:?} {path}");
        assert!(answer.body["detail"].is_string() || expected == 202);
    }
    assert_eq!(world.ask(Method::POST, "/fal-ai/runway").await.status, 404);
    assert_eq!(world.ask(Method::POST, &status).await.status, 405);
    world.fal.set_key("id:other");
    for (key, expected) in [("Key id:secret", 401), ("Key id:other", 202)] {
        assert_eq!(
            world.ask_as(Some(key), Method::GET, &status, String::new()).await.status,
            expected,
            "{key}"
        );
    }
}

#[tokio::test]
async fn wrong_input_is_noticed_at_submission_or_only_in_the_result() {
    let world = World::new().await;
    let wrong = json!({"prompt": "a cat", "duration": 5}).to_string();
    let key = Some(KEY);
    assert_eq!(world.ask_as(key, Method::POST, KLING, wrong.clone()).await.status, 422);
    assert_eq!(world.fal.renders(), 0);

    world.fal.configure(|settings| settings.validate_at = ValidateAt::Result);
    let answer = world.ask_as(key, Method::POST, KLING, wrong).await;
    world.wait(70);
    let result =
        world.get(&format!("{REQUESTS}/{}", answer.body["request_id"].as_str().unwrap())).await;
    assert_eq!(
        (answer.status, result.status, &result.body["detail"][0]["type"]),
        (200, 422, &json!("literal_error"))
    );
}

#[tokio::test]
async fn a_fault_at_submission_decides_whether_something_renders() {
    let world = World::new().await;
    world
        .fal
        .faults()
        .add(Fault::once("submit", flat_error(503, "runner_scheduling_failure", "Busy")))
        .unwrap();
    let body = json!({"prompt": "a cat"}).to_string();
    let answer = world.ask_as(Some(KEY), Method::POST, KLING, body.clone()).await;
    assert_eq!((answer.status, world.fal.renders()), (503, 0));
    assert_eq!(answer.headers["x-fal-error-type"], "runner_scheduling_failure");

    world.fal.faults().add(Fault::once("submit", Then::CloseAfter)).unwrap();
    let request = world.request(Method::POST, KLING).header("authorization", KEY).body(body);
    assert!(request.send().await.is_err());
    assert_eq!(
        (world.fal.renders(), world.fal.renders_of("a cat"), world.fal.renders_of("a dog")),
        (1, 1, 0)
    );
}

#[tokio::test]
async fn requests_survive_a_restart() {
    let directory = std::env::temp_dir().join(format!("fal-{}", uuid::Uuid::new_v4()));
    let world =
        World::in_directory(Some(directory.clone()), Arc::new(AtomicU64::new(1_800_000_000))).await;
    let finished = world.submit("a cat").await;
    world.wait(40);
    let running = world.submit("a dog").await;
    world.wait(40);

    let world = World::in_directory(Some(directory.clone()), world.clock).await;
    assert_eq!(world.get(&format!("{REQUESTS}/{finished}")).await.status, 200);
    let status = world.get(&format!("{REQUESTS}/{running}/status")).await;
    assert_eq!(status.body["status"], "IN_PROGRESS");
    world.wait(30);
    assert_eq!(world.get(&format!("{REQUESTS}/{running}")).await.status, 200);
    assert_eq!(world.fal.renders(), 2);
    std::fs::remove_dir_all(directory).unwrap();
}

/// A failed machine is tried again unless the submission forbids it; a model's refusal is not.
#[tokio::test]
async fn a_broken_render_is_tried_again_unless_that_is_forbidden() {
    let world = World::new().await;
    let broken = |status| Ending::Broken { status, error_type: None, detail: "gone".to_owned() };
    for (prompt, ending, header, renders) in [
        ("let go", broken(503), None, 10),
        ("forbidden", broken(503), Some("1"), 1),
        ("not forbidden", broken(504), Some("0"), 10),
        ("500 is not tried again", broken(500), None, 1),
        ("refused", Ending::refused("value_error", "no"), None, 1),
        ("good", Ending::VIDEO, None, 1),
    ] {
        world.fal.decide(Verdict::next(1, ending));
        let mut request = world.request(Method::POST, KLING).header("authorization", KEY);
        if let Some(word) = header {
            request = request.header("x-fal-no-retry", word);
        }
        let answer = request.body(json!({"prompt": prompt}).to_string()).send().await.unwrap();
        assert_eq!(
            (answer.status(), world.fal.renders_of(prompt)),
            (reqwest::StatusCode::OK, renders),
            "{prompt}"
        );
    }
}

#[tokio::test]
async fn a_result_may_be_anything() {
    let world = World::new().await;
    let headers = [("x-fal-retryable".to_owned(), "true".to_owned())].into();
    let body = json!({"videos": ["{file}", {"url": "{path}"}], "seed": 7});
    world.fal.decide(Verdict::next(1, Ending::Result { status: 418, headers, body }));
    let id = world.submit("a cat").await;
    world.wait(70);
    let answer = world.get(&format!("{REQUESTS}/{id}")).await;
    let path = format!("/files/{id}/output.mp4");
    let expected = json!({"videos": [format!("http://fal.test{path}"), {"url": path}], "seed": 7});
    assert_eq!((answer.status, &answer.body), (418, &expected));
    assert_eq!(answer.headers["x-fal-retryable"], "true");
}
