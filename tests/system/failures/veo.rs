//! F5, F7 and F8 once more, for Veo on Vertex AI: `done` is no success, and a broken answer is no verdict.

use super::hostile::{Foreign, SLOW, answers};
use super::submit::{each_stands_and_ends, stands};
use super::{A_TURN, HOUR, Quiet, failure};
use crate::stage::id;
use ghub::job::{FailureCode, Status};
use local::fal::Render;
use local::faults::{Fault, Then};
use local::google::{Ending, Google, Left, Verdict};
use serde_json::json;
use std::time::Duration;

/// What Veo 3.1 costs for 4 s, in centavos.
const VEO: u64 = 3360;

#[tokio::test(flavor = "multi_thread")]
async fn f07_done_is_no_success() {
    let quiet = Quiet::new().await;
    let emptied = Ending::Filtered { reasons: Vec::new(), left: Left::Videos(0) };
    let mut jobs = Vec::new();
    for (prompt, ending, code, says) in [
        ("an error", Ending::error(13, "Internal error. Try again."), FailureCode::ProviderRefused, "Internal error"),
        ("a refusal", Ending::error(3, "violates the policy"), FailureCode::ProviderRefused, "violates the policy"),
        ("filtered", Ending::filtered("58061214: unsafe"), FailureCode::ContentFiltered, "58061214"),
        ("emptied", emptied, FailureCode::ContentFiltered, "safety filters"),
        ("no samples", Ending::NoVideos, FailureCode::ProviderNoOutput, "no video"),
        ("neither", Ending::Nothing, FailureCode::ProviderNoOutput, "no video"),
    ] {
        google(&quiet).decide(Verdict { times: Some(1), prompt_contains: Some(prompt.to_owned()), ending });
        jobs.push((submitted(&quiet, prompt).await, code, says));
    }
    quiet.stage.later(A_TURN);
    for (job, code, says) in &jobs {
        quiet.looked_at(job).await;
        let shown = quiet.shown(job).await;
        assert_eq!((&shown["status"], failure(&quiet.stored(job).await)), (&json!("failed"), Some(*code)), "{shown}");
        assert!(shown["error"].as_str().unwrap().contains(says), "{shown}");
    }
    quiet.charged(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f05_a_broken_answer_about_an_operation_changes_nothing() {
    let quiet = Quiet::new().await;
    google(&quiet).set_render(Render { queued: Duration::ZERO, rendering: 100 * HOUR });
    let elsewhere = Foreign::answering(r#"{"name":"x","done":true}"#);
    let job = submitted(&quiet, "patience").await;
    for (name, then) in quick(&elsewhere) {
        google(&quiet).faults().add(Fault::once("poll", then)).unwrap();
        quiet.stage.later(A_TURN);
        quiet.looked_at(&job).await;
        assert_eq!(quiet.status(&job).await, Status::Processing, "{name}");
        assert!(google(&quiet).faults().pending().is_empty(), "{name} was met");
    }
    quiet.charged(0).await;
    google(&quiet).set_render(Render { queued: Duration::ZERO, rendering: Duration::ZERO });
    quiet.settled(std::slice::from_ref(&job)).await;
    assert_eq!(
        (quiet.status(&job).await, google(&quiet).renders(), elsewhere.heard().len()),
        (Status::Completed, 1, 0)
    );
    quiet.charged(VEO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_a_lost_answer_of_googles_is_never_sent_again() {
    let quiet = Quiet::new().await;
    let elsewhere = Foreign::answering("{}");
    let mut jobs = Vec::new();
    for (name, then) in quick(&elsewhere) {
        google(&quiet).faults().add(Fault::once("submit", then)).unwrap();
        jobs.push((name.clone(), stands(&name), submitted(&quiet, &name).await));
    }
    assert_eq!(elsewhere.heard(), [""; 0], "no redirect is followed");
    each_stands_and_ends(&quiet, jobs, VEO).await;
}

/// Those that do not take the whole of our own time limit.
fn quick(elsewhere: &Foreign) -> Vec<(String, Then)> {
    answers(&elsewhere.origin).into_iter().filter(|(name, _)| name != SLOW).collect()
}

async fn submitted(quiet: &Quiet, prompt: &str) -> String {
    let order = json!({"model": "google/veo-3.1", "prompt": prompt, "duration": 4});
    let answer = quiet.caller.client.submit(&order).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    id(&answer)
}

fn google(quiet: &Quiet) -> &Google {
    &quiet.stage.system.google.as_ref().expect("Google is simulated").simulator
}
