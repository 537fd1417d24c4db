//! F5, F6 and F13: looking at a job that the provider has. Only a structured refusal in the result
//! is a verdict.

use super::hostile::{ANOTHER_JSON, Foreign, SLOW, answers};
use super::{A_TURN, HOUR, PATIENCE, Quiet, failure, processing};
use futures::future::join_all;
use ghub::failure::FailureCode;
use ghub::status::Status;
use local::fal::{Ending, Verdict, flat_error};
use local::template::{Template, Trigger};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Barrier;

#[tokio::test(flavor = "multi_thread")]
async fn f05_a_broken_status_changes_nothing() {
    break_and_mend("status", |_| true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f05_a_broken_result_changes_nothing() {
    // JSON without a video is a verdict, and so is a result that is not there: F6.
    break_and_mend("result", |name| name != ANOTHER_JSON && name != "HTTP 404").await;
}

/// Each job meets one kind of broken answer, twice: it stays as it is, and completes when the fault
/// has ended.
async fn break_and_mend(step: &str, is_case: impl Fn(&str) -> bool) {
    let quiet = Quiet::new().await;
    let elsewhere = Foreign::answering(
        r#"{"status":"COMPLETED","video":{"url":"https://v3.fal.media/x.mp4"}}"#,
    );
    let mut jobs = Vec::new();
    for (name, then) in answers(&elsewhere.origin).into_iter().filter(|(name, _)| is_case(name)) {
        let (job, request) = quiet.at_fal(&name).await;
        let times = if name == SLOW { 1 } else { 2 }; // it takes the whole of our ten seconds
        quiet.goes_wrong(step, times, &request, then);
        jobs.push((name, job));
    }
    quiet.stage.later(A_TURN); // fal has rendered all of them
    join_all(jobs.iter().map(|(_, job)| quiet.look_at(job))).await;
    for (name, job) in &jobs {
        let shown = quiet.show(job).await;
        assert_eq!(
            (&shown["status"], &shown["error"]),
            (&json!("processing"), &Value::Null),
            "{name}"
        );
    }
    assert_eq!(elsewhere.heard(), [""; 0], "no redirect is followed");
    quiet.expect_charge_for(0).await;

    let ids: Vec<String> = jobs.iter().map(|(_, job)| job.clone()).collect();
    quiet.settle(&ids).await;
    for (name, job) in &jobs {
        assert_eq!(
            (quiet.status(job).await, quiet.stage.fal().renders_of(name)),
            (Status::Completed, 1),
            "{name}"
        );
    }
    quiet.expect_charge_for(u64::try_from(jobs.len()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f06_completed_is_no_verdict_and_the_result_is_one() {
    let quiet = Quiet::new().await;
    let problem = json!([{"loc": ["body", "prompt"], "msg": "too short", "type": "value_error"}]);
    let mut jobs = Vec::new();
    for (prompt, ending, code, says) in [
        (
            "gore",
            Ending::refused("content_policy_violation", "flagged"),
            FailureCode::ContentFiltered,
            "flagged",
        ),
        (
            "odd",
            Ending::Invalid { problems: vec![problem[0].clone()] },
            FailureCode::ProviderRefused,
            "too short",
        ),
        ("empty", Ending::NoUrl, FailureCode::ProviderNoOutput, "no video"),
    ] {
        quiet.stage.fal().decide(Verdict::for_prompts(prompt, ending));
        jobs.push((quiet.at_fal(prompt).await.0, code, says));
    }
    let (slow, request) = quiet.at_fal("its result is late").await;
    quiet.goes_wrong("result", 3, &request, flat_error(504, "request_timeout", "late"));
    quiet.stage.later(A_TURN);
    for (job, code, says) in &jobs {
        quiet.look_at(job).await;
        let error = quiet.show(job).await["error"].to_string();
        assert!(
            failure(&quiet.read_job(job).await) == Some(*code) && error.contains(says),
            "{error}"
        );
    }
    for _ in 0..3 {
        quiet.look_at(&slow).await;
        assert_eq!(quiet.status(&slow).await, Status::Processing, "a 504 is no verdict");
        quiet.stage.later(A_TURN);
    }
    quiet.settle(&[slow]).await;
    quiet.expect_charge_for(1).await;
}

/// fal forgets a large result after six minutes, and any after an hour. So the look that finds the
/// render finished fetches the result too, and keeps the address of its file.
#[tokio::test(flavor = "multi_thread")]
async fn f06_a_result_is_fetched_at_once_and_its_address_kept() {
    let quiet = Quiet::new().await;
    quiet
        .stage
        .fal()
        .decide(Verdict::next(1, Ending::Video { bytes: None, result_bytes: Some(12_000) }));
    let (job, request) = quiet.at_fal("forgotten soon").await;
    quiet.stage.later(A_TURN);
    quiet.look_at(&job).await;
    let file =
        processing(&quiet.read_job(&job).await).file.clone().expect("one look found the file");
    assert!(file.url.contains(&request), "{}", file.url);

    quiet.stage.later(3 * HOUR);
    quiet.store_by_message(&job).await;
    assert_eq!(quiet.status(&job).await, Status::Completed);
    assert_eq!(quiet.asked(&request), 1, "the result was read once");
    quiet.expect_charge_for(1).await;
}

/// A result that cannot be read is asked for until fal has forgotten it, an hour after the render.
/// Then the job ends by that, and costs nothing.
#[tokio::test(flavor = "multi_thread")]
async fn f06_a_render_without_a_result_ends_uncharged() {
    let quiet = Quiet::new().await;
    let broken = Ending::Broken {
        status: 500,
        error_type: Some("runner_server_error".to_owned()),
        detail: "no".to_owned(),
    };
    quiet.stage.fal().decide(Verdict::next(1, broken));
    let (job, _) = quiet.at_fal("never").await;
    for wait in [A_TURN, HOUR / 2] {
        quiet.stage.later(wait);
        quiet.look_at(&job).await;
        assert_eq!(quiet.status(&job).await, Status::Processing, "for an hour it may still come");
    }
    quiet.stage.later(HOUR / 2);
    quiet.look_at(&job).await;
    assert_eq!(failure(&quiet.read_job(&job).await), Some(FailureCode::ProviderNoOutput));
    let shown = quiet.show(&job).await;
    assert!(shown["error"].as_str().unwrap().contains("does not have its result"), "{shown}");
    quiet.expect_charge_for(0).await;
}

/// No answer to a check is handed on before all ten have come: a poller that asks one after the
/// other gets none.
#[tokio::test(flavor = "multi_thread")]
async fn f13_a_batch_is_checked_at_once() {
    let quiet = Quiet::new().await;
    quiet.renders_take(Duration::ZERO, HOUR);
    let mut records = Vec::new();
    for n in 0..10 {
        let (job, _) = quiet.at_fal(&format!("video {n}")).await;
        records.push(quiet.record(&job));
    }
    quiet.stage.later(A_TURN);
    quiet.wire.meet("/status", Arc::new(Barrier::new(10)));
    let batch = quiet.stage.system.invoke("poll-jobs", json!({"Records": records}));
    let answer = tokio::time::timeout(PATIENCE, batch)
        .await
        .expect("all ten are asked about at once")
        .unwrap();
    assert_eq!((answer, quiet.asked("/status")), (json!({"batchItemFailures": []}), 10));
}

#[test]
fn f13_the_checks_at_once_are_bounded() {
    let template = Template::read();
    let triggers = template.functions.iter().filter(|function| function.name == "poll-jobs");
    let bounds: Vec<_> = triggers
        .flat_map(|function| &function.triggers)
        .filter_map(|trigger| match trigger {
            Trigger::Queue { batch_size, concurrency, .. } => Some((*batch_size, *concurrency)),
            _ => None,
        })
        .collect();
    assert!(
        matches!(bounds[..], [(1..=10, Some(2..=20))]),
        "{bounds:?}: 200 checks at once are what fal takes gladly"
    );
}
