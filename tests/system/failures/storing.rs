//! F5, F10, F11 and F20: from the provider's file host into storage. A job says `completed` when
//! its file is whole in our storage and answers to the public, and not before.

mod lengths;

use super::hostile::{ENDLESS, Foreign, SLOW, answers};
use super::{A_TURN, HOUR, Quiet, failure, processing};
use futures::future::join_all;
use ghub::failure::FailureCode;
use ghub::outbound::Outbound;
use ghub::status::Status;
use local::fal::{Ending, Verdict};
use local::faults::{Fault, Then};
use local::supabase::{self, Object, Step};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use std::time::Duration;

const BUCKET: &str = "generated-videos";

#[tokio::test(flavor = "multi_thread")]
async fn f05_a_broken_download_changes_nothing() {
    let quiet = Quiet::new().await;
    let elsewhere = Foreign::answering(local::video::mp4(5, "16:9"));
    let mut jobs = Vec::new();
    for (name, then) in answers(&elsewhere.origin).into_iter().filter(|(name, _)| name != ENDLESS) {
        let (job, request) = quiet.render(&name).await;
        if name == SLOW {
            // our own limit is 280 s
            quiet.wire.hurry(&format!("/files/{request}"), Duration::from_secs(3));
        }
        quiet.goes_wrong("file", 1, &request, then);
        jobs.push((name, job));
    }
    quiet.stage.later(A_TURN);
    join_all(jobs.iter().map(|(_, job)| quiet.store_by_message(job))).await;
    for (name, job) in &jobs {
        expect_untouched(&quiet, job).await;
        assert!(in_storage(&quiet, job).is_none(), "{name}: nothing was stored");
    }
    assert_eq!(elsewhere.heard(), [""; 0], "a host that is not known is not asked");
    quiet.expect_charge_for(0).await;

    let ids: Vec<String> = jobs.iter().map(|(_, job)| job.clone()).collect();
    quiet.settle(&ids).await;
    for (name, job) in &jobs {
        assert_eq!(quiet.status(job).await, Status::Completed, "{name}");
        assert_eq!(
            std::fs::read(in_storage(&quiet, job).unwrap().file).unwrap(),
            local::video::mp4(5, "16:9"),
            "{name}"
        );
    }
    quiet.expect_charge_for(u64::try_from(jobs.len()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f10_completed_means_that_the_file_is_ours() {
    let quiet = Quiet::new().await;
    let (job, _) = quiet.render("ours").await;
    expect_untouched(&quiet, &job).await;
    quiet.store_by_message(&job).await;
    let shown = quiet.show(&job).await;
    assert_eq!(shown["status"], "completed");
    let url = shown["video_url"].as_str().unwrap();
    let storage = &quiet.stage.system.storage.as_ref().unwrap().origin;
    let expected =
        format!("{storage}/storage/v1/object/public/{BUCKET}/{}/{job}/video.mp4", quiet.caller.org);
    assert_eq!(url, expected);

    quiet.stage.fal().faults().add(Fault::forever("file", Then::answer(404, "gone"))).unwrap();
    quiet.stage.later(1000 * HOUR);
    let fetched = Outbound::network()
        .exchange(Request::new(Method::GET, url.parse().unwrap()))
        .await
        .unwrap();
    assert_eq!(fetched.status(), 200, "without a key, and without the provider");
    assert_eq!(fetched.bytes().await.unwrap(), local::video::mp4(5, "16:9"));
    assert_eq!(quiet.show(&job).await["video_url"], url, "it does not expire");
}

/// Nothing that storage does is a verdict on the video.
#[tokio::test(flavor = "multi_thread")]
async fn f11_trouble_in_storage_leaves_the_job_processing() {
    let quiet = Quiet::new().await;
    let (job, _) = quiet.render("stored in the end").await;
    let status = |status| Then::Answer { status, headers: [].into(), body: "<html>".to_owned() };
    let not_found =
        r#"{"statusCode":"404","error":"Bucket not found","message":"Bucket not found"}"#
            .to_owned();
    let mut faults = vec![
        (Step::Upload, Then::CloseBefore),
        (Step::Upload, Then::CloseAfter),
        (Step::Upload, Then::Answer { status: 400, headers: [].into(), body: not_found }),
        (Step::Info, Then::CloseBefore),
        (Step::Info, Then::Own(supabase::Odd::WrongSize { size: 7 })),
        (Step::Public, Then::Own(supabase::Odd::Private)),
        (Step::Public, Then::CloseBefore),
    ];
    faults.extend(
        [401, 403, 413, 429, 500, 502, 503, 504, 544].map(|code| (Step::Upload, status(code))),
    );
    // another refusal is only no size
    faults.extend([429, 502, 503].map(|code| (Step::Info, status(code))));
    faults.extend([302, 403, 500].map(|code| (Step::Public, status(code))));
    for (step, fault) in faults {
        quiet.stage.later(2 * HOUR / 10);
        quiet.stage.storage().faults().add(Fault::once(step, fault.clone())).unwrap();
        quiet.store_by_message(&job).await;
        expect_untouched(&quiet, &job).await;
        quiet.expect_charge_for(0).await;
    }
    quiet.settle(std::slice::from_ref(&job)).await;
    assert_eq!(quiet.status(&job).await, Status::Completed);
    quiet.expect_charge_for(1).await;
}

/// What was uploaded for a job that failed is no use to its owner, and is taken out of storage
/// again.
#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_a_job_that_failed_after_its_upload_is_removed() {
    let quiet = Quiet::new().await;
    let wrong_size = Then::Own(supabase::Odd::WrongSize { size: 7 });
    for removal_fails in [false, true] {
        quiet.stage.storage().faults().clear();
        let (job, _) = quiet.render("never confirmed").await;
        quiet.stage.storage().faults().add(Fault::forever(Step::Info, wrong_size.clone())).unwrap();
        quiet.store_by_message(&job).await;
        assert!(in_storage(&quiet, &job).is_some(), "it was uploaded");
        expect_untouched(&quiet, &job).await;
        if removal_fails {
            let busy = Then::Answer { status: 503, headers: [].into(), body: "busy".to_owned() };
            quiet.stage.storage().faults().add(Fault::once(Step::Delete, busy)).unwrap();
        }
        quiet.stage.later(25 * HOUR);
        let queued = quiet.stage.system.sqs.accepted("StoreAgainQueue").unwrap();
        quiet.store_by_message(&job).await;
        assert_eq!(failure(&quiet.read_job(&job).await), Some(FailureCode::StorageUnavailable));
        assert_eq!(in_storage(&quiet, &job).is_some(), removal_fails);
        let again = quiet.stage.system.sqs.accepted("StoreAgainQueue").unwrap() - queued;
        assert_eq!(again, u64::from(removal_fails), "what could not be removed is tried again");
        quiet.store_by_message(&job).await;
        assert!(in_storage(&quiet, &job).is_none());
    }
    quiet.expect_charge_for(0).await;
}

/// A video that failed at first waits in a queue of its own, whichever queue a later message about
/// it comes by.
#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_was_tried_goes_on_in_the_second_queue() {
    let quiet = Quiet::new().await;
    let (job, _) = quiet.render("tried").await;
    let busy = Then::Answer { status: 503, headers: [].into(), body: "busy".to_owned() };
    quiet.stage.storage().faults().add(Fault::once(Step::Upload, busy)).unwrap();
    let queued = || quiet.stage.system.sqs.accepted("StoreAgainQueue").unwrap();
    let by = async |queue: &str| {
        let mut record = quiet.record(&job);
        record["eventSourceARN"] = json!(format!("arn:aws:sqs:us-east-1:123456789012:{queue}"));
        let answer =
            quiet.stage.system.invoke("store-video", json!({"Records": [record]})).await.unwrap();
        assert_eq!(answer, json!({"batchItemFailures": []}));
    };
    by("StoreQueue").await;
    assert_eq!(queued(), 1, "the first attempt failed");
    let tried = quiet.read_job(&job).await;
    quiet.stage.later(A_TURN);
    by("StoreQueue").await;
    assert_eq!((queued(), quiet.read_job(&job).await), (2, tried), "passed on, and not worked on");
    by("StoreAgainQueue").await;
    assert_eq!(quiet.status(&job).await, Status::Completed);
    quiet.expect_charge_for(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_half_a_file_or_another_is_never_stored_and_costs_nothing() {
    let quiet = Quiet::new().await;
    let mut jobs = Vec::new();
    for (prompt, ending) in [
        ("half of it", Ending::CutVideo { keep_bytes: 300_000 }),
        ("the head of it", Ending::CutVideo { keep_bytes: 900 }),
        ("nothing of it", Ending::CutVideo { keep_bytes: 0 }),
        ("a page", Ending::Html),
    ] {
        quiet.stage.fal().decide(Verdict::for_prompts(prompt, ending));
        jobs.push(quiet.render(prompt).await.0);
    }
    for wait in [A_TURN, HOUR / 2] {
        quiet.stage.later(wait);
        for job in &jobs {
            quiet.store_by_message(job).await;
            expect_untouched(&quiet, job).await;
        }
    }
    quiet.stage.later(HOUR);
    for job in &jobs {
        quiet.store_by_message(job).await;
        assert_eq!(
            failure(&quiet.read_job(job).await),
            Some(FailureCode::ProviderNoOutput),
            "an hour is long enough"
        );
        assert!(in_storage(&quiet, job).is_none());
    }
    quiet.expect_charge_for(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_a_file_that_storage_has_not_whole_or_not_in_public_is_not_charged() {
    let quiet = Quiet::new().await;
    let (short, hidden) = (quiet.render("short").await.0, quiet.render("hidden").await.0);
    quiet.stage.later(A_TURN);
    let size = Fault::once(Step::Info, Then::Own(supabase::Odd::WrongSize { size: 1 }));
    quiet.stage.storage().faults().add(size).unwrap();
    quiet.store_by_message(&short).await;
    expect_untouched(&quiet, &short).await;
    assert!(quiet.stage.storage().set_public(BUCKET, false).unwrap());
    quiet.store_by_message(&hidden).await;
    expect_untouched(&quiet, &hidden).await;
    quiet.expect_charge_for(0).await;

    assert!(quiet.stage.storage().set_public(BUCKET, true).unwrap());
    quiet.settle(&[short, hidden]).await;
    quiet.expect_charge_for(2).await;
}

/// No provider can fill the operator's storage: the transfer of a file that says that it is larger
/// than any video is not begun.
#[tokio::test(flavor = "multi_thread")]
async fn f20_a_file_larger_than_any_video_is_not_stored() {
    let quiet = Quiet::new().await;
    quiet.stage.fal().decide(Verdict::next(1, Ending::padded((512 << 20) + 1)));
    let (job, _) = quiet.render("far too large").await;
    quiet.store_by_message(&job).await;
    assert_eq!(
        (quiet.status(&job).await, in_storage(&quiet, &job).is_none()),
        (Status::Failed, true)
    );
    quiet.expect_charge_for(0).await;
}

/// The job is at fal's file still: nothing is shown, nothing was decided.
async fn expect_untouched(quiet: &Quiet, job: &str) {
    let shown = quiet.show(job).await;
    let seen = (&shown["status"], &shown["video_url"], &shown["error"], &shown["completed"]);
    assert_eq!(
        seen,
        (&json!("processing"), &Value::Null, &Value::Null, &Value::Null),
        "{}",
        shown["prompt"]
    );
    assert!(processing(&quiet.read_job(job).await).file.is_some());
}

fn in_storage(quiet: &Quiet, job: &str) -> Option<Object> {
    quiet.stage.storage().object(BUCKET, &format!("{}/{job}/video.mp4", quiet.caller.org))
}
