//! What an organization may do at once, how long it is told to wait, and what a suspension stops.

use crate::asking::{Ask, Reply};
use crate::stage::{Caller, Stage};
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use ghub::catalog::Catalog;
use ghub::status::Status;
use local::faults::{Fault, Then};
use local::options::{Options, Pace};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_jobs_may_be_open_and_the_next_waits_for_one_to_end() {
    let stage = Stage::new().await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    let caller = stage.caller_with("1000").await;
    let key = stage.key_of(&caller).await;
    let submit = |n: usize| stage.ask(Ask::submit(&key, &kling(&format!("video {n}"))));
    let replies = join_all((0..51).map(submit)).await;
    let (accepted, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((accepted.len(), refused.len()), (50, 1));
    assert_limited(refused[0]);
    assert_eq!((stage.jobs_stored().await, stage.fal().renders()), (50, 50));
    let full = stage.traces().await;
    assert_limited(&submit(51).await);
    stage.expect_nothing_left(&full, "one job too many").await;
    stage.audit().await;

    // Messages about one of the jobs are delivered again: it completes, and it alone.
    let one = accepted[0].job().to_owned();
    let id = one.clone();
    stage.system.sqs.lose_if("PollQueue", move |body| !body.contains(&id)).unwrap();
    stage.later(Duration::from_secs(60)); // overdue, so that the sweep finds it
    stage.until(caller.org, &one, Status::Completed).await;
    let replies = join_all([52, 53].map(submit)).await;
    let (accepted, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((accepted.len(), refused.len()), (1, 1), "one place was free");
    assert_limited(refused[0]);
    stage.audit().await;
}

fn assert_limited(reply: &Reply) {
    let message = reply.refused(429, "rate_limit_exceeded");
    assert!(message.contains("50 jobs are in progress"), "{message}");
    assert_eq!(reply.retry_after_s(), Some(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_job_says_when_to_ask_again() {
    let stage = start_unpolled().await;
    stage.stop_the_clock();
    let caller = stage.caller_with("1000").await;
    let key = stage.key_of(&caller).await;
    let told = [
        ("google/veo-3.1", 30),
        ("google/veo-3", 20),
        ("fal/veo-3.1", 30),
        ("fal/runway-gen-4", 10),
        ("fal/luma-ray-2", 10),
        ("fal/kling-2", 15),
        ("fal/hailuo-02", 15),
        ("fal/hailuo-02-pro", 15),
        ("fal/kling-2.5-turbo-pro", 15),
        ("fal/kling-3-pro", 15),
        ("fal/kling-3-standard", 15),
        ("fal/veo-3.1-fast", 20),
        ("fal/veo-3.1-lite", 20),
        ("google/veo-3.1-fast", 20),
        ("google/veo-3.1-lite", 20),
    ];
    assert_eq!(told.len(), Catalog::published().iter().count());
    for (model, cadence_s) in told {
        let submitted =
            stage.ask(Ask::submit(&key, &json!({"model": model, "prompt": "patience"}))).await;
        assert_eq!(
            (submitted.body["status"].as_str(), submitted.retry_after_s()),
            (Some("processing"), Some(cadence_s)),
            "{model}"
        );
        follow(&stage, &key, submitted.job(), cadence_s).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_job_says_it_too_and_a_finished_one_says_nothing() {
    let stage = start_unpolled().await;
    stage.stop_the_clock();
    let caller = stage.caller_with("1000").await;
    let key = stage.key_of(&caller).await;
    let faults = stage.fal().faults();
    faults.add(Fault::once("submit", Then::answer(429, r#"{"detail":"slow down"}"#))).unwrap();
    let pending = stage.ask(Ask::submit(&key, &kling("pending")).idempotency_key("pending")).await;
    assert_eq!(
        (pending.body["status"].as_str(), pending.retry_after_s()),
        (Some("pending"), Some(15))
    );
    let replay = stage.ask(Ask::submit(&key, &kling("pending")).idempotency_key("pending")).await;
    assert_eq!((replay.is_replay(), replay.retry_after_s()), (true, Some(15)));
    follow(&stage, &key, pending.job(), 15).await;

    faults.add(Fault::once("submit", Then::answer(422, r#"{"detail":"no"}"#))).unwrap();
    let failed = stage.ask(Ask::submit(&key, &kling("failed"))).await;
    assert_eq!((failed.body["status"].as_str(), failed.retry_after_s()), (Some("failed"), None));
    assert_eq!(stage.ask(Ask::video(&key, failed.job())).await.retry_after_s(), None);
    stage.audit().await;

    let stage = Stage::new().await;
    let (caller, key) = (stage.caller(), stage.system.identity.live_key.clone());
    let job = caller.accept("completed").await;
    stage.until(caller.org, &job, Status::Completed).await;
    let completed = stage.ask(Ask::video(&key, &job)).await;
    assert_eq!(
        (completed.body["status"].as_str(), completed.retry_after_s()),
        (Some("completed"), None)
    );
}

/// Asks again and again while the job grows old: a tenth of its age, not less than the cadence at
/// first, not more than a minute.
async fn follow(stage: &Stage, key: &str, job: &str, cadence_s: u64) {
    let mut age_s = 0;
    for later_s in [0, 90, 90, 200, 200, 40, 3000] {
        stage.later(Duration::from_secs(later_s));
        age_s += later_s;
        let reply = stage.ask(Ask::video(key, job)).await;
        assert_eq!(
            reply.retry_after_s(),
            Some((age_s / 10).clamp(cadence_s, 60)),
            "after {age_s} s: {}",
            reply.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_organization_is_served_nothing() {
    let stage = start_unpolled().await;
    let (caller, other) = (stage.caller(), stage.caller_with("50").await);
    let (key, others_key) = (stage.key_of(&caller).await, stage.key_of(&other).await);
    let earlier = Ask::submit(&key, &kling("before")).idempotency_key("before");
    let job = stage.ask(earlier.clone()).await.job().to_owned();
    suspend(&stage, &caller, true).await;
    let before = stage.traces().await;
    for ask in [
        Ask::submit(&key, &kling("during")),
        Ask::submit(&key, &kling("during")).idempotency_key("during"),
        earlier.clone(),
        Ask::submit(&key, &json!({"model": "fal/kling-9"})),
        Ask::video(&key, &job),
        Ask::video(&key, "e8c96506-72a1-429f-a7ed-4bb0a42541be"),
        Ask::video(&key, "not-a-uuid"),
    ] {
        let reply = stage.ask(ask).await;
        reply.refused(403, "organization_suspended");
        assert_eq!(reply.retry_after_s(), None);
    }
    stage.expect_nothing_left(&before, "a suspended organization").await;
    assert_eq!(
        stage.ask(Ask::submit(&others_key, &kling("elsewhere"))).await.status,
        200,
        "others are served"
    );

    suspend(&stage, &caller, false).await;
    assert_eq!(stage.ask(Ask::video(&key, &job)).await.job(), job);
    assert_eq!(stage.ask(earlier).await.job(), job);
    let during = stage.ask(Ask::submit(&key, &kling("during")).idempotency_key("during")).await;
    assert!(!during.is_replay());
    assert_eq!(during.body["status"], "processing");
    stage.audit().await;
}

async fn suspend(stage: &Stage, caller: &Caller, suspended: bool) {
    let update =
        stage.dynamodb().update_item().table_name(&stage.system.variables["TABLE_ACCOUNTS"]);
    let update = update.key("org", AttributeValue::S(caller.org.to_string()));
    let update = update.update_expression("SET suspended = :suspended");
    update
        .expression_attribute_values(":suspended", AttributeValue::Bool(suspended))
        .send()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_available_is_nothing_accepted() {
    let stage = start_unpolled().await;
    for (balance, held, missing) in [
        ("0.00", "0.00", "0.000001"),
        ("-0.000001", "0.00", "0.000002"),
        ("-3.50", "0.00", "3.500001"),
        ("4.20", "4.20", "0.000001"),
        ("0.01", "4.20", "4.190001"),
    ] {
        let caller = stage.caller_with(balance).await;
        let key = stage.key_of(&caller).await;
        if held != "0.00" {
            caller.accept("held").await;
        }
        let before = stage.traces().await;
        for ask in [
            Ask::submit(&key, &kling("none")),
            Ask::submit(&key, &kling("none")).idempotency_key("none"),
        ] {
            let reply = stage.ask(ask).await;
            let message = reply.refused(402, "insufficient_balance");
            for part in [
                format!("balance is MXN {balance},"),
                format!("MXN {held} is held"),
                format!("at least MXN {missing} "),
            ] {
                assert!(message.contains(&part), "{part:?} in {message:?}");
            }
            assert_eq!(
                (reply.balance(), reply.retry_after_s()),
                (Some(balance.parse().unwrap()), None)
            );
        }
        stage.expect_nothing_left(&before, &format!("a submit on {balance}")).await;
    }
    stage.audit().await;
}

/// A system at the providers' own pace, whose jobs stay as the submit left them.
async fn start_unpolled() -> Stage {
    let stage = Stage::with(Options { pace: Pace::Usual, ..Options::test() }).await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    stage
}

fn kling(prompt: &str) -> Value {
    json!({"model": "fal/kling-2", "prompt": prompt})
}
