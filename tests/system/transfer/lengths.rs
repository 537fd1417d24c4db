//! What a file host says of a file's length, and what comes.

use super::*;

/// All samples came, and the last box is complete: the promised length is false.
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_video_is_stored_though_its_host_promised_more() {
    let stage = Stage::new().await;
    let video = local::video::mp4(5, "16:9");
    stage.fal().decide(Verdict::next(1, Ending::padded(1 << 20)));
    stage
        .fal()
        .faults()
        .add(Fault::forever("file", Then::TruncatedBody { keep_bytes: video.len() }))
        .unwrap();
    let caller = stage.caller();
    let job = caller.accept("a false length").await;
    stage.until(caller.org, &job, Status::Completed).await;
    let stored = stage
        .storage()
        .object(BUCKET, &format!("{}/{job}/video.mp4", caller.org))
        .expect("it is stored");
    assert!(std::fs::read(stored.file).unwrap() == video, "all that came is stored");
    assert_eq!(fetches(&stage).len(), 1, "in one attempt");
    assert_eq!(stage.entries("consumption").await, 1);
    stage.audit().await;
}

/// A file that breaks off within a box was cut on its way, even if players could do without the
/// rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_off_within_a_box_is_never_stored() {
    let keep_bytes = local::video::mp4(5, "16:9").len() + 100;
    completes_only_when_mended(
        |stage| {
            stage.fal().decide(Verdict::next(1, Ending::padded(1 << 20)));
            stage
                .fal()
                .faults()
                .add(Fault::forever("file", Then::TruncatedBody { keep_bytes }))
                .unwrap();
        },
        |stage| {
            assert_eq!(uploads(stage), 0, "not even begun");
            stage.fal().faults().clear();
        },
    )
    .await;
}
