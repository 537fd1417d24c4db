//! A deletion that fails, dies, meets others or is followed by late messages: it is done once, and
//! nothing comes back.

use super::{BUCKET, PROMPT, is_gone};
use crate::still::{Still, Which};
use crate::traces::Call;
use futures::future::join_all;
use ghub::storage::Storage;
use local::faults::{Fault, Then};
use local::supabase::Step;
use serde_json::json;

/// The job is hidden from the first attempt on, so that its address is never shown again; the
/// deletion is done when it says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_fails_is_asked_until_it_has_done_it() {
    let still = Still::new().await;
    let answer =
        |status, body: &str| Then::Answer { status, headers: [].into(), body: body.to_owned() };
    let no_bucket = r#"{"statusCode":"404","error":"Bucket not found","message":"Bucket not found","code":"NoSuchBucket"}"#;
    let denied = r#"{"statusCode":"403","error":"Unauthorized","message":"Invalid Compact JWS","code":"AccessDenied"}"#;
    for (name, fault, gone) in [
        ("busy", answer(503, "busy"), false),
        ("no such bucket", answer(400, no_bucket), false),
        ("no such bucket, said plainly", answer(404, no_bucket), false),
        ("a page of somebody else", answer(404, "<h1>Not found</h1>"), false),
        ("denied", answer(400, denied), false),
        ("silent", Then::CloseBefore, false),
        ("its answer is lost", Then::CloseAfter, true),
    ] {
        let job = still.complete(PROMPT).await;
        let path = Storage::path(still.caller.org, job.parse().unwrap());
        still.stage.storage().faults().add(Fault::times(Step::Delete, 2, fault)).unwrap();
        for _ in 0..2 {
            let reply = still.delete(&job).await;
            reply.refused(503, "storage_unavailable");
            assert_eq!(reply.retry_after_s(), Some(5), "{name}");
            assert_eq!(still.stage.storage().object(BUCKET, &path).is_none(), gone, "{name}");
            still.show(&job).await.refused(404, "job_not_found");
            still.cancel(&job).await.refused(404, "job_not_found");
            assert!(!still.stage.traces().await.mentions(PROMPT), "{name}");
        }
        assert_eq!(still.delete(&job).await.status, 200, "{name}");
        assert_eq!(still.stage.storage().object(BUCKET, &path), None, "{name}");
        is_gone(&still, &job).await;
    }
    still.stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_died_goes_on_where_it_stopped() {
    let still = Still::new().await;
    let hiding = |call: &Call| {
        is_update(call) && call.body["ExpressionAttributeValues"][":file_gone"]["BOOL"] == false
    };
    let finishing = |call: &Call| {
        is_update(call) && call.body["ExpressionAttributeValues"][":file_gone"]["BOOL"] == true
    };
    let removing = |call: &Call| call.what.starts_with("DELETE ");
    let died_at: [(&str, Which, bool, bool); 3] = [
        ("before it hid the job", hiding, true, true),
        ("before it removed the file", removing, false, true),
        ("before it wrote that down", finishing, false, false),
    ];
    for (name, step, is_shown, has_file) in died_at {
        let job = still.complete(PROMPT).await;
        let path = Storage::path(still.caller.org, job.parse().unwrap());
        still.meddler.withhold(step);
        assert_eq!(still.delete(&job).await.status, 503, "{name}");
        still.meddler.withhold_nothing();
        let seen = (
            still.show(&job).await.status == 200,
            still.stage.storage().object(BUCKET, &path).is_some(),
        );
        assert_eq!(seen, (is_shown, has_file), "{name}");
        assert_eq!(still.delete(&job).await.status, 200, "{name}");
        assert_eq!(still.stage.storage().object(BUCKET, &path), None, "{name}");
        is_gone(&still, &job).await;
    }
    still.stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_deletions_at_once_are_one() {
    let still = Still::new().await;
    let job = still.complete(PROMPT).await;
    let replies = join_all((0..20).map(|_| still.delete(&job))).await;
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    let late = replies.iter().filter(|reply| reply.status == 404).count();
    assert!(
        done >= 1 && done + late == 20,
        "{:?}",
        replies.iter().map(|reply| reply.status).collect::<Vec<_>>()
    );
    is_gone(&still, &job).await;
    assert_eq!(still.stage.entries("consumption").await, 1);
    still.has("995.80", "0.00").await;
}

/// Messages about the job may come late or twice: its file does not come back.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_message_brings_nothing_back() {
    let still = Still::new().await;
    let job = still.complete(PROMPT).await;
    let path = Storage::path(still.caller.org, job.parse().unwrap());
    assert_eq!(still.delete(&job).await.status, 200);
    let uploads =
        || still.stage.storage().requests().iter().filter(|seen| seen.method == "POST").count();
    let (before, asked, stored) =
        (uploads(), still.stage.fal().requests().len(), still.read_job(&job).await);
    for _ in 0..2 {
        still.deliver("store-video", &job).await;
        still.deliver("poll-jobs", &job).await;
    }
    assert_eq!(
        still.stage.system.invoke("sweep-jobs", json!({})).await.unwrap(),
        json!({"overdue": 0})
    );
    assert_eq!(
        (uploads(), still.stage.fal().requests().len(), still.read_job(&job).await),
        (before, asked, stored)
    );
    assert_eq!(still.stage.storage().object(BUCKET, &path), None);
}

fn is_update(call: &Call) -> bool {
    call.by.as_deref() == Some("delete-video") && call.what.ends_with("UpdateItem")
}
