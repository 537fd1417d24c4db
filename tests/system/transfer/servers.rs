//! Servers of storage differ: in where they let an upload go on, and in where they tell what they
//! stored.

use super::uploads::{begun, large, observe, on_patch, upload_of};
use super::{BUCKET, PART, completes_once, fetches, misbehaves};
use crate::stage::{Stage, until};
use ghub::status::Status;
use local::fal::{Ending, Verdict};
use local::faults::{Fault, Then};
use local::supabase::{self, Step};

/// As self-hosted servers behind a proxy name it: what follows the endpoint's path is below our own
/// address.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_video_is_stored_wherever_its_upload_is_said_to_go_on() {
    let (stage, parts) = observe(None).await;
    let caller = stage.caller_with("1000.00").await;
    for location in [
        "http://localhost/upload/resumable/{id}",
        "http://localhost:8000/storage/v1:8000/upload/resumable/{id}",
        "http://localhost:8000:8000/upload/resumable/{id}",
        "http://myhost:8000/storage/v1//upload/resumable/{id}",
        "//elsewhere.example/storage/v1/upload/resumable/{id}",
        "https://169.254.169.254/upload/resumable/{id}",
        "/upload/resumable/{id}",
        "upload/resumable/{id}?x=1",
        "{id}",
    ] {
        let fault = Then::Own(supabase::Odd::Location { location: location.to_owned() });
        stage.storage().faults().add(Fault::once(Step::TusCreate, fault)).unwrap();
        stage.fal().decide(Verdict::next(1, Ending::padded(PART + 1)));
        let job = caller.accept(location).await;
        stage.until(caller.org, &job, Status::Completed).await;
        assert_eq!(parts.take(), [0, PART], "{location}: in one attempt");
    }
    stage.audit().await;
}

/// A location that names no upload is an error of that attempt, and is never kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_location_that_leads_nowhere_is_not_kept() {
    for location in
        ["http://localhost/", "..", "/upload/resumable/", "/upload/resumable/no-upload-of-ours"]
    {
        let (stage, _) = observe(None).await;
        let fault = Then::Own(supabase::Odd::Location { location: location.to_owned() });
        misbehaves(&stage, Step::TusCreate, fault);
        let (caller, job) = large(&stage).await;
        until(async || (begun(&stage) > 2).then_some(())).await; // so that two attempts have ended
        assert_eq!(upload_of(&stage.read_job(caller.org, &job).await), None, "{location}");
        stage.storage().faults().clear();
        completes_once(&stage, &caller, &job).await;
    }
}

/// One that was kept and is refused is forgotten, at each step, and the upload begins anew: a
/// repaired storage stores the video.
#[tokio::test(flavor = "multi_thread")]
async fn a_kept_location_that_is_refused_is_forgotten() {
    let answer =
        |status, body: &str| Then::Answer { status, headers: [].into(), body: body.to_owned() };
    let refused = |status| answer(status, "no");
    let gone =
        || answer(400, r#"{"statusCode":"404","error":"not_found","message":"Object not found"}"#);
    for (name, step, fault, times) in [
        ("at the question how far it is", Step::TusHead, refused(404), 1),
        (
            "at the question how far it is, by a server that breaks over it",
            Step::TusHead,
            refused(500),
            1,
        ),
        ("at the next part", Step::TusPatch, refused(403), 1),
        ("at the next part, by a server that breaks over it", Step::TusPatch, refused(500), 2),
        ("at the end", Step::Info, gone(), 1),
    ] {
        let (stage, parts) = observe(None).await;
        on_patch(&stage, Then::CloseBefore, 1);
        let after = if step == Step::TusPatch { 1 } else { 0 };
        if step == Step::Info {
            stage.storage().faults().add(Fault::once(Step::Public, gone()).after(after)).unwrap();
        }
        stage.storage().faults().add(Fault::times(step, times, fault).after(after)).unwrap();
        let (caller, job) = large(&stage).await;
        completes_once(&stage, &caller, &job).await;
        assert_eq!(begun(&stage), 2, "{name}: begun, and begun anew");
        assert_eq!(parts.offsets().iter().filter(|offset| **offset == 0).count(), 2, "{name}");
    }
}

/// Servers tell the size of what they stored in different places, or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_video_is_confirmed_wherever_its_size_is_told() {
    let stage = Stage::new().await;
    let caller = stage.caller_with("1000.00").await;
    let info = |body: &str| Then::Answer { status: 200, headers: [].into(), body: body.to_owned() };
    let refused =
        |status| Then::Answer { status, headers: [].into(), body: "<h1>Sorry</h1>".to_owned() };
    let size = local::video::mp4(5, "16:9").len();
    for (name, faults) in [
        ("text", vec![(Step::Info, info(&format!(r#"{{"size":"{size}"}}"#)))]),
        (
            "one level down",
            vec![(Step::Info, info(&format!(r#"{{"metadata":{{"contentLength":{size}}}}}"#)))],
        ),
        (
            "in the answer to HEAD",
            vec![(Step::Info, info("{}")), (Step::Public, Then::Own(supabase::Odd::Chunked))],
        ),
        ("by the public address alone", vec![(Step::Info, info("{}"))]),
        ("an unknown total", vec![(Step::Public, Then::Own(supabase::Odd::UnknownTotal))]),
        ("chunked", vec![(Step::Public, Then::Own(supabase::Odd::Chunked))]),
        ("no route for the description", vec![(Step::Info, refused(404))]),
        ("another method for it", vec![(Step::Info, refused(405))]),
        ("a description that is not made yet", vec![(Step::Info, refused(501))]),
        ("a description that leads on", vec![(Step::Info, refused(302))]),
    ] {
        for (step, fault) in faults {
            stage.storage().faults().add(Fault::once(step, fault)).unwrap();
        }
        let fetched = fetches(&stage).len();
        let job = caller.accept(name).await;
        stage.until(caller.org, &job, Status::Completed).await;
        assert_eq!(fetches(&stage).len(), fetched + 1, "{name}: in one attempt");
    }
    stage.audit().await;
}

/// A public address that leads on is as good as where it leads.
#[tokio::test(flavor = "multi_thread")]
async fn a_public_address_that_leads_on_is_followed() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    let origin = stage.system.storage.as_ref().unwrap().origin.clone();
    let job = caller.accept("before").await;
    stage.until(caller.org, &job, Status::Completed).await;
    let there =
        format!("{origin}/storage/v1/object/public/{BUCKET}/{}/{job}/video.mp4", caller.org);
    let fault = Then::Answer {
        status: 302,
        headers: [("location".into(), there)].into(),
        body: String::new(),
    };
    stage.storage().faults().add(Fault::once(Step::Public, fault)).unwrap();
    let fetched = fetches(&stage).len();
    let job = caller.accept("led on").await;
    stage.until(caller.org, &job, Status::Completed).await;
    assert_eq!(fetches(&stage).len(), fetched + 1, "in one attempt");
}
