//! Jobs that no caller watches, and messages that are lost, doubled or cannot be read.

use crate::stage::Stage;
use crate::still::{AT_ONCE, Still};
use crate::traces::QUEUES;
use ghub::id::OrgId;
use ghub::job::{Processing, State};
use ghub::status::Status;
use local::faults::{Fault, Then};
use local::options::Options;
use local::sqs::NewMessage;
use local::supabase::Step;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_completes_when_nobody_polls() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    let job = caller.accept("nobody watches").await;
    stage.until(caller.org, &job, Status::Completed).await;
    assert_eq!(stage.fal().renders_of("nobody watches"), 1);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_come_twice_change_nothing() {
    let stage = Stage::new().await;
    for queue in QUEUES {
        stage.system.sqs.duplicate(queue, true).unwrap();
    }
    let caller = stage.caller();
    let job = caller.accept("seen double").await;
    stage.until(caller.org, &job, Status::Completed).await;
    assert_eq!(stage.fal().renders_of("seen double"), 1);
    assert_eq!(stage.entries("consumption").await, 1);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubled_message_dies_out() {
    let every_minute = BTreeMap::from([(
        "Catalog".to_owned(),
        r#"{"fal/kling-2":{"poll_every_seconds":60}}"#.to_owned(),
    )]);
    let stage = Stage::with(Options { parameters: every_minute, ..Options::test() }).await;
    stage.fal().set_render(local::fal::Render {
        queued: Duration::ZERO,
        rendering: Duration::from_secs(600),
    });
    // the test delivers the messages itself
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    let caller = stage.caller();
    let job = caller.accept("one chain").await;
    let twice =
        json!({"Records": [record("first", caller.org, &job), record("second", caller.org, &job)]});
    let looks =
        || stage.fal().requests().iter().filter(|seen| seen.path.ends_with("/status")).count();
    let sent = || stage.system.sqs.accepted("PollQueue").unwrap();

    stage.later(Duration::from_secs(60));
    let before = sent();
    for _ in 0..3 {
        let answer = stage.system.invoke("poll-jobs", twice.clone()).await.unwrap();
        assert_eq!(answer, json!({"batchItemFailures": []}));
        assert_eq!(
            (looks(), sent() - before),
            (1, 1),
            "six messages are one look and one message for the next"
        );
    }
    stage.later(Duration::from_secs(60));
    stage.system.invoke("poll-jobs", twice).await.unwrap();
    assert_eq!((looks(), sent() - before), (2, 2));
}

fn record(id: &str, org: OrgId, job: &str) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": id,
        "body": json!({"org": org, "job": job}).to_string(),
        "attributes": {},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:PollQueue",
        "awsRegion": "us-east-1",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_message_only_takes_time() {
    let stage = Stage::new().await;
    stage.system.sqs.lose_next("PollQueue", 1).unwrap();
    let caller = stage.caller();
    let job = caller.accept("lost and found").await;
    stage.later(Duration::from_secs(60)); // past the sweep's grace
    stage.until(caller.org, &job, Status::Completed).await;
    assert_eq!(
        (stage.fal().renders_of("lost and found"), stage.entries("consumption").await),
        (1, 1)
    );
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_store_message_only_takes_time() {
    let stage = Stage::new().await;
    stage.system.sqs.lose_next("StoreQueue", 1).unwrap();
    let caller = stage.caller();
    let job = caller.accept("stored late").await;
    crate::stage::until(async || {
        let seen = stage.read_job(caller.org, &job).await;
        matches!(seen.state(), State::Processing(Processing { file: Some(_), .. })).then_some(())
    })
    .await;
    stage.later(Duration::from_secs(60)); // past the sweep's grace
    stage.until(caller.org, &job, Status::Completed).await;
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_poll_hurries_an_overdue_job() {
    let stage = Stage::new().await;
    stage.system.sqs.lose_next("PollQueue", 1).unwrap();
    let caller = stage.caller();
    let job = caller.accept("hurry").await;
    stage.later(Duration::from_secs(10)); // overdue for a poll, not yet for the sweep
    let finished = caller.finish(&job).await;
    assert_eq!(finished.body["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_read_does_not_hold_up_its_batch() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    for body in ["?", "no json", "{}", r#"{"org":"x","job":"y"}"#] {
        stage.system.sqs.send("PollQueue", NewMessage::text(body)).unwrap();
    }
    let job = caller.accept("beside poison").await;
    stage.until(caller.org, &job, Status::Completed).await;
    let depth = stage.system.sqs.depth("PollQueue").unwrap();
    assert_eq!(depth.in_flight, 4, "the unreadable ones come again and end among the dead letters");
}

/// The cadence of a fast system is a second, and a wait before another try is spread over its
/// second half. None of it is cut to nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_tried_again_waits_for_a_second_at_least() {
    let still = Still::new().await;
    let submits =
        || still.stage.fal().requests().iter().filter(|seen| seen.method == "POST").count();
    still.stage.fal().faults().add(Fault::forever("submit", Then::answer(429, "{}"))).unwrap();
    let refused = still.caller.accept("refused").await;
    for seconds in 1..=5 {
        for _ in 0..20 {
            still.deliver("poll-jobs", &refused).await;
        }
        assert_eq!(submits(), seconds, "one in each second, however many messages come");
        still.stage.later(Duration::from_secs(1));
    }

    still.stage.fal().faults().clear();
    still.stage.fal().set_render(AT_ONCE);
    let busy = Then::Answer { status: 503, headers: [].into(), body: "busy".into() };
    still.stage.storage().faults().add(Fault::forever(Step::Upload, busy)).unwrap();
    let job = still.caller.accept("not stored").await;
    still.look_in(61, &job).await;
    let uploads =
        || still.stage.storage().requests().iter().filter(|seen| seen.method == "POST").count();
    let before = uploads();
    for seconds in 1..=5 {
        for _ in 0..20 {
            still.deliver("store-video", &job).await;
        }
        assert_eq!(uploads() - before, seconds, "the same of transfers");
        still.stage.later(Duration::from_secs(1));
    }
}
