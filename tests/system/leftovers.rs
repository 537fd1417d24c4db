//! What a job leaves behind: a file in storage though it failed, and the provider's own copy.

use crate::stage::{Stage, id, until};
use crate::still::{AT_ONCE, Still};
use ghub::aws::sdk_config;
use ghub::cancellation::{Cancellation, Canceller};
use ghub::checking::Checker;
use ghub::failure::Failure;
use ghub::lifetime::Lifetime;
use ghub::queue::Queue;
use ghub::sender::ProviderSender;
use ghub::status::Status;
use ghub::storage::Storage;
use ghub::store::Written;
use local::faults::{Fault, Then};
use local::options::Options;
use serde_json::json;
use std::time::Duration;

const BUCKET: &str = "generated-videos";
const PROMPT: &str = "a hummingbird at dawn";

/// The operator failed the job while its file was on its way into storage: what arrives all the
/// same is taken out.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_arrives_after_its_job_failed_is_removed() {
    let still = Still::rendering(AT_ONCE).await;
    let job = still.caller.accept(PROMPT).await;
    let path = Storage::path(still.caller.org, job.parse().unwrap());
    still.look_in(61, &job).await;
    still.meddler.hold_next(&path);
    let ((), ()) = tokio::join!(still.deliver("store-video", &job), async {
        still.meddler.reach().await; // the upload's answer
        assert!(still.stage.storage().object(BUCKET, &path).is_some());
        let stored = still.read_job(&job).await;
        let failed = stored
            .failed(Failure::cancelled(), still.stage.system.world().ambient.now())
            .applied()
            .unwrap();
        assert_eq!(still.stage.store.write(&failed).await.unwrap(), Written::Done);
        still.meddler.let_go();
    });
    assert_eq!(still.read_job(&job).await.status(), Status::Failed);
    assert_eq!(still.stage.storage().object(BUCKET, &path), None);
    still.has("1000.00", "0.00").await;
}

/// The video was whole in storage and could not be confirmed when the operator gave the job up.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_job_the_operator_fails_is_removed() {
    let still = Still::rendering(AT_ONCE).await;
    let job = still.caller.accept(PROMPT).await;
    let path = Storage::path(still.caller.org, job.parse().unwrap());
    still.look_in(61, &job).await;
    assert!(still.stage.storage().set_public(BUCKET, false).unwrap());
    still.deliver("store-video", &job).await;
    assert!(still.stage.storage().set_public(BUCKET, true).unwrap());
    assert!(still.stage.storage().object(BUCKET, &path).is_some());
    still.stage.system.sqs.lose_if("StoreQueue", |_| false).unwrap();
    still.stage.later(Duration::from_secs(61));
    assert_eq!(discard(&still, &job).await, Cancellation::Failed);
    until(async || still.stage.storage().object(BUCKET, &path).is_none().then_some(())).await;
    still.has("1000.00", "0.00").await;
}

/// Veo puts its videos into the operator's bucket. Once a video is ours, its copy there goes; that
/// neither delays the charge nor can prevent it.
#[tokio::test(flavor = "multi_thread")]
async fn the_copy_in_googles_bucket_goes_once_the_video_is_stored() {
    let bucket = [("GoogleStorageUri".to_owned(), "gs://videos/veo".to_owned())];
    let stage = Stage::with(Options { parameters: bucket.into(), ..Options::test() }).await;
    let caller = stage.caller_with("1000.00").await;
    let google = &stage.system.google.as_ref().unwrap().simulator;
    for (prompt, refuses) in [("removed", false), ("kept by a bucket that refuses", true)] {
        if refuses {
            google.faults().add(Fault::once("remove", Then::answer(403, "{}"))).unwrap();
        }
        let order = json!({"model": "google/veo-3.1", "prompt": prompt, "duration": 4});
        let job = id(&caller.client.submit(&order).await.unwrap());
        stage.until(caller.org, &job, Status::Completed).await;
        let object = until(async || {
            let seen = google.requests().into_iter().rev().find(|seen| seen.method == "DELETE");
            seen.filter(|seen| seen.path.contains(&job)).map(|seen| seen.path)
        })
        .await;
        let asked = google
            .requests()
            .iter()
            .filter(|seen| seen.path.starts_with(&object) && seen.method == "GET")
            .count();
        assert_eq!(asked, 1, "{prompt}: fetched once, and then removed");
        assert!(
            stage.storage().object(BUCKET, &format!("{}/{job}/video.mp4", caller.org)).is_some(),
            "{prompt}"
        );
    }
    stage.audit().await;
}

/// What `cargo admin job fail --discard` does.
async fn discard(still: &Still, job: &str) -> Cancellation {
    let world = still.stage.system.world();
    let aws = sdk_config(&world).unwrap();
    let queue = |variable| Queue::new(&world, &aws, variable).unwrap();
    let (sender, store) = (ProviderSender::new(&world, &aws).await.unwrap(), &still.stage.store);
    let providers = world.env.providers().unwrap();
    let checker =
        Checker::new(&providers, &sender, store, &queue("STORE_QUEUE_URL"), &world.ambient);
    let canceller = Canceller::new(&checker, store, &queue("POLL_QUEUE_URL"), &world.ambient);
    let lifetime = Lifetime::of(Duration::from_secs(60));
    canceller.cancel(still.read_job(job).await, Failure::cancelled(), true, lifetime).await.unwrap()
}
