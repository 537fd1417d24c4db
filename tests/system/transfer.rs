//! The way of a video from the provider's file host into storage: broken, cut, silent, wrong or
//! very large.

mod lengths;
#[cfg(target_os = "linux")]
mod memory;
mod servers;
mod uploads;

use crate::stage::{Caller, Stage, until};
use ghub::outbound::Outbound;
use ghub::status::Status;
use local::fal::{Ending, Verdict};
use local::faults::{Fault, Then};
use local::options::Options;
use local::supabase::{self, Step};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use std::time::Duration;

const PART: u64 = 6 << 20;
const BUCKET: &str = "generated-videos";

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_in_the_place_of_the_video_is_never_stored() {
    let page = Then::Answer {
        status: 200,
        headers: [].into(),
        body: "<!doctype html><title>Sign in</title>".into(),
    };
    completes_only_when_mended(
        |stage| stage.fal().faults().add(Fault::forever("file", page)).unwrap(),
        |stage| {
            assert_eq!(uploads(stage), 0, "not even begun");
            stage.fal().faults().clear();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_is_cut_on_its_way_is_never_stored() {
    completes_only_when_mended(
        |stage| {
            stage
                .fal()
                .faults()
                .add(Fault::forever("file", Then::TruncatedBody { keep_bytes: 300_000 }))
                .unwrap();
        },
        |stage| {
            assert_eq!(uploads(stage), 0, "not even begun");
            stage.fal().faults().clear();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_size_that_differs_in_storage_does_not_count() {
    completes_only_when_mended(
        |stage| misbehaves(stage, Step::Info, Then::Own(supabase::Odd::WrongSize { size: 1 })),
        |stage| stage.storage().faults().clear(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_the_public_cannot_fetch_does_not_count() {
    completes_only_when_mended(
        |stage| assert!(stage.storage().set_public(BUCKET, false).unwrap()),
        |stage| assert!(stage.storage().set_public(BUCKET, true).unwrap()),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_takes_nothing_gets_the_video_later() {
    let busy = Then::Answer { status: 503, headers: [].into(), body: "busy".into() };
    completes_only_when_mended(
        |stage| misbehaves(stage, Step::Upload, busy),
        |stage| stage.storage().faults().clear(),
    )
    .await;
}

/// What the provider itself says is whole, and is not, may be a passing fault for an hour. Then it
/// is the provider's failure, uncharged.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_serves_for_an_hour_and_is_no_video_fails_the_job() {
    for (prompt, ending, cause) in [
        ("half of it", Ending::CutVideo { keep_bytes: 300_000 }, "truncated"),
        ("a page", Ending::Html, "does not begin like an MP4"),
    ] {
        let stage = Stage::new().await;
        stage.fal().decide(Verdict::next(1, ending));
        let caller = stage.caller();
        let job = caller.accept(prompt).await;
        try_to_store(&stage, 2).await;
        assert_eq!(stage.read_job(caller.org, &job).await.status(), Status::Processing);
        assert_eq!(uploads(&stage), 0, "{prompt}");

        stage.later(Duration::from_secs(61 * 60));
        let failed = caller.finish(&job).await;
        assert_eq!(failed.body["status"], "failed");
        assert!(failed.body["error"].as_str().unwrap().contains(cause), "{}", failed.body);
        assert_eq!(
            (failed.balance, stage.entries("consumption").await),
            (Some("50.00".parse().unwrap()), 0)
        );
        stage.audit().await;
    }
}

/// SQS hands out first what belongs to an organization with few messages in work, where it is told
/// whose they are.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_about_a_file_says_whose_it_is() {
    let (stage, calls) = Stage::watch(Options::test()).await;
    let caller = stage.caller();
    let busy = Then::Answer { status: 503, headers: [].into(), body: "busy".to_owned() };
    stage.storage().faults().add(Fault::once(Step::Upload, busy)).unwrap();
    let job = caller.accept("stored at the second attempt").await;
    stage.until(caller.org, &job, Status::Completed).await;
    let groups = |queue: &str| -> Vec<Value> {
        let sends = calls.seen().into_iter().filter(|call| call.what.contains("SendMessage"));
        let of_queue = sends
            .filter(|call| call.body["QueueUrl"].as_str().is_some_and(|url| url.ends_with(queue)));
        of_queue.map(|call| call.body["MessageGroupId"].clone()).collect()
    };
    for queue in ["/StoreQueue", "/StoreAgainQueue"] {
        let groups = groups(queue);
        assert!(
            !groups.is_empty() && groups.iter().all(|group| *group == json!(caller.org)),
            "{queue}: {groups:?}"
        );
    }
    assert!(groups("/PollQueue").iter().all(Value::is_null), "a look is short");
}

/// Something is wrong from the start: the video is tried again and again, is never shown and never
/// charged, and once the fault has ended the job completes.
async fn completes_only_when_mended(break_it: impl FnOnce(&Stage), mend: impl FnOnce(&Stage)) {
    let stage = Stage::new().await;
    break_it(&stage);
    let caller = stage.caller();
    let job = caller.accept("a hummingbird at dawn").await;
    try_to_store(&stage, 3).await;
    let shown = caller.client.video(&job).await.unwrap();
    assert_eq!(
        (&shown.body["status"], &shown.body["video_url"]),
        (&json!("processing"), &Value::Null)
    );
    assert_eq!(
        (shown.balance, stage.entries("consumption").await),
        (Some("50.00".parse().unwrap()), 0)
    );
    stage.audit().await;

    mend(&stage);
    completes_once(&stage, &caller, &job).await;
}

/// Waits for the end, and looks at what is stored and charged.
async fn completes_once(stage: &Stage, caller: &Caller, job: &str) {
    stage.until(caller.org, job, Status::Completed).await;
    let stored = stage
        .storage()
        .object(BUCKET, &format!("{}/{job}/video.mp4", caller.org))
        .expect("it is stored");
    assert_eq!(stored.content_type, "video/mp4");
    assert!(
        std::fs::read(stored.file).unwrap() == render(stage).await,
        "what is stored is what was rendered"
    );
    assert_eq!((stage.fal().renders(), stage.entries("consumption").await), (1, 1));
    let balance = stage.store.account(caller.org).await.unwrap().unwrap().balance;
    assert_eq!(balance.to_string(), "45.80");
    stage.audit().await;
}

/// The file as fal serves it, at the address at which it was last fetched.
async fn render(stage: &Stage) -> Vec<u8> {
    let path = fetches(stage).pop().expect("it was fetched");
    let url = format!("{}{path}", stage.system.fal.as_ref().unwrap().origin);
    let answer = Outbound::network()
        .exchange(Request::new(Method::GET, url.parse().unwrap()))
        .await
        .unwrap();
    answer.bytes().await.unwrap().into()
}

/// Waits until the video was tried to be stored so often.
async fn try_to_store(stage: &Stage, times: usize) {
    // one more has begun, so that those have ended
    until(async || (fetches(stage).len() > times).then_some(())).await;
}

fn fetches(stage: &Stage) -> Vec<String> {
    stage
        .fal()
        .requests()
        .into_iter()
        .map(|seen| seen.path)
        .filter(|path| path.starts_with("/files/"))
        .collect()
}

fn uploads(stage: &Stage) -> usize {
    let sends = |seen: &&supabase::Seen| {
        (seen.method == "POST" || seen.method == "PUT" || seen.method == "PATCH")
            && !seen.path.ends_with("/bucket")
    };
    stage.storage().requests().iter().filter(sends).count()
}

fn misbehaves(stage: &Stage, step: Step, fault: Then<supabase::Odd>) {
    stage.storage().faults().add(Fault::forever(step, fault)).unwrap();
}
