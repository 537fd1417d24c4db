//! F8 and F16: a submission that meets anything but a plain yes. A render may be paid for once; a
//! job that fal certainly did not take is sent again.

use super::hostile::{ENDLESS, Foreign, answers};
use super::wire::Trick;
use super::{A_TURN, KLING, Quiet, failure};
use crate::stage::{code, id, until};
use ghub::failure::FailureCode;
use ghub::job::{Job, State};
use ghub::status::Status;
use local::fal::{Ending, Verdict, flat_error};
use local::faults::{Fault, Then};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpSocket;

/// Where a job stands after its first submission, and so what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    Taken,
    /// fal does not have it: it is sent again.
    NotTaken,
    /// It is unknown, so it is never sent again.
    Unknown,
    /// fal refused it for good.
    Refused,
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_a_lost_submit_answer_is_never_sent_again() {
    let quiet = Quiet::new().await;
    let elsewhere = Foreign::answering("{}");
    let broken = answers(&elsewhere.origin).into_iter();
    let mut cases: Vec<(String, Then, Stands)> =
        broken.map(|(name, then)| (name.clone(), then, stands(&name))).collect();
    cases.push((
        "silence after it was taken".to_owned(),
        Then::Hang { ms: 30_000 },
        Stands::Unknown,
    ));
    cases.push((
        "no runner".to_owned(),
        flat_error(503, "runner_scheduling_failure", "none"),
        Stands::NotTaken,
    ));
    cases.push((
        "a runner lost".to_owned(),
        flat_error(503, "runner_disconnected", "gone"),
        Stands::Unknown,
    ));

    let mut submitting = Vec::new();
    for (name, then, stands) in cases {
        quiet.stage.fal().faults().add(Fault::once("submit", then)).unwrap();
        let (caller, prompt) = (Arc::clone(&quiet.caller), name.clone());
        submitting.push((name, stands, tokio::spawn(async move { caller.accept(&prompt).await })));
        // this one met it, and no other
        until(async || quiet.stage.fal().faults().pending().is_empty().then_some(())).await;
    }
    let mut jobs = Vec::new();
    for (name, stands, job) in submitting {
        jobs.push((name, stands, job.await.unwrap()));
    }
    assert_eq!(elsewhere.heard(), [""; 0], "no redirect is followed");
    each_stands_and_ends(&quiet, jobs, KLING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_what_fal_took_before_it_failed_is_not_rendered_twice() {
    let quiet = Quiet::new().await;
    let mut jobs = Vec::new();
    for (name, status, body) in [
        ("accepted, then 500", 500, ""),
        ("accepted, then 502", 502, "<html>"),
        ("accepted, then 503", 503, r#"{"detail":"no"}"#),
        ("accepted, then 408", 408, "{}"),
        ("accepted, then an answer without an id", 200, r#"{"status":"IN_QUEUE"}"#),
    ] {
        quiet.wire.play(name, Trick::Answer(status, body));
        jobs.push((name.to_owned(), Stands::Unknown, quiet.caller.accept(name).await));
        assert_eq!(quiet.renders_of(name), 1, "{name}");
    }
    each_stands_and_ends(&quiet, jobs, KLING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_what_was_certainly_not_sent_is_sent_again() {
    let quiet = Quiet::new().await;
    let closed = TcpSocket::new_v4().unwrap();
    // bound and not listening: connections to it are refused
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = closed.local_addr().unwrap().port();
    let refused = Trick::Address(Box::new(move |url| url.set_port(Some(port)).unwrap()));
    let no_tls = Trick::Address(Box::new(|url| url.set_scheme("https").unwrap()));
    let mut jobs = Vec::new();
    for (name, trick) in [("nobody listens", refused), ("no TLS there", no_tls)] {
        quiet.wire.play(name, trick);
        jobs.push((name.to_owned(), Stands::NotTaken, quiet.caller.accept(name).await));
    }
    each_stands_and_ends(&quiet, jobs, KLING).await;
}

/// Without the first header fal renders a failed request up to ten times by itself. Without the
/// second it takes another model. Without the third a server may answer in a coding that nothing
/// here reads.
#[tokio::test(flavor = "multi_thread")]
async fn f08_everybody_is_told_what_not_to_do() {
    let quiet = Quiet::new().await;
    let broken = Ending::Broken {
        status: 503,
        error_type: Some("runner_disconnected".to_owned()),
        detail: "gone".into(),
    };
    quiet.stage.fal().decide(Verdict::for_prompts("broken", broken));
    let mut jobs = vec![quiet.caller.accept("broken").await, quiet.caller.accept("good").await];
    let veo = serde_json::json!({"model": "google/veo-3.1", "prompt": "veo", "duration": 4});
    jobs.push(id(&quiet.caller.client.submit(&veo).await.unwrap()));
    quiet.settle(&jobs[1..]).await;
    assert_eq!(quiet.renders_of("broken"), 1, "fal did not try again by itself");

    let [fal, google] = [
        &quiet.stage.system.fal.as_ref().unwrap().origin,
        &quiet.stage.system.google.as_ref().unwrap().origin,
    ];
    let sent: Vec<_> =
        [fal, google].into_iter().flat_map(|origin| quiet.wire.sent_to(origin)).collect();
    for kind in
        ["/text-to-video", "/status", "/files/", ":predictLongRunning", ":fetchPredictOperation"]
    {
        assert!(sent.iter().any(|sent| sent.url.as_str().contains(kind)), "{kind} was asked");
    }
    for sent in sent.iter().filter(|sent| sent.method != "HEAD") {
        assert_eq!(sent.header("accept-encoding"), "identity", "{}", sent.url);
        let (retry, fallback) =
            (sent.header("x-fal-no-retry"), sent.header("x-app-fal-disable-fallback"));
        let submits = sent.url.path().ends_with("/text-to-video");
        assert_eq!(
            (retry, fallback),
            if submits { ("1", "true") } else { ("", "") },
            "{}",
            sent.url
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_our_account_at_the_provider_is_not_the_callers_trouble() {
    let quiet = Quiet::new().await;
    let mut jobs = Vec::new();
    for (status, model, path) in [
        (401, "fal/kling-2", "kling"),
        (402, "fal/hailuo-02", "hailuo"),
        (403, "fal/luma-ray-2", "luma"),
    ] {
        let refusal =
            Then::answer(status, r#"{"detail":"User is locked. Reason: Exhausted balance."}"#);
        quiet.stage.fal().faults().add(Fault::forever("submit", refusal).on(path)).unwrap();
        let order = serde_json::json!({"model": model, "prompt": "an operator without money"});
        let answer = quiet.caller.client.submit(&order).await.unwrap();
        assert_eq!(
            (answer.status, &answer.body["status"]),
            (200, &"pending".into()),
            "{}",
            answer.body
        );
        jobs.push(id(&answer));
    }
    for _ in 0..9 {
        quiet.stage.later(A_TURN);
        for job in &jobs {
            quiet.look_at(job).await;
            let shown = quiet.show(job).await;
            assert_eq!(
                (&shown["status"], &shown["error"]),
                (&"pending".into(), &serde_json::Value::Null)
            );
        }
    }
    assert_eq!(
        quiet.wire.submissions_of("an operator without money"),
        3 * 10,
        "each is tried at every turn"
    );
    quiet.settle(&jobs).await;
    for job in &jobs {
        let stored = quiet.read_job(job).await;
        assert_eq!(failure(&stored), Some(FailureCode::ProviderUnavailable));
        let State::Failed { at, .. } = stored.state() else { unreachable!("it has failed") };
        assert!(at.since(stored.created()) > Duration::from_secs(600), "ten minutes were tried");
        let error = quiet.show(job).await["error"].as_str().unwrap().to_owned();
        assert!(!error.to_lowercase().contains("balance") && !error.contains("402"), "{error}");
    }
    assert_eq!(quiet.stage.fal().renders(), 0);
    quiet.expect_charge_for(0).await;

    quiet.stage.fal().faults().clear();
    let poor = quiet.stage.caller_with("0.00").await;
    let answer = poor.submit("a caller without money").await;
    assert_eq!(
        (answer.status, code(&answer.body)),
        (402, "insufficient_balance"),
        "402 comes from our ledger"
    );
}

/// Checks where each job stands, goes on until all are over, and checks how each ended. A job that
/// was taken was rendered and charged once, for so many centavos. An unknown one was sent once and
/// costs nothing.
pub(super) async fn each_stands_and_ends(
    quiet: &Quiet,
    jobs: Vec<(String, Stands, String)>,
    centavos: u64,
) {
    let mut before = Vec::new();
    for (name, stands, job) in &jobs {
        let shown = quiet.show(job).await;
        let stored = quiet.read_job(job).await;
        let expected = match stands {
            Stands::Taken => ("processing", None),
            Stands::NotTaken => ("pending", Some(false)),
            Stands::Unknown => ("pending", Some(true)),
            Stands::Refused => ("failed", None),
        };
        assert_eq!((shown["status"].as_str().unwrap(), lease(&stored)), expected, "{name}");
        before.push(quiet.renders_of(name));
    }
    quiet.expect_charge_for(0).await;

    let ids: Vec<String> = jobs.iter().map(|(_, _, job)| job.clone()).collect();
    quiet.settle(&ids).await;
    let mut videos = 0;
    for ((name, stands, job), before) in jobs.iter().zip(before) {
        let stored = quiet.read_job(job).await;
        let (sent, renders) = (quiet.wire.submissions_of(name), quiet.renders_of(name));
        match stands {
            Stands::Taken => {
                assert_eq!((stored.status(), sent, renders), (Status::Completed, 1, 1), "{name}")
            }
            Stands::NotTaken => {
                assert_eq!((stored.status(), sent, renders), (Status::Completed, 2, 1), "{name}")
            }
            Stands::Unknown => {
                assert_eq!(
                    (failure(&stored), sent),
                    (Some(FailureCode::SubmitUnknown), 1),
                    "{name}"
                );
                assert!(renders <= 1 && renders == before, "{name}: fal took it {renders} times");
            }
            Stands::Refused => {
                assert_eq!((stored.status(), sent, renders), (Status::Failed, 1, 0), "{name}")
            }
        }
        videos += u64::from(stored.status() == Status::Completed);
    }
    quiet.expect_charge(videos * centavos).await;
}

/// What each broken answer says of a submission. What is no definite refusal may have been taken.
pub(super) fn stands(name: &str) -> Stands {
    match name {
        ENDLESS => Stands::Taken, // what counts stands in its beginning
        "HTTP 401" | "HTTP 402" | "HTTP 403" | "HTTP 429" => Stands::NotTaken,
        "HTTP 404" => Stands::Refused,
        _ => Stands::Unknown,
    }
}

/// Of a pending job: whether a function may still be sending it.
pub(super) fn lease(job: &Job) -> Option<bool> {
    match job.state() {
        State::Pending { lease_until } => Some(lease_until.is_some()),
        _ => None,
    }
}
