//! F14: what a provider answers with leads nowhere but to the provider. Its key goes to its own
//! origin; no other host is called, unless it is a known file host, and that one sees no
//! credential.

use super::Quiet;
use super::hostile::Foreign;
use super::wire::Trick;
use super::{A_TURN, failure};
use crate::stage::{Stage, code};
use ghub::adapter::Handle;
use ghub::failure::FailureCode;
use ghub::job::Job;
use ghub::job::{Processing, State};
use ghub::status::Status;
use ghub::store::Written;
use local::fal::{Ending, Verdict};
use local::faults::{Fault, Then};
use serde_json::{Value, json};

/// The metadata service that every cloud machine can reach.
const METADATA: &str = "http://169.254.169.254/latest/meta-data/iam/security-credentials/";

#[tokio::test(flavor = "multi_thread")]
async fn f14_addresses_of_another_host_are_not_called() {
    let quiet = Quiet::new().await;
    let elsewhere = Foreign::answering(
        r#"{"status":"COMPLETED","video":{"url":"https://v3.fal.media/x.mp4"}}"#,
    );
    let fal = quiet.stage.system.fal.as_ref().unwrap().origin.clone();
    let host = fal.trim_start_matches("http://").to_owned();
    let mut jobs = Vec::new();
    for (prompt, origin) in [
        ("another host", elsewhere.origin.clone()),
        ("the metadata service", METADATA.trim_end_matches('/').to_owned()),
        ("a user in front", elsewhere.origin.replace("http://", &format!("http://{host}@"))),
        ("a path upwards", format!("{fal}/v1/../admin")),
        ("no address", "fal-ai".to_owned()),
    ] {
        quiet.wire.play(prompt, moved(fal.clone(), origin));
        jobs.push(quiet.caller.accept(prompt).await);
    }
    quiet.settle(&jobs).await;
    for job in &jobs {
        assert_eq!(quiet.status(job).await, Status::Completed, "{}", quiet.show(job).await);
    }
    quiet.expect_charge_for(5).await;
    assert_eq!(elsewhere.heard(), [""; 0]);
    only_ours_are_called(&quiet);
}

/// A job keeps the addresses that fal gave. After `FalQueueUrl` has changed, or the local system's
/// port, they lead to the earlier base: they are made again from the request's id, and the render
/// is not lost.
#[tokio::test(flavor = "multi_thread")]
async fn f06_addresses_of_an_earlier_base_lose_no_render() {
    let quiet = Quiet::new().await;
    let elsewhere = Foreign::answering(
        r#"{"status":"COMPLETED","video":{"url":"https://v3.fal.media/x.mp4"}}"#,
    );
    let fal = quiet.stage.system.fal.as_ref().unwrap().origin.clone();
    let mut jobs = Vec::new();
    for base in [
        elsewhere.origin.clone(),
        format!("{}/fal/v1", elsewhere.origin),
        "https://queue.fal.run".to_owned(),
    ] {
        let (job, _) = quiet.at_fal(&format!("begun at {base}")).await;
        let mut stored = quiet.read_job(&job).await.into_parts();
        let State::Processing(Processing { handle: Handle::Fal(handle), .. }) = &mut stored.state
        else {
            panic!("at fal")
        };
        for address in [&mut handle.status_url, &mut handle.response_url, &mut handle.cancel_url] {
            *address = address.replace(&fal, &base);
        }
        stored.revision += 1;
        let stored = Job::from_parts(stored);
        assert_eq!(quiet.stage.store.write(&stored).await.unwrap(), Written::Done);
        jobs.push(job);
    }
    quiet.settle(&jobs).await;
    for job in &jobs {
        assert_eq!(quiet.status(job).await, Status::Completed, "{}", quiet.show(job).await);
    }
    assert_eq!(elsewhere.heard(), [""; 0]);
    only_ours_are_called(&quiet);
    quiet.expect_charge_for(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f14_an_id_that_leads_elsewhere_is_not_taken_for_one() {
    let quiet = Quiet::new().await;
    let ids = ["../../admin", "x/../../../v1", "x?y=", "http://127.0.0.1:1/", "%2e%2e%2f", ""];
    let mut jobs = Vec::new();
    for id in ids {
        let prompt = format!("fal calls it {id}");
        quiet.wire.play(
            &prompt,
            Trick::Changed(Box::new(move |answer| answer["request_id"] = json!(id))),
        );
        jobs.push(quiet.caller.accept(&prompt).await);
    }
    quiet.settle(&jobs).await;
    for job in &jobs {
        assert_eq!(failure(&quiet.read_job(job).await), Some(FailureCode::SubmitUnknown));
    }
    let asked: Vec<_> =
        quiet.stage.fal().requests().into_iter().filter(|seen| seen.method == "GET").collect();
    assert_eq!(asked, [], "nothing was asked under such an id");
    quiet.expect_charge_for(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f14_a_redirect_is_not_followed_with_the_key() {
    let quiet = Quiet::new().await;
    let elsewhere = Foreign::answering(
        r#"{"status":"COMPLETED","video":{"url":"https://v3.fal.media/x.mp4"}}"#,
    );
    let redirect = || Then::Redirect { url: format!("{}/anything", elsewhere.origin) };
    let mut jobs = vec![quiet.caller.accept("led away at the result").await];
    for step in ["status", "result", "file"] {
        quiet.stage.fal().faults().add(Fault::times(step, 2, redirect())).unwrap();
    }
    quiet.stage.fal().faults().add(Fault::once("submit", redirect())).unwrap();
    jobs.push(quiet.caller.accept("led away at once").await);
    quiet.settle(&jobs).await;
    assert_eq!(quiet.status(&jobs[0]).await, Status::Completed);
    assert_eq!(failure(&quiet.read_job(&jobs[1]).await), Some(FailureCode::SubmitUnknown));
    assert!(quiet.stage.fal().faults().pending().is_empty(), "each step was led away");
    assert_eq!(elsewhere.heard(), [""; 0]);
    only_ours_are_called(&quiet);
    quiet.expect_charge_for(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f14_a_file_is_not_fetched_from_inside() {
    let quiet = Quiet::new().await;
    let inside = Foreign::answering(local::video::mp4(5, "16:9"));
    let mut jobs = Vec::new();
    for (prompt, url) in [
        ("the metadata service", METADATA.to_owned()),
        ("this machine", format!("{}/video.mp4", inside.origin)),
        ("this machine by name", inside.origin.replace("127.0.0.1", "localhost")),
        ("this machine, otherwise", inside.origin.replace("127.0.0.1", "[::1]")),
        ("a name that only ends like fal's", "https://evilfal.media/x.mp4".to_owned()),
        (
            "fal's name as a user",
            format!("https://v3.fal.media@{}/x.mp4", inside.origin.trim_start_matches("http://")),
        ),
        ("fal's name without TLS", "http://v3.fal.media/x.mp4".to_owned()),
    ] {
        quiet.stage.fal().decide(Verdict::next(1, Ending::ForeignUrl { url }));
        jobs.push(quiet.render(prompt).await.0);
    }
    for (prompt, url) in [("a file here", "file:///etc/passwd"), ("no address", "//")] {
        quiet.stage.fal().decide(Verdict::next(1, Ending::ForeignUrl { url: url.to_owned() }));
        let (job, _) = quiet.at_fal(prompt).await;
        quiet.stage.later(A_TURN);
        quiet.look_at(&job).await;
        assert_eq!(
            failure(&quiet.read_job(&job).await),
            Some(FailureCode::ProviderNoOutput),
            "{prompt}: no video"
        );
    }
    for _ in 0..2 {
        quiet.stage.later(A_TURN);
        for job in &jobs {
            quiet.store_by_message(job).await;
            assert_eq!(quiet.status(job).await, Status::Processing);
        }
    }
    assert_eq!(inside.heard(), [""; 0]);
    only_ours_are_called(&quiet);
    quiet.expect_charge_for(0).await;
}

/// A file host that the operator allows is called, without any credential; where it leads is looked
/// at again.
#[tokio::test(flavor = "multi_thread")]
async fn f14_a_file_host_sees_no_credential() {
    let host = Foreign::answering(local::video::mp4(5, "16:9"));
    let quiet = Quiet::with(&[("DownloadHosts", host.origin.trim_start_matches("http://"))]).await;
    let url = format!("{}/video.mp4", host.origin);
    quiet.stage.fal().decide(Verdict::next(1, Ending::ForeignUrl { url }));
    let (job, _) = quiet.render("kept by somebody else").await;
    quiet.store_by_message(&job).await;
    assert_eq!(quiet.status(&job).await, Status::Completed);
    let heard = host.heard();
    assert!(heard.len() == 1 && heard[0].starts_with("get /video.mp4 http/1.1"), "{heard:?}");
    for secret in ["authorization", "apikey", "cookie", "local-key"] {
        assert!(!heard[0].contains(secret), "{heard:?}");
    }
    quiet.expect_charge_for(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f14_anothers_job_is_not_there() {
    let stage = Stage::new().await;
    let (one, other) = (stage.caller_with("50.00").await, stage.caller_with("50.00").await);
    let job = one.accept("a secret").await;
    let unknown = "e8c96506-72a1-429f-a7ed-4bb0a42541be";
    let without_id = |mut body: Value| {
        body["error"]["request_id"] = Value::Null;
        body
    };
    let (theirs, nobodys) =
        (other.client.video(&job).await.unwrap(), other.client.video(unknown).await.unwrap());
    assert_eq!((theirs.status, code(&theirs.body)), (404, "job_not_found"));
    assert_eq!((nobodys.status, without_id(nobodys.body)), (404, without_id(theirs.body)));
    assert_eq!(one.client.video(&job).await.unwrap().status, 200);
}

/// fal's answer with its addresses on another origin, its id as it is.
fn moved(fal: String, origin: String) -> Trick {
    Trick::Changed(Box::new(move |answer| {
        for name in ["status_url", "response_url", "cancel_url"] {
            answer[name] = answer[name].as_str().unwrap().replace(&fal, &origin).into();
        }
    }))
}

/// Whatever was sent went to the parts of this system, and fal's key to fal's queue alone.
fn only_ours_are_called(quiet: &Quiet) {
    let system = &quiet.stage.system;
    let (fal, storage) =
        (&system.fal.as_ref().unwrap().origin, &system.storage.as_ref().unwrap().origin);
    let google = &system.google.as_ref().unwrap().origin;
    let secrets = &system.variables["AWS_ENDPOINT_URL_SECRETS_MANAGER"];
    let ours = [fal, google, storage, &system.dynamodb, &system.sqs_endpoint, secrets];
    for sent in quiet.wire.sent() {
        let url = sent.url.as_str();
        assert!(
            ours.iter().any(|origin| url.starts_with(&format!("{origin}/"))),
            "{} {url}",
            sent.method
        );
        let file = url.starts_with(&format!("{fal}/files/"));
        assert!(!(file && sent.authorized), "a file's host sees no credential: {url}");
    }
    assert!(
        quiet.wire.sent_to(fal).iter().any(|sent| sent.authorized),
        "fal itself was called with the key"
    );
}
