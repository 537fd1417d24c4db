//! Another organization's job cannot be told from one that does not exist: not by the answer, not
//! by what is done for it.

use crate::asking::Reply;
use crate::routes::ROUTES;
use crate::stage::{Caller, Stage};
use crate::traces::Call;
use ghub::job::Job;
use ghub::status::Status;
use ghub::store::Written;
use local::faults::{Fault, Then};
use local::options::{Options, Pace};
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::time::Duration;

const NOBODYS: &str = "e8c96506-72a1-429f-a7ed-4bb0a42541be";

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_somebody_else_is_answered_as_one_that_nobody_has() {
    // At the usual pace, with no message delivered, nothing but the requests below makes a call.
    let (stage, calls) = Stage::watch(Options { pace: Pace::Usual, ..Options::test() }).await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    let theirs = jobs_in_every_state(&stage, &stage.caller_with("50").await).await;
    // the open ones are long overdue: their owner's poll would send a message
    stage.later(Duration::from_secs(3600));

    let ours = stage.caller_with("7").await;
    let key = stage.key_of(&ours).await;
    let open = theirs[0].clone();
    let well_formed = theirs.into_iter().chain([
        open.to_uppercase(),
        "00000000-0000-0000-0000-000000000000".to_owned(),
        "019a0000-0000-7000-8000-000000000000".to_owned(),
    ]);
    let malformed = [
        "not-a-uuid".to_owned(),
        open.replace('-', ""),
        format!("%7B{open}%7D"),
        format!("{open}%20"),
        format!("urn:uuid:{open}"),
        format!("..%2f{open}"),
        "%00".to_owned(),
        "%F0%9F%A6%9C".to_owned(),
        "z".repeat(36),
        "a".repeat(4000),
    ];
    let ids: Vec<(String, bool)> =
        well_formed.map(|id| (id, true)).chain(malformed.map(|id| (id, false))).collect();

    let before = stage.traces().await;
    for route in ROUTES.iter().filter(|route| route.takes_id()) {
        stage.ask(route.ask(NOBODYS).key(&key)).await; // from here on the key is known
        calls.take();
        let expected = seen(&stage.ask(route.ask(NOBODYS).key(&key)).await);
        let expected_calls = without(NOBODYS, calls.take());
        assert_eq!((expected.0, expected.1.contains_key("x-geekhub-balance-mxn")), (404, true));
        assert!(!expected_calls.is_empty());
        for (id, is_well_formed) in &ids {
            let case = format!("{} {} with {id:.60}", route.method, route.path);
            let reply = stage.ask(route.ask(id).key(&key)).await;
            reply.refused(404, "job_not_found");
            assert_eq!(seen(&reply), expected, "{case}");
            let calls = without(id, calls.take());
            assert!(
                !is_well_formed || calls == expected_calls,
                "{case}: {calls:?}, not {expected_calls:?}"
            );
        }
    }
    stage.expect_nothing_left(&before, "asking for somebody else's jobs").await;
    stage.audit().await;
}

/// Jobs that are processing, pending, completed and failed.
pub(crate) async fn jobs_in_every_state(stage: &Stage, owner: &Caller) -> Vec<String> {
    let processing = owner.accept("processing").await;
    let completed = owner.accept("completed").await;
    let now = stage.system.world().ambient.now();
    let job = stage.read_job(owner.org, &completed).await;
    let found = write_moved(
        stage,
        job.file_found("https://fal.media/files/a.mp4".to_owned(), now).applied(),
    )
    .await;
    write_moved(
        stage,
        found.completed("https://storage.example/video.mp4".to_owned(), now).applied(),
    )
    .await;
    let faults = stage.fal().faults();
    faults.add(Fault::once("submit", Then::answer(429, r#"{"detail":"slow down"}"#))).unwrap();
    let pending = owner.accept("pending").await;
    faults.add(Fault::once("submit", Then::answer(422, r#"{"detail":"no"}"#))).unwrap();
    let failed = owner.accept("failed").await;

    let jobs = vec![processing, pending, completed, failed];
    for (job, status) in
        jobs.iter().zip([Status::Processing, Status::Pending, Status::Completed, Status::Failed])
    {
        assert_eq!(stage.read_job(owner.org, job).await.status(), status);
    }
    jobs
}

async fn write_moved(stage: &Stage, moved: Option<Job>) -> Job {
    let job = moved.unwrap();
    assert_eq!(stage.store.write(&job).await.unwrap(), Written::Done);
    job
}

/// What a caller can tell answers apart by: all but the request's id and the time.
fn seen(reply: &Reply) -> (u16, HeaderMap, Value) {
    let (mut headers, mut body) = (reply.headers.clone(), reply.body.clone());
    headers.remove("x-request-id");
    headers.remove("date");
    body["error"]["request_id"].take();
    (reply.status, headers, body)
}

/// The calls with a placeholder for the id that was asked for; their size stays that of the whole.
fn without(id: &str, calls: Vec<Call>) -> Vec<Call> {
    let blanked = |call: Call| {
        let text = call.body.to_string().replace(&id.to_lowercase(), "{id}");
        Call { body: serde_json::from_str(&text).unwrap(), ..call }
    };
    calls.into_iter().map(blanked).collect()
}
