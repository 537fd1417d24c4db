//! Idempotency keys: however often a request is sent under one key, it is one job, one hold and one
//! render.

mod known;

use crate::asking::{Ask, Reply};
use crate::money::Conflicts;
use crate::stage::{Caller, Stage};
use futures::future::join_all;
use ghub::status::Status;
use ghub::store::Entry;
use local::faults::{Fault, Then};
use local::options::Options;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_with_one_key_are_one_job() {
    fifty_at_once(start_unpolled().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_with_one_key_are_one_job_when_transactions_conflict() {
    let conflicts = Arc::new(Conflicts::default());
    let stage = Stage::with(Options { gate: Some(conflicts.clone()), ..Options::test() }).await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    fifty_at_once(stage).await;
    assert!(conflicts.injected.load(Ordering::SeqCst) > 25, "the conflicts were really there");
}

async fn fifty_at_once(stage: Stage) {
    let caller = stage.caller();
    let key = stage.key_of(&caller).await;
    // The provider takes its time, so that the others come while the first is still sending.
    stage.fal().faults().add(Fault::once("submit", Then::Hang { ms: 1_000 })).unwrap();
    let ask = Ask::submit(&key, &kling("fifty times")).idempotency_key("only-once");
    let replies = join_all((0..50).map(|_| answer(&stage, &ask))).await;

    let job = replies[0].job();
    for reply in &replies {
        assert_eq!((reply.job(), &reply.body), (job, &replies[0].body), "fifty equal answers");
        assert_eq!(reply.body["status"], "processing");
    }
    assert_eq!(replies.iter().filter(|reply| reply.is_replay()).count(), 49);
    assert_eq!((stage.jobs_stored().await, stage.fal().renders_of("fifty times")), (1, 1));
    let submissions = stage.fal().requests().iter().filter(|seen| seen.method == "POST").count();
    assert_eq!(submissions, 1, "one submission was sent, not one taken of many");
    let account = stage.store.account(caller.org).await.unwrap().unwrap();
    assert_eq!((account.held.to_string(), account.open_jobs), ("4.20".to_owned(), 1));
    assert_eq!(stage.system.sqs.accepted("PollQueue").unwrap(), 1);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_shows_the_job_as_it_is_now() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    let key = stage.key_of(&caller).await;
    let ask = Ask::submit(&key, &kling("twice")).idempotency_key("k");
    let first = stage.ask(ask.clone()).await;
    assert!(!first.is_replay());
    stage.until(caller.org, first.job(), Status::Completed).await;

    let before = stage.traces().await;
    let replay = stage.ask(ask).await;
    assert!(replay.is_replay());
    assert_eq!((replay.job(), &replay.body["status"]), (first.job(), &json!("completed")));
    assert!(replay.body["video_url"].as_str().unwrap().ends_with("/video.mp4"));
    assert_eq!((replay.balance(), replay.retry_after_s()), (Some("45.80".parse().unwrap()), None));
    stage.expect_nothing_left(&before, "a replay").await;
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_counts_is_what_was_sent_however_it_was_written() {
    let stage = start_unpolled().await;
    let key = stage.key_of(&stage.caller()).await;
    let under = |body: &str| Ask::submit(&key, &Value::Null).body(body).idempotency_key("meaning");
    let first = stage
        .ask(under(r#"{"model":"fal/kling-2","prompt":"é, once","aspect_ratio":"9:16"}"#))
        .await;
    let job = first.job();
    let before = stage.traces().await;

    for same in [
        r#"{"model":"fal/kling-2","prompt":"é, once","aspect_ratio":"9:16"}"#,
        "\n{ \"aspect_ratio\" : \"9:16\",\t\"prompt\" : \"é, once\", \"model\" : \"fal/kling-2\" }\r\n",
        r#"{"model":"fal/kling-2","prompt":"\u00e9, once","aspect_ratio":"9:16"}"#,
        r#"{"model":"fal/kling-2","prompt":"é, once","aspect_ratio":"9:16","duration":null,"seed":null}"#,
    ] {
        let reply = stage.ask(under(same)).await;
        assert_eq!((reply.job(), reply.is_replay()), (job, true), "{same}");
    }
    for other in [
        r#"{"model":"fal/kling-2","prompt":"é, twice","aspect_ratio":"9:16"}"#,
        r#"{"model":"fal/kling-2","prompt":"É, once","aspect_ratio":"9:16"}"#,
        r#"{"model":"fal/kling-2","prompt":"é, once ","aspect_ratio":"9:16"}"#,
        r#"{"model":"fal/kling-2","prompt":"é, once","aspect_ratio":"16:9"}"#,
        r#"{"model":"fal/kling-2","prompt":"é, once"}"#,
        r#"{"model":"fal/kling-2","prompt":"é, once","aspect_ratio":"9:16","duration":10}"#,
        // Kling's default, but it was not sent.
        r#"{"model":"fal/kling-2","prompt":"é, once","aspect_ratio":"9:16","duration":5}"#,
        r#"{"model":"fal/luma-ray-2","prompt":"é, once","aspect_ratio":"9:16"}"#,
        r#"{"model":"fal/kling-2","prompt":"é, once","aspect_ratio":"9:16","user":"u"}"#,
        r#"{"model":"fal/kling-2","prompt":"é, once","aspect_ratio":"9:16","max_cost":"9"}"#,
        // What cannot be accepted any more is another request all the same.
        r#"{"model":"fal/none","prompt":"é, once","aspect_ratio":"9:16"}"#,
        r#"{"model":"fal/kling-2","prompt":"é, once","aspect_ratio":"9:16","seed":7}"#,
    ] {
        let reply = stage.ask(under(other)).await;
        assert!(reply.refused(409, "idempotency_conflict").contains("Idempotency-Key"), "{other}");
        assert_eq!(
            (reply.header("x-should-retry"), reply.is_replay()),
            (Some("false"), false),
            "{other}"
        );
    }
    stage.expect_nothing_left(&before, "a replay or a conflict").await;
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_its_organizations_own() {
    let stage = start_unpolled().await;
    let (ours, theirs) = (stage.caller(), stage.caller_with("50").await);
    let mut jobs = Vec::new();
    for (caller, prompt) in [(&ours, "ours"), (&theirs, "theirs")] {
        let key = stage.key_of(caller).await;
        let reply = stage.ask(Ask::submit(&key, &kling(prompt)).idempotency_key("shared")).await;
        assert!(!reply.is_replay(), "{prompt}");
        assert_eq!(reply.body["prompt"], prompt);
        jobs.push(reply.job().to_owned());
        let other_key = stage.key_of(caller).await;
        let reply =
            stage.ask(Ask::submit(&other_key, &kling(prompt)).idempotency_key("shared")).await;
        assert_eq!(
            (reply.job(), reply.is_replay()),
            (jobs.last().unwrap().as_str(), true),
            "by another API key"
        );
    }
    assert_ne!(jobs[0], jobs[1]);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_1_to_255_visible_ascii_characters() {
    let stage = start_unpolled().await;
    let key = stage.key_of(&stage.caller_with("500").await).await;
    let under = |idempotency_key: &[u8], prompt: &str| {
        Ask::submit(&key, &kling(prompt)).idempotency_key(idempotency_key)
    };
    let before = stage.traces().await;
    let longest = "k".repeat(255);
    let too_long = format!("{longest}k");
    for bad in [
        b"".as_slice(),
        too_long.as_bytes(),
        b"two words",
        b"tab\there",
        "ñ".as_bytes(),
        b"\xff",
        "🦜".as_bytes(),
    ] {
        let reply = stage.ask(under(bad, "refused")).await;
        let message = reply.refused(400, "invalid_request_error");
        let (named, accepts) = ("Idempotency-Key: ", "1 to 255 visible ASCII characters");
        assert!(message.starts_with(named) && message.contains(accepts), "{bad:?}: {message}");
        stage.expect_nothing_left(&before, &format!("{bad:?}")).await;
    }
    let every_character: String = ('!'..='~').collect();
    for (prompt, good) in [("one", "k"), ("longest", &longest), ("every", &every_character)] {
        let (first, again) = (under(good.as_bytes(), prompt), under(good.as_bytes(), prompt));
        let job = stage.ask(first).await.job().to_owned();
        let replay = stage.ask(again).await;
        assert_eq!((replay.job(), replay.is_replay()), (job.as_str(), true), "{good}");
    }
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_free_again_after_a_day() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    let key = stage.key_of(&caller).await;
    let under = |prompt: &str| Ask::submit(&key, &kling(prompt)).idempotency_key("daily");
    let first = finish(&stage, &caller, stage.ask(under("today")).await).await;

    stage.later(Duration::from_secs(23 * 3600));
    assert_eq!(stage.ask(under("today")).await.job(), first);
    stage.ask(under("tomorrow")).await.refused(409, "idempotency_conflict");

    stage.later(Duration::from_secs(3600 + 1));
    let reply = stage.ask(under("tomorrow")).await;
    assert!(!reply.is_replay());
    let second = finish(&stage, &caller, reply).await;
    assert_ne!(first, second);
    assert!(stage.ask(under("tomorrow")).await.is_replay(), "and it stands for a day again");
    assert_eq!(stage.entries("consumption").await, 2);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_leaves_its_key_free() {
    let stage = start_unpolled().await;
    let caller = stage.caller_with("0").await;
    let key = stage.key_of(&caller).await;
    let under = |idempotency_key: &str, order: &Value| {
        Ask::submit(&key, order).idempotency_key(idempotency_key)
    };
    let before = stage.traces().await;
    stage.ask(under("poor", &kling("later"))).await.refused(402, "insufficient_balance");
    let seven = json!({"model": "fal/kling-2", "prompt": "later", "duration": 7});
    stage.ask(under("wrong", &seven)).await.refused(400, "invalid_request_error");
    stage
        .ask(under("unknown", &json!({"model": "fal/kling-9", "prompt": "later"})))
        .await
        .refused(404, "model_not_found");
    stage.expect_nothing_left(&before, "a refused request").await;

    let now_ms = stage.system.world().ambient.now_unix_ms();
    let topped_up = Entry::recharge(caller.org, "a-payment", "20".parse().unwrap(), now_ms);
    stage.store.post(&topped_up).await.unwrap();
    for (n, idempotency_key) in ["poor", "wrong", "unknown"].into_iter().enumerate() {
        let reply = stage.ask(under(idempotency_key, &kling("later"))).await;
        assert_eq!((reply.job().len(), reply.is_replay()), (36, false), "{idempotency_key}");
        assert_eq!(stage.fal().renders_of("later"), n + 1);
    }
    stage.audit().await;
}

/// A lost answer is asked for again, and what was held for it meanwhile must not refuse it.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_needs_no_balance_and_no_place() {
    let stage = start_unpolled().await;
    let caller = stage.caller_with("0.01").await;
    let key = stage.key_of(&caller).await;
    let ask = Ask::submit(&key, &kling("the last one")).idempotency_key("last");
    let job = stage.ask(ask.clone()).await.job().to_owned();
    stage.ask(Ask::submit(&key, &kling("one more"))).await.refused(402, "insufficient_balance");
    let replay = stage.ask(ask).await;
    assert_eq!((replay.job(), replay.is_replay()), (job.as_str(), true));
    stage.audit().await;
}

/// A slow machine may use up the time for conflicts between transactions: then nothing was
/// accepted, and a caller sends it again.
async fn answer(stage: &Stage, ask: &Ask) -> Reply {
    loop {
        let reply = stage.ask(ask.clone()).await;
        if reply.status != 503 {
            return reply;
        }
        reply.refused(503, "service_unavailable");
    }
}

/// A system whose jobs stay as the submit left them.
async fn start_unpolled() -> Stage {
    let stage = Stage::new().await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    stage
}

fn kling(prompt: &str) -> Value {
    json!({"model": "fal/kling-2", "prompt": prompt})
}

async fn finish(stage: &Stage, caller: &Caller, reply: Reply) -> String {
    stage.until(caller.org, reply.job(), Status::Completed).await;
    reply.job().to_owned()
}
