//! F9, F17 and F18: one request is one job with one id, and asking for it changes nothing.

use super::{A_TURN, HOUR, Quiet};
use crate::stage::Stage;
use ghub::outbound::Outbound;
use ghub::status::Status;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn f09_a_callers_retry_is_the_same_job() {
    let stage = Stage::new().await;
    let first = submit_with_key(&stage, "order-17").await;
    let job = first["id"].as_str().unwrap();
    stage.until(stage.caller().org, job, Status::Completed).await;
    let again = submit_with_key(&stage, "order-17").await;
    assert_eq!((&again["id"], &again["status"]), (&first["id"], &json!("completed")));
    let other = submit_with_key(&stage, "order-18").await;
    assert_ne!(other["id"], first["id"]);
    assert_eq!((stage.jobs_stored().await, stage.fal().renders_of("with a key")), (2, 2));
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_a_job_has_one_id() {
    let quiet = Quiet::new().await;
    let (job, request) = quiet.at_fal("one name").await;
    assert_ne!(job, request, "the provider's id is the provider's");
    for _ in 0..2 {
        let shown = quiet.show(&job).await;
        assert_eq!(shown["id"], job.as_str());
        assert!(!shown.to_string().contains(&request), "{shown}");
        quiet.settle(std::slice::from_ref(&job)).await;
    }
    assert!(
        quiet.show(&job).await["video_url"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/{job}/video.mp4"))
    );
}

/// Whether anybody asks makes no difference: not to the job, not to the money, not to the provider.
#[tokio::test(flavor = "multi_thread")]
async fn f18_reads_move_nothing() {
    let quiet = Quiet::new().await;
    quiet.renders_take(Duration::ZERO, Duration::ZERO);
    let (job, _) = quiet.at_fal("watched").await;
    for wait in [A_TURN, A_TURN, HOUR / 2] {
        quiet.stage.later(wait); // rendered, and overdue
        let (before, calls) = (quiet.read_job(&job).await, quiet.stage.fal().requests().len());
        for _ in 0..5 {
            assert_eq!(quiet.show(&job).await["status"], "processing");
        }
        assert_eq!(quiet.read_job(&job).await, before);
        assert_eq!(quiet.stage.fal().requests().len(), calls);
        quiet.expect_charge_for(0).await;
    }
    quiet.settle(std::slice::from_ref(&job)).await;
    assert_eq!(quiet.status(&job).await, Status::Completed);
    quiet.expect_charge_for(1).await;
}

async fn submit_with_key(stage: &Stage, key: &str) -> Value {
    let api = stage.system.api.as_ref().unwrap();
    let mut request =
        Request::new(Method::POST, format!("{api}/videos/generations").parse().unwrap());
    let authorization = format!("Bearer {}", stage.system.identity.live_key);
    let headers = request.headers_mut();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&authorization).unwrap());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("idempotency-key", HeaderValue::from_str(key).unwrap());
    *request.body_mut() =
        Some(json!({"model": "fal/kling-2", "prompt": "with a key"}).to_string().into());
    let answer = Outbound::network().exchange(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}
