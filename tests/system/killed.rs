//! The built program is killed at random moments, again and again on the same data, while jobs of
//! both providers pass through it. `restart.rs` kills it at moments that matter. This one finds the
//! moments that were not thought of.

use crate::process::{Place, Process};
use crate::stage::{Stage, until_within};
use crate::traces::QUEUES;
use futures::future::join_all;
use ghub::ambient::Ambient;
use ghub::failure::FailureCode;
use ghub::id::OrgId;
use ghub::job::{Job, State};
use ghub::store::{Entry, Posted};
use local::options::Options;
use local::place::Ports;
use reqwest::Method;
use serde_json::json;
use std::future::pending;
use std::sync::Mutex;
use std::time::Duration;

/// Enough for a kill to fall into each of the steps of a job now and then, few enough for every run
/// of the tests.
const KILLS: usize = 6;
const JOBS_PER_LIFE: usize = 4;
/// A life: with `--fast` a job takes about three seconds, so most lives end in the middle of some.
const LONGEST_LIFE: Duration = Duration::from_millis(4_000);
const MODELS: [&str; 2] = ["fal/kling-2", "google/veo-3.1"];

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_nothing_is_lost_and_nothing_doubled() {
    let (place, ambient) = (Place::new(), Ambient::system());
    let (mut accepted, mut lives) = (Vec::new(), Vec::new());
    for life in 0..KILLS {
        let process = place.start();
        if life == 0 {
            recharge(&process, &ambient).await;
        }
        let length = ambient.jitter(LONGEST_LIFE);
        lives.push(length);
        accepted.extend(live(process, life, length).await);
    }

    let options = Options { ports: Ports::From(place.port), data: place.data(), ..Options::test() };
    let stage = Stage::with(options).await;
    let org = stage.caller().org;
    let jobs = wait_for_end(&stage, org).await;
    println!("lives of {lives:?}; {} jobs stored, {} answered", jobs.len(), accepted.len());
    for id in &accepted {
        assert!(
            jobs.iter().any(|job| job.id().to_string() == *id),
            "{id} was accepted and is lost; lives of {lives:?}"
        );
    }
    for job in &jobs {
        expect_renders(&stage, job, &lives);
    }
    let completed =
        jobs.iter().filter(|job| matches!(job.state(), State::Completed { .. })).count();
    assert_eq!(stage.entries("consumption").await, completed, "lives of {lives:?}");
    assert!(completed > 0 || accepted.is_empty(), "nothing was completed; lives of {lives:?}");
    stage.audit().await;
}

/// Submits jobs to the process, and kills it after so long. Returns the jobs that it accepted.
async fn live(process: Process, life: usize, length: Duration) -> Vec<String> {
    let accepted = Mutex::new(Vec::new());
    let settings = json!({"queued_ms": 100, "rendering_ms": 400});
    process.control("fal", Method::PATCH, "settings", settings).await;
    let orders = (0..JOBS_PER_LIFE).map(async |number| {
        // a caller without an answer when it is killed knows of no job
        let job = submit(&process, life, number).await;
        accepted.lock().unwrap().extend(job);
    });
    let all_and_more = async {
        join_all(orders).await;
        pending::<()>().await;
    };
    drop(tokio::time::timeout(length, all_and_more).await);
    process.kill();
    accepted.into_inner().unwrap()
}

/// The job was rendered once if it is completed. If the outcome of its submission is unknown, it
/// was rendered at most once. A death can hide what came of a submission, and no more.
fn expect_renders(stage: &Stage, job: &Job, lives: &[Duration]) {
    let google = stage
        .system
        .google
        .as_ref()
        .map_or(0, |google| google.simulator.renders_of(job.terms().prompt()));
    let renders = stage.fal().renders_of(job.terms().prompt()) + google;
    let allowed = match job.state() {
        State::Completed { .. } => 1..=1,
        State::Failed { failure, .. } if failure.code == FailureCode::SubmitUnknown => 0..=1,
        _ => panic!("{job:?}; lives of {lives:?}"),
    };
    assert!(allowed.contains(&renders), "{renders} renders of {job:?}; lives of {lives:?}");
}

/// A job's id, or none if no answer came.
async fn submit(process: &Process, life: usize, number: usize) -> Option<String> {
    let order = json!({"model": MODELS[number % MODELS.len()], "prompt": format!("life {life}, job {number}")});
    let answer = process.client().submit(&order).await.ok()?;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["id"].as_str().map(str::to_owned)
}

async fn recharge(process: &Process, ambient: &Ambient) {
    let org: OrgId = process.said("org").parse().unwrap();
    let entry = Entry::recharge(org, "many-lives", "10000".parse().unwrap(), ambient.now_unix_ms());
    assert_eq!(process.store().post(&entry).await.unwrap(), Posted::Now);
}

/// All jobs, when none is open any more. When no function is at work, the clock is put past the
/// turns that killed workers took with them, and a sweep finds their jobs.
async fn wait_for_end(stage: &Stage, org: OrgId) -> Vec<Job> {
    until_within(Duration::from_secs(300), async || {
        let depths = QUEUES.map(|queue| stage.system.sqs.depth(queue).unwrap());
        if depths.iter().any(|depth| depth.visible + depth.in_flight > 0) {
            return None;
        }
        let jobs = stage.jobs_of(org).await;
        if jobs.iter().all(|job| !job.is_open()) {
            return Some(jobs);
        }
        stage.later(Duration::from_secs(60));
        stage.system.invoke("sweep-jobs", json!({})).await.unwrap();
        None
    })
    .await
}
