//! `DELETE /v1/videos/{id}`: the file, the words and the address of a job that is over are gone for
//! good; what it cost stays in the books.

mod interruptions;
mod places;

use crate::asking::Reply;
use crate::still::{FOR_HOURS, Still};
use ghub::aws::sdk_config;
use ghub::failure::FailureCode;
use ghub::job::{Deletion, State};
use ghub::outbound::Outbound;
use ghub::status::Status;
use ghub::storage::Storage;
use local::faults::{Fault, Then};
use reqwest::{Method, Request};
use serde_json::json;

const BUCKET: &str = "generated-videos";
const PROMPT: &str = "a hummingbird at dawn that nobody else should know of";

#[tokio::test(flavor = "multi_thread")]
async fn the_file_the_words_and_the_address_go_and_the_receipt_stays() {
    let still = Still::new().await;
    let job = still.complete(PROMPT).await;
    let before = still.read_job(&job).await;
    let url = still.show(&job).await.body["video_url"].as_str().unwrap().to_owned();
    assert_eq!((http_status(&url).await, still.stage.traces().await.mentions(PROMPT)), (200, true));
    let ledger = still.stage.traces().await.of("TABLE_LEDGER");

    let reply = still.delete(&job).await;
    let body = json!({"id": job, "object": "video.deleted", "deleted": true, "cached_for_at_most_seconds": 86_400});
    assert_eq!(
        (reply.status, &reply.body, reply.balance()),
        (200, &body, Some("995.80".parse().unwrap()))
    );
    assert_ne!(http_status(&url).await, 200, "the file is gone from its public address");
    let asked = still.stage.storage().requests();
    let last: Vec<_> = asked
        .iter()
        .rev()
        .skip(1)
        .take(3)
        .map(|seen| (seen.method.as_str(), seen.apikey_present))
        .collect();
    assert_eq!(
        last,
        [("GET", false), ("GET", true), ("DELETE", true)],
        "removed, and asked for with the key and without"
    );
    is_gone(&still, &job).await;

    let traces = still.stage.traces().await;
    assert!(
        !traces.mentions(PROMPT) && !traces.mentions(&url),
        "no table knows what was asked for, nor where it was"
    );
    assert_eq!(traces.of("TABLE_LEDGER"), ledger);
    let after = still.read_job(&job).await;
    let State::Completed { at, trace, .. } = before.state() else { panic!("{before:?}") };
    assert!(trace.is_some());
    assert_eq!(
        *after.state(),
        State::Completed { at: *at, video_url: String::new(), trace: trace.clone() }
    );
    assert_eq!(
        (after.cost(), after.terms().price(), after.terms().seconds(), after.terms().model()),
        (before.cost(), before.terms().price(), 5, before.terms().model())
    );
    assert!(matches!(after.deletion(), Some(Deletion { file_gone: true, .. })));
    still.has("995.80", "0.00").await;
}

/// A provider's words may repeat the prompt, and a video may have been stored before its job
/// failed.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_is_deleted_with_whatever_is_left_of_it() {
    let still = Still::new().await;
    still
        .stage
        .fal()
        .faults()
        .add(Fault::once("submit", Then::answer(422, json!({"detail": PROMPT}))))
        .unwrap();
    let job = still.caller.accept(PROMPT).await;
    assert_eq!(still.show(&job).await.body["error"], PROMPT);
    let path = Storage::path(still.caller.org, job.parse().unwrap());
    storage(&still).await.upload(&path, b"a video".as_slice().into()).await.unwrap();

    let reply = still.delete(&job).await;
    assert_eq!(
        (reply.status, &reply.body["cached_for_at_most_seconds"]),
        (200, &json!(0)),
        "it was never shown"
    );
    assert_eq!(still.stage.storage().object(BUCKET, &path), None);
    is_gone(&still, &job).await;
    assert!(!still.stage.traces().await.mentions(PROMPT));
    let stored = still.read_job(&job).await;
    let State::Failed { failure, .. } = stored.state() else {
        panic!("it failed, and that is final")
    };
    assert_eq!((failure.code, failure.message.as_str()), (FailureCode::ProviderRefused, ""));
    still.has("1000.00", "0.00").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_over_is_not_deleted() {
    let still = Still::rendering(FOR_HOURS).await;
    let processing = still.caller.accept("processing").await;
    still.stage.fal().faults().add(Fault::once("submit", Then::answer(429, "{}"))).unwrap();
    let pending = still.caller.accept("pending").await;
    for (job, status) in [(processing, "processing"), (pending, "pending")] {
        let before = still.read_job(&job).await;
        let reply = still.delete(&job).await;
        let message = reply.refused(409, "job_not_final");
        assert!(
            message.contains(&format!("the job is {status}")) && message.contains("cancel it"),
            "{message}"
        );
        assert_eq!((reply.header("x-should-retry"), reply.retry_after_s()), (Some("false"), None));
        assert_eq!(still.read_job(&job).await, before);
        assert_eq!(still.cancel(&job).await.status, 200);
        assert_eq!(still.delete(&job).await.status, 200);
        is_gone(&still, &job).await;
    }
    still.has("1000.00", "0.00").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_job_is_not_replayed() {
    let still = Still::new().await;
    let order = json!({"model": "fal/kling-2", "prompt": PROMPT});
    let job = still.submit(&order, "once").await.job().to_owned();
    assert_eq!(still.cancel(&job).await.status, 200);
    assert_eq!(still.submit(&order, "once").await.job(), job);
    assert_eq!(still.delete(&job).await.status, 200);
    still.submit(&order, "once").await.refused(404, "job_not_found");
    assert_eq!(still.stage.fal().renders(), 1);
    still.has("1000.00", "0.00").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_job_is_in_no_list() {
    let still = Still::rendering(FOR_HOURS).await;
    let mut jobs = Vec::new();
    for number in 0..5 {
        let job = still.caller.accept(&format!("number {number}")).await;
        assert_eq!(still.cancel(&job).await.status, 200);
        jobs.push(job);
    }
    // those of one millisecond are in the order of their ids
    jobs.sort_unstable_by(|a, b| b.cmp(a));
    for deleted in [4, 2, 0] {
        assert_eq!(still.delete(&jobs.remove(deleted)).await.status, 200);
    }
    assert_eq!(
        still.list("").await,
        (jobs.clone(), false),
        "the newest and the oldest are not there"
    );
    assert_eq!(still.list("?limit=1").await, (jobs[..1].to_vec(), true));
    assert_eq!(still.list("?limit=2&status=failed").await, (jobs.clone(), false));
    assert_eq!(
        still.list(&format!("?limit=1&after={}", jobs[0])).await,
        (jobs[1..].to_vec(), false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_what_is_not_there_has_removed_it() {
    let still = Still::new().await;
    let storage = storage(&still).await;
    storage.upload("a/b/video.mp4", b"a video".as_slice().into()).await.unwrap();
    for _ in 0..2 {
        storage.erase(&storage.public_url("a/b/video.mp4")).await.unwrap();
        assert_eq!(still.stage.storage().object(BUCKET, "a/b/video.mp4"), None);
    }
}

/// For its owner there is no such job, as for everybody else.
async fn is_gone(still: &Still, job: &str) {
    for reply in [still.show(job).await, still.delete(job).await, still.cancel(job).await] {
        told_nothing(&reply);
    }
    let status = still.read_job(job).await.status();
    assert!(
        matches!(status, Status::Completed | Status::Failed),
        "the books still know it, {status:?}"
    );
}

fn told_nothing(reply: &Reply) {
    assert_eq!(reply.refused(404, "job_not_found"), "no job with this id exists");
    assert!(reply.retry_after_s().is_none());
}

async fn http_status(url: &str) -> u16 {
    let answer = Outbound::network()
        .exchange(Request::new(Method::GET, url.parse().unwrap()))
        .await
        .unwrap();
    answer.status().as_u16()
}

async fn storage(still: &Still) -> Storage {
    let world = still.stage.system.world();
    Storage::new(&world, &sdk_config(&world).unwrap()).await.unwrap()
}
