//! The events of queues and of the schedule, and what their functions answer.

use super::invocation::{invoke, quiet};
use crate::stage::{Caller, Stage};
use ghub::job::State;
use ghub::status::Status;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn poll_jobs() {
    let stage = quiet().await;
    let caller = stage.caller();
    let job = caller.accept("polled").await;
    stage.later(Duration::from_secs(10)); // the render is done, and the turn is due
    let looks =
        |part: &str| stage.fal().requests().iter().filter(|seen| seen.path.ends_with(part)).count();
    assert_eq!(invoke(&stage, "poll-jobs.json", &job).await, json!({"batchItemFailures": []}));
    assert_eq!(looks("/status"), 1);
    assert!(has_file(&stage, &caller, &job).await, "the finished file was found");

    let failed =
        json!({"batchItemFailures": [{"itemIdentifier": "059f36b4-87a3-44ab-83d2-661975830a7d"}]});
    assert_eq!(
        invoke(&stage, "poll-jobs.unreadable.json", &job).await,
        failed,
        "the other one is acknowledged"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn store_video() {
    let stage = quiet().await;
    let caller = stage.caller();
    let job = caller.accept("stored").await;
    stage.later(Duration::from_secs(10));
    invoke(&stage, "poll-jobs.json", &job).await;
    let done = json!({"batchItemFailures": []});
    assert_eq!(
        invoke(&stage, "store-video.unknown-job.json", &job).await,
        done,
        "there is nothing to do"
    );
    assert_eq!(stage.read_job(caller.org, &job).await.status(), Status::Processing);

    for _ in 0..2 {
        assert_eq!(invoke(&stage, "store-video.json", &job).await, done);
        assert_eq!(stage.read_job(caller.org, &job).await.status(), Status::Completed);
        assert_eq!(stage.entries("consumption").await, 1);
    }
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sweep_jobs() {
    let stage = quiet().await;
    assert_eq!(invoke(&stage, "sweep-jobs.json", "").await, json!({"overdue": 0}));
    stage.caller().accept("forgotten").await;
    stage.later(Duration::from_secs(60));
    let sent = stage.system.sqs.accepted("PollQueue").unwrap();
    assert_eq!(invoke(&stage, "sweep-jobs.json", "").await, json!({"overdue": 1}));
    assert!(stage.system.sqs.accepted("PollQueue").unwrap() > sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_accounts() {
    let stage = quiet().await;
    stage.caller().accept("held").await;
    let sound = json!({"audited": 2, "differing": 0, "moved": 0, "unread": 0});
    assert_eq!(invoke(&stage, "audit-accounts.json", "").await, sound);
    stage.caller_with("0.000001").await;
    assert_eq!(
        invoke(&stage, "audit-accounts.json", "").await["audited"],
        3,
        "a sandbox has an account of its own"
    );
}

async fn has_file(stage: &Stage, caller: &Caller, job: &str) -> bool {
    match stage.read_job(caller.org, job).await.state() {
        State::Processing(processing) => processing.file.is_some(),
        _ => false,
    }
}
