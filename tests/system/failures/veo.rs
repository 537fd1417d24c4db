//! F5, F7 and F8 once more, for Veo on Vertex AI: `done` is no success, and a broken answer is no
//! verdict.

use super::hostile::{Foreign, SLOW, answers};
use super::submit::{each_stands_and_ends, stands};
use super::{A_TURN, HOUR, Quiet, failure};
use crate::stage::id;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ghub::failure::FailureCode;
use ghub::status::Status;
use local::fal::Render;
use local::faults::{Fault, Then};
use local::google::{Base64, Ending, Google, Left, Verdict};
use serde_json::{Value, json};
use std::time::Duration;

/// What Veo 3.1 costs for 4 s, in centavos.
const VEO: u64 = 3360;

#[tokio::test(flavor = "multi_thread")]
async fn f07_done_is_no_success() {
    let quiet = Quiet::new().await;
    let emptied = Ending::Filtered { reasons: Vec::new(), left: Left::Videos(0) };
    let mut jobs = Vec::new();
    for (prompt, ending, code, says) in [
        (
            "an error",
            Ending::error(13, "Internal error. Try again."),
            FailureCode::RenderFailed,
            "ordered again",
        ),
        (
            "a refusal",
            Ending::error(3, "no such duration"),
            FailureCode::ProviderRefused,
            "no such duration",
        ),
        (
            "a policy",
            Ending::error(3, "violates the policy"),
            FailureCode::ContentFiltered,
            "violates the policy",
        ),
        (
            "filtered",
            Ending::filtered("58061214: unsafe"),
            FailureCode::ContentFiltered,
            "58061214",
        ),
        ("emptied", emptied, FailureCode::ContentFiltered, "safety filters"),
        ("no samples", Ending::NoVideos, FailureCode::ProviderNoOutput, "no video"),
        ("neither", Ending::Nothing, FailureCode::ProviderNoOutput, "no video"),
    ] {
        google(&quiet).decide(Verdict {
            times: Some(1),
            after: 0,
            prompt_contains: Some(prompt.to_owned()),
            ending,
        });
        jobs.push((submit(&quiet, prompt).await, code, says));
    }
    quiet.stage.later(A_TURN);
    for (job, code, says) in &jobs {
        quiet.look_at(job).await;
        let shown = quiet.show(job).await;
        assert_eq!(
            (&shown["status"], failure(&quiet.read_job(job).await)),
            (&json!("failed"), Some(*code)),
            "{shown}"
        );
        assert!(shown["error"].as_str().unwrap().contains(says), "{shown}");
    }
    quiet.expect_charge(0).await;
}

/// What ends a render decides whether a caller is told to order again; what only the operator can
/// mend rings the operator's alarm.
#[tokio::test(flavor = "multi_thread")]
async fn f24_each_of_googles_codes_is_told_for_what_it_is() {
    let quiet = Quiet::new().await;
    let denied = "Permission 'storage.objects.create' denied on resource gs://acme-private/x for \
        service-1@gcp-sa-aiplatform.iam.gserviceaccount.com in project acme-prod";
    let mut jobs = Vec::new();
    for (code, message, expected) in [
        (4, "Please try again in a few minutes.", FailureCode::RenderFailed),
        (8, "Please try again in a few minutes.", FailureCode::RenderFailed),
        (10, "Please try again in a few minutes.", FailureCode::RenderFailed),
        (13, "Please try again in a few minutes.", FailureCode::RenderFailed),
        (14, "Please try again in a few minutes.", FailureCode::RenderFailed),
        (3, "It violates our usage guidelines.", FailureCode::ContentFiltered),
        (3, "The storageUri is not valid in acme-prod", FailureCode::ProviderUnavailable),
        (3, "Try another prompt. Support codes: 58061214", FailureCode::ContentFiltered),
        (7, denied, FailureCode::ProviderUnavailable),
        (16, denied, FailureCode::ProviderUnavailable),
    ] {
        let prompt = format!("code {code}: {}", &message[..10]);
        google(&quiet).decide(Verdict::next(1, Ending::error(code, message)));
        jobs.push((submit(&quiet, &prompt).await, code, expected));
    }
    quiet.stage.later(A_TURN);
    let alarms = |quiet: &Quiet| {
        quiet.measured.of("ProviderAccountRefused").iter().filter(|(_, rung)| *rung == 1).count()
    };
    for (job, code, expected) in &jobs {
        let before = alarms(&quiet);
        quiet.look_at(job).await;
        let shown = quiet.show(job).await;
        assert_eq!(failure(&quiet.read_job(job).await), Some(*expected), "{code}: {shown}");
        assert_eq!(
            shown["error_detail"]["retryable"],
            *expected != FailureCode::ContentFiltered,
            "{shown}"
        );
        assert!(!shown.to_string().contains("acme"), "{shown}");
        let rings = usize::from(*expected == FailureCode::ProviderUnavailable);
        assert_eq!(alarms(&quiet) - before, rings, "{code}");
    }
    quiet.expect_charge(0).await;
}

/// An error at the submission, in Google's list as in its object.
#[tokio::test(flavor = "multi_thread")]
async fn f24_a_refused_submission_says_why() {
    let quiet = Quiet::new().await;
    let error = |message: &str| json!({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}});
    for (name, body, code, says) in [
        (
            "an object",
            error("Unsupported duration 5"),
            FailureCode::ProviderRefused,
            "Unsupported duration 5",
        ),
        (
            "a list",
            json!([error("Unsupported duration 5")]),
            FailureCode::ProviderRefused,
            "Unsupported duration 5",
        ),
        (
            "no code",
            json!({"error": "Unsupported duration 5"}),
            FailureCode::ProviderRefused,
            "Unsupported duration 5",
        ),
        (
            "a filter",
            error("Blocked. Support codes: 58061214"),
            FailureCode::ContentFiltered,
            "58061214",
        ),
    ] {
        google(&quiet).faults().add(Fault::once("submit", Then::answer(400, body))).unwrap();
        let job = submit(&quiet, name).await;
        let shown = quiet.show(&job).await;
        assert_eq!(failure(&quiet.read_job(&job).await), Some(code), "{name}: {shown}");
        assert!(shown["error"].as_str().unwrap().contains(says), "{shown}");
    }
    quiet.expect_charge(0).await;
}

/// A video inside the answer, in each base64 that readers of proto3's JSON have to take, and in the
/// shapes of Google's other APIs.
#[tokio::test(flavor = "multi_thread")]
async fn f07_a_video_is_read_however_it_is_written() {
    let quiet = Quiet::new().await;
    let mut jobs = Vec::new();
    for base64 in [Base64::Standard, Base64::Url, Base64::Lines] {
        google(&quiet).configure(|settings| settings.shape.base64 = base64);
        let job = submit(&quiet, &format!("{base64:?}")).await;
        quiet.settle(std::slice::from_ref(&job)).await;
        jobs.push(job);
    }
    let video = STANDARD.encode(include_bytes!("../../../lib/core/src/mp4/cases/uuid_first.mp4"));
    for (name, fields) in [
        (
            "text and nothing",
            json!({"done": "true", "error": {}, "response": {"videos": [{"bytesBase64Encoded": video}]}}),
        ),
        (
            "samples",
            json!({"done": true, "response": {"videos": null, "generatedSamples": [{"video": {"encodedVideo": video}}]}}),
        ),
    ] {
        let Value::Object(fields) = fields else { unreachable!("it is written as one") };
        google(&quiet).decide(Verdict::next(1, Ending::Exactly { fields }));
        jobs.push(submit(&quiet, name).await);
    }
    quiet.settle(&jobs).await;
    for job in &jobs {
        assert_eq!(quiet.status(job).await, Status::Completed, "{}", quiet.show(job).await);
    }
    quiet.expect_charge(VEO * 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f05_a_broken_answer_about_an_operation_changes_nothing() {
    let quiet = Quiet::new().await;
    google(&quiet).set_render(Render { queued: Duration::ZERO, rendering: 100 * HOUR });
    let elsewhere = Foreign::answering(r#"{"name":"x","done":true}"#);
    let job = submit(&quiet, "patience").await;
    for (name, then) in quick(&elsewhere) {
        google(&quiet).faults().add(Fault::once("poll", then)).unwrap();
        quiet.stage.later(A_TURN);
        quiet.look_at(&job).await;
        assert_eq!(quiet.status(&job).await, Status::Processing, "{name}");
        assert!(google(&quiet).faults().pending().is_empty(), "{name} was met");
    }
    quiet.expect_charge(0).await;
    google(&quiet).set_render(Render { queued: Duration::ZERO, rendering: Duration::ZERO });
    quiet.settle(std::slice::from_ref(&job)).await;
    assert_eq!(
        (quiet.status(&job).await, google(&quiet).renders(), elsewhere.heard().len()),
        (Status::Completed, 1, 0)
    );
    quiet.expect_charge(VEO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_a_lost_answer_of_googles_is_never_sent_again() {
    let quiet = Quiet::new().await;
    let elsewhere = Foreign::answering("{}");
    let mut jobs = Vec::new();
    for (name, then) in quick(&elsewhere) {
        google(&quiet).faults().add(Fault::once("submit", then)).unwrap();
        jobs.push((name.clone(), stands(&name), submit(&quiet, &name).await));
    }
    assert_eq!(elsewhere.heard(), [""; 0], "no redirect is followed");
    each_stands_and_ends(&quiet, jobs, VEO).await;
}

/// Those that do not take the whole of our own time limit.
fn quick(elsewhere: &Foreign) -> Vec<(String, Then)> {
    answers(&elsewhere.origin).into_iter().filter(|(name, _)| name != SLOW).collect()
}

async fn submit(quiet: &Quiet, prompt: &str) -> String {
    let order = json!({"model": "google/veo-3.1", "prompt": prompt, "duration": 4});
    let answer = quiet.caller.client.submit(&order).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    id(&answer)
}

fn google(quiet: &Quiet) -> &Google {
    &quiet.stage.system.google.as_ref().expect("Google is simulated").simulator
}
