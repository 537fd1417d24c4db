//! The process is killed in the middle of a job and started again on the same data: the job
//! completes, rendered once and charged once.

use crate::process::{Place, Process};
use crate::stage::{Stage, until, until_within};
use ghub::id::{JobId, OrgId};
use ghub::job::{Job, State};
use ghub::status::Status;
use ghub::store::SHARDS;
use ghub::time::Timestamp;
use local::options::Options;
use local::place::Ports;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// A transfer in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// No test lives to see the end of it.
const FOR_EVER_MS: u64 = 24 * 60 * 60 * 1000;
const PART: u64 = 6 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn killed_right_after_the_submit() {
    let place = Place::new();
    let process = place.start();
    let job = submit(&process, "killed at once").await;
    process.kill();
    let again = place.start();
    completes_once(&again, &job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_renders() {
    let place = Place::new();
    let process = place.start();
    process
        .control(
            "fal",
            Method::PATCH,
            "settings",
            json!({"queued_ms": 0, "rendering_ms": FOR_EVER_MS}),
        )
        .await;
    let job = submit(&process, "killed while it renders").await;
    let org: OrgId = process.said("org").parse().unwrap();
    let store = process.store();
    until(async || is_rendering(&store.job(org, job).await.unwrap()?).then_some(())).await;
    process.kill();

    let again = place.start();
    let still = again.client().video(&job.to_string()).await.unwrap();
    assert_eq!(
        (&still.body["status"], still.balance),
        (&json!("processing"), Some("50.00".parse().unwrap()))
    );
    again.control("fal", Method::PATCH, "settings", json!({"rendering_ms": 0})).await;
    completes_once(&again, &job).await;
}

/// The messages are lost with the process; the sweep finds the job.
#[tokio::test(flavor = "multi_thread")]
async fn killed_and_never_asked_about_again() {
    let place = Place::new();
    let process = place.start();
    let job = submit(&process, "nobody asks").await.to_string();
    process.kill();

    let stage = restart(&place).await;
    let org = stage.caller().org;
    stage.later(Duration::from_secs(60));
    stage.until(org, &job, Status::Completed).await;
    assert_eq!((stage.fal().renders(), stage.entries("consumption").await), (1, 1));
    stage.audit().await;
}

/// `store-video` has the turn for 330 s, and a killed process never gives it back. So the test puts
/// the clock past that.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_stores() {
    let place = Place::new();
    let process = place.start();
    process
        .control("fal", Method::POST, "verdicts", json!({"ending": {"video": {"bytes": 5 * PART}}}))
        .await;
    let hang = json!({"hang_before": {"ms": FOR_EVER_MS}});
    let silent = json!({"step": "tus_patch", "times": null, "after": 2, "then": hang});
    process.control("storage", Method::POST, "faults", silent).await;
    let job = submit(&process, "killed while it stores").await;
    let org: OrgId = process.said("org").parse().unwrap();
    let (store, storage) = (process.store(), process.storage().await);
    until_within(PATIENCE, async || {
        let upload = upload_url(&store.job(org, job).await.unwrap()?)?;
        (storage.offset(&upload).await.unwrap() == Some(2 * PART)).then_some(())
    })
    .await;
    process.kill();

    let stage = restart(&place).await;
    assert_eq!(stage.read_job(org, &job.to_string()).await.status(), Status::Processing);
    assert_eq!(stage.entries("consumption").await, 0);
    stage.later(Duration::from_secs(331));
    stage.until(org, &job.to_string(), Status::Completed).await;
    let patches = stage.storage().requests().iter().filter(|seen| seen.method == "PATCH").count();
    assert_eq!((patches, stage.fal().renders(), stage.entries("consumption").await), (3, 1, 1));
    assert_eq!(stage.store.account(org).await.unwrap().unwrap().balance.to_string(), "45.80");
    stage.audit().await;
}

/// It is then unknown whether fal took the job. It is never sent again, and fails uncharged when
/// the lease has passed.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_submits() {
    let place = Place::new();
    let process = place.start();
    process
        .control(
            "fal",
            Method::POST,
            "faults",
            json!({"step": "submit", "then": {"hang": {"ms": FOR_EVER_MS}}}),
        )
        .await;
    let client = process.client();
    let answer =
        tokio::spawn(async move { client.submit(&order("killed while it submits")).await });
    until(async || (process.renders().await == 1).then_some(())).await;
    let job = only_open_job(&process).await;
    process.kill();
    assert!(answer.await.unwrap().is_err(), "the caller got no answer");

    let stage = restart(&place).await;
    let caller = stage.caller();
    stage.later(Duration::from_secs(120));
    let failed = caller.finish(&job.to_string()).await;
    assert_eq!(
        (&failed.body["status"], failed.balance),
        (&json!("failed"), Some("50.00".parse().unwrap()))
    );
    assert_eq!((stage.fal().renders(), stage.entries("consumption").await), (1, 0));
    stage.audit().await;
}

fn order(prompt: &str) -> Value {
    json!({"model": "fal/kling-2", "prompt": prompt, "duration": 5})
}

async fn submit(process: &Process, prompt: &str) -> JobId {
    let answer = process.client().submit(&order(prompt)).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["id"].as_str().unwrap().parse().unwrap()
}

/// Polls, as a caller does, until the job is completed, and looks what it cost whom.
async fn completes_once(process: &Process, job: &JobId) {
    let client = process.client();
    let done = until_within(PATIENCE, async || {
        let answer = client.video(&job.to_string()).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        matches!(answer.body["status"].as_str(), Some("completed" | "failed")).then_some(answer)
    })
    .await;
    assert_eq!(done.body["status"], "completed", "{}", done.body);
    assert_eq!(done.balance, Some("45.80".parse().unwrap()), "charged once");
    assert_eq!(process.renders().await, 1, "rendered once");
}

/// The system on what the killed process left, in this process and with a clock that can be put
/// forward.
async fn restart(place: &Place) -> Stage {
    Stage::with(Options { ports: Ports::From(place.port), data: place.data(), ..Options::test() })
        .await
}

fn is_rendering(job: &Job) -> bool {
    matches!(job.state(), State::Processing(processing) if processing.rendering_since.is_some())
}

fn upload_url(job: &Job) -> Option<String> {
    match job.state() {
        State::Processing(processing) => processing.file.as_ref()?.upload_url.clone(),
        _ => None,
    }
}

async fn only_open_job(process: &Process) -> JobId {
    let store = process.store();
    let mut open = Vec::new();
    for shard in SHARDS {
        open.extend(store.overdue(shard, Timestamp::from_unix_s(1 << 40), 10).await.unwrap());
    }
    assert_eq!(open.len(), 1, "{open:?}");
    open[0].job
}
