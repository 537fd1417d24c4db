//! The files of sandbox jobs: one for all, or one of its own.

use crate::stage::Stage;
use crate::still::Still;
use ghub::status::Status;
use ghub::storage::Storage;
use local::faults::{Fault, Then};
use local::supabase::Step;
use serde_json::json;

const BUCKET: &str = "generated-videos";

/// One file for all, uploaded once: a key that costs nothing makes no copies.
#[tokio::test(flavor = "multi_thread")]
async fn sandbox_jobs_share_one_file_and_no_deletion_touches_it() {
    let mut still = Still::new().await;
    let caller = still.stage.sandbox();
    still.caller = caller;
    still.key = still.stage.system.identity.sandbox_key.clone();
    let mut jobs = Vec::new();
    for prompt in ["one", "two", "three"] {
        jobs.push(still.carry_to_completed(prompt).await);
    }
    let asked = || still.stage.storage().requests();
    let uploads = asked()
        .iter()
        .filter(|seen| seen.method == "POST" && seen.path.ends_with("/video.mp4"))
        .count();
    assert_eq!(uploads, 1);
    let url = still.show(&jobs[0]).await.body["video_url"].as_str().unwrap().to_owned();
    for job in &jobs {
        assert_eq!(still.show(job).await.body["video_url"], url);
        let path = Storage::path(still.caller.org, job.parse().unwrap());
        assert_eq!(still.stage.storage().object(BUCKET, &path), None, "no copy");
        let before = asked().len();
        let reply = still.delete(job).await;
        assert_eq!(
            (reply.status, &reply.body["cached_for_at_most_seconds"]),
            (200, &json!(0)),
            "{}",
            reply.body
        );
        assert_eq!(asked().len(), before, "storage is not asked");
        still.show(job).await.refused(404, "job_not_found");
    }
    assert!(still.stage.storage().object(BUCKET, "sandbox/video.mp4").is_some());
    still.stage.audit().await;
}

/// The way of a live video, for those who want to try it: a file of its own, and removed by its
/// job's deletion.
#[tokio::test(flavor = "multi_thread")]
async fn one_prompt_stores_a_file_as_a_live_job_does() {
    let mut still = Still::new().await;
    let caller = still.stage.sandbox();
    still.caller = caller;
    still.key = still.stage.system.identity.sandbox_key.clone();
    let job = still.carry_to_completed("sandbox:stored, please").await;
    let path = Storage::path(still.caller.org, job.parse().unwrap());
    let url = still.show(&job).await.body["video_url"].as_str().unwrap().to_owned();
    assert!(url.ends_with(&format!("/generated-videos/{path}")), "{url}");
    assert!(still.stage.storage().object(BUCKET, &path).is_some());
    let reply = still.delete(&job).await;
    assert_eq!((reply.status, &reply.body["cached_for_at_most_seconds"]), (200, &json!(86_400)));
    assert_eq!(still.stage.storage().object(BUCKET, &path), None);
    assert_eq!(
        still.stage.storage().object(BUCKET, "sandbox/video.mp4"),
        None,
        "the shared one was not needed"
    );
    still.stage.audit().await;
}

/// The shared file was removed, or the bucket is another: a function that starts anew brings it
/// back.
#[tokio::test(flavor = "multi_thread")]
async fn a_shared_file_that_storage_refuses_is_tried_again() {
    let stage = Stage::new().await;
    let caller = stage.sandbox();
    let fault = Then::Answer { status: 503, headers: [].into(), body: "busy".to_owned() };
    stage.storage().faults().add(Fault::times(Step::Upload, 2, fault)).unwrap();
    let job = caller.accept("a hummingbird").await;
    stage.until(caller.org, &job, Status::Completed).await;
    assert!(stage.storage().object(BUCKET, "sandbox/video.mp4").is_some());
}
