//! What a running system writes to its log, at its most talkative: enough to follow a job, and
//! nothing that must stay secret.

use crate::process::{Place, Process};
use crate::stage::until_within;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const PROMPT: &str = "a very secret hummingbird";

/// A whole life with trouble in it: a wrong key, a provider that does not answer, a storage that
/// refuses, a render that is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_follows_the_jobs_and_keeps_the_secrets() {
    let place = Place::new();
    let process = place.start_logging("trace");
    let stranger = local::client::Client::new(
        process.said("api"),
        "ghub_sk_live_StrangersKeyStrangersKeyStranger",
    );
    assert_eq!(stranger.submit(&order("fal/kling-2")).await.unwrap().status, 401);

    let (misplaced, secret) = (process.said("live_key"), PROMPT.replace(' ', "%20"));
    for id in [misplaced, &format!("{misplaced}/cancel/now"), &secret] {
        assert_eq!(process.client().video(id).await.unwrap().status, 404);
    }

    break_each_step(&process).await;
    let mut jobs = vec![finish(&process, "fal/kling-2", "completed").await];
    let refused = json!({"ending": {"refused": {"error_type": "content_policy_violation", "detail": PROMPT}}});
    process.control("fal", Method::POST, "verdicts", refused).await;
    jobs.push(finish(&process, "fal/kling-2", "failed").await);
    jobs.push(finish(&process, "google/veo-3.1", "completed").await);

    let log = std::fs::read_to_string(place.directory.path().join("log")).unwrap();
    for id in jobs.iter().map(String::as_str).chain([
        process.said("org"),
        "req_",
        "401",
        "503",
        "says=\"[prompt]\"",
    ]) {
        assert!(log.contains(id), "{id} is not in the log: {log}");
    }
    for secret in secrets(&process) {
        let found: Vec<_> = log.lines().filter(|line| line.contains(&secret)).collect();
        assert!(found.is_empty(), "{secret} is in the log: {found:#?}");
    }
}

/// The provider does not take the first submission, nor answer the first questions. Its file is
/// large, and storage refuses the first part.
async fn break_each_step(process: &Process) {
    for (step, status) in [("submit", 429), ("status", 503), ("result", 503)] {
        let broken = json!({"step": step, "then": {"answer": {"status": status, "body": PROMPT}}});
        process.control("fal", Method::POST, "faults", broken).await;
    }
    process
        .control("fal", Method::POST, "verdicts", json!({"ending": {"video": {"bytes": 13 << 20}}}))
        .await;
    process
        .control(
            "storage",
            Method::POST,
            "faults",
            json!({"step": "tus_patch", "then": {"answer": {"status": 503}}}),
        )
        .await;
}

/// What no log may contain: keys, the prompt, and the parts of a signed URL.
fn secrets(process: &Process) -> Vec<String> {
    let account = std::fs::read_to_string(process.said("google_service_account_file")).unwrap();
    let account: Value = serde_json::from_str(&account).unwrap();
    let private = account["private_key"].as_str().unwrap().lines().nth(1).unwrap();
    let fal_secret = process.said("fal_key").split(':').nth(1).unwrap();
    let own = [process.said("live_key"), fal_secret, process.said("storage_key"), private];
    let marks =
        ["StrangersKey", PROMPT, "Bearer ", "X-Goog-Signature", "token=", "/upload/resumable/"];
    own.into_iter().chain(marks).map(str::to_owned).collect()
}

fn order(model: &str) -> Value {
    json!({"model": model, "prompt": PROMPT})
}

async fn finish(process: &Process, model: &str, status: &str) -> String {
    let answer = process.client().submit(&order(model)).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let id = answer.body["id"].as_str().unwrap().to_owned();
    let done = until_within(Duration::from_secs(300), async || {
        let answer = process.client().video(&id).await.unwrap();
        matches!(answer.body["status"].as_str(), Some("completed" | "failed")).then_some(answer)
    })
    .await;
    assert_eq!(done.body["status"], status, "{}", done.body);
    id
}
