//! F6 and F24: how a render is told to have ended. The caller reads whether to order again, and
//! nothing of the provider's or the operator's inside; the operator's log and alarms have the rest.

use super::{A_TURN, Quiet, failure};
use ghub::failure::FailureCode;
use ghub::status::Status;
use local::fal::{Ending, Verdict};
use local::faults::Then;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What no caller may read, in one sentence.
const INSIDE: &str = "Permission denied on gs://acme-private/x for ops@acme.example in project acme-prod, see \
    https://x.example/?token=hunter2, 10.0.0.1 and ghub_sk_live_abcdefgh1 \u{1b}[31m";

fn result(status: u16, headers: &[(&str, &str)], body: Value) -> Ending {
    let headers: BTreeMap<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ending::Result { status, headers, body }
}

#[tokio::test(flavor = "multi_thread")]
async fn f06_a_video_is_found_wherever_a_result_has_it() {
    let quiet = Quiet::new().await;
    let mut jobs = Vec::new();
    for (number, body) in [
        json!({"video": "{file}"}),
        json!({"videos": [{"url": "{file}"}]}),
        json!({"video_url": "{file}"}),
        json!({"data": {"video": {"url": "{file}"}}}),
        json!({"response": {"videos": ["{file}"]}}),
        json!({"video": {"url": "{path}"}}),
    ]
    .into_iter()
    .enumerate()
    {
        quiet.stage.fal().decide(Verdict::next(1, Ending::result(body)));
        jobs.push(quiet.caller.accept(&format!("video {number}")).await);
    }
    quiet.settle(&jobs).await;
    for job in &jobs {
        assert_eq!(quiet.status(job).await, Status::Completed, "{}", quiet.show(job).await);
    }
    quiet.expect_charge_for(6).await;
}

/// After COMPLETED nothing else comes: the next look ends the job, with a sentence that is true.
#[tokio::test(flavor = "multi_thread")]
async fn f24_a_finished_render_without_a_video_ends_at_once() {
    let quiet = Quiet::new().await;
    let mut jobs = Vec::new();
    for (prompt, ending, code, says) in without_a_video().into_iter().chain(refusals()) {
        quiet.stage.fal().decide(Verdict::next(1, ending));
        jobs.push((prompt, quiet.at_fal(prompt).await.0, code, says));
    }
    quiet.stage.later(A_TURN);
    for (prompt, job, code, says) in &jobs {
        quiet.look_at(job).await;
        assert_eq!(failure(&quiet.read_job(job).await), Some(*code), "{prompt}");
        let shown = quiet.show(job).await;
        let error = shown["error"].as_str().unwrap();
        assert!(error.contains(says) && !error.contains("hour"), "{prompt}: {error}");
        assert_eq!(shown["error_detail"]["retryable"], code.is_retryable(), "{prompt}");
    }
    quiet.expect_charge_for(0).await;
}

/// A prompt, how its render ends, the code of the failure, and what the sentence contains.
type Case = (&'static str, Ending, FailureCode, &'static str);

/// Results that are gone, and results in which no file can be found.
fn without_a_video() -> [Case; 5] {
    use FailureCode::{ContentFiltered, ProviderNoOutput};
    let gone = "does not have its result";
    let checked = json!({"video": null, "has_nsfw_concepts": [true]});
    let inside = json!({"video": "file:///etc/passwd"});
    let images = json!({"images": [], "seed": 7});
    [
        ("gone", result(404, &[], json!({"detail": "Not Found"})), ProviderNoOutput, gone),
        ("gone for good", result(410, &[], json!({})), ProviderNoOutput, gone),
        ("a filter with success", Ending::result(checked), ContentFiltered, "content checker"),
        ("other fields", Ending::result(images), ProviderNoOutput, "no video"),
        ("an address inside", Ending::result(inside), ProviderNoOutput, "no video"),
    ]
}

/// Results that refuse the order or tell of an error, in each form that fal has.
fn refusals() -> [Case; 9] {
    use FailureCode::{ContentFiltered, ProviderRefused, RenderFailed};
    let said = "said the model";
    let list =
        |kind: &str| json!({"detail": [{"loc": ["body", "prompt"], "msg": said, "type": kind}]});
    let errors =
        json!({"errors": [{"loc": ["body"], "msg": said, "type": "content_policy_violation"}]});
    let (style, plain) = ("no such style", json!({"detail": "no such style"}));
    let (no, yes) = (("X-Fal-Retryable", "false"), ("X-Fal-Retryable", "true"));
    let (broken, late) = (list("internal_server_error"), list("generation_timeout"));
    let filtered = list("content_policy_violation");
    [
        ("in plain text", result(400, &[], plain), ProviderRefused, style),
        ("in a JSON text", result(400, &[], json!(style)), ProviderRefused, style),
        ("a filter in errors", result(422, &[], errors), ContentFiltered, said),
        ("without a detail", result(422, &[], json!({})), ProviderRefused, "HTTP 422"),
        ("forbidden", result(403, &[], list("forbidden")), ProviderRefused, said),
        ("500, no", result(500, &[no], broken.clone()), ProviderRefused, said),
        ("504, no", result(504, &[no], late), ProviderRefused, said),
        ("500, yes", result(500, &[yes], broken), RenderFailed, said),
        ("500, filtered", result(500, &[], filtered), ContentFiltered, said),
    ]
}

/// fal documents three words. Any other asks for the result, which is the verdict.
#[tokio::test(flavor = "multi_thread")]
async fn f24_an_unknown_word_of_the_status_asks_for_the_result() {
    let quiet = Quiet::new().await;
    let mut jobs = Vec::new();
    for word in ["FAILED", "ERROR", "CANCELLED", "completed", "Done"] {
        let refused = Ending::refused("value_error", "said the model");
        quiet.stage.fal().decide(Verdict::for_prompts(&format!("refused {word}"), refused));
        for (prompt, status) in [
            (format!("refused {word}"), Status::Failed),
            (format!("good {word}"), Status::Completed),
        ] {
            let (job, request) = quiet.at_fal(&prompt).await;
            quiet.goes_wrong("status", 1, &request, Then::answer(200, json!({"status": word})));
            jobs.push((prompt, job, status));
        }
    }
    quiet.stage.later(A_TURN);
    for (prompt, job, status) in &jobs {
        quiet.look_at(job).await;
        if *status == Status::Completed {
            quiet.store_by_message(job).await;
        }
        assert_eq!(quiet.status(job).await, *status, "{prompt}");
    }
    quiet.expect_charge_for(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f24_a_caller_reads_nothing_of_the_inside() {
    let quiet = Quiet::new().await;
    let list = |loc: &str, kind: &str| json!({"detail": [{"loc": [loc, "prompt"], "msg": INSIDE, "type": kind}]});
    let mut jobs = Vec::new();
    for (prompt, ending) in [
        ("of the order", result(422, &[], list("body", "value_error"))),
        ("a filter", result(422, &[], list("body", "content_policy_violation"))),
        ("of the machine", result(500, &[], list("server", "internal_server_error"))),
        ("plain", result(400, &[], json!({"detail": INSIDE}))),
        ("a word", result(422, &[], list("body", INSIDE))),
        ("gone", result(404, &[], json!({"detail": INSIDE, "error_type": INSIDE}))),
    ] {
        quiet.stage.fal().decide(Verdict::next(1, ending));
        jobs.push(quiet.at_fal(prompt).await.0);
    }
    quiet.stage.later(A_TURN);
    for job in &jobs {
        quiet.look_at(job).await;
        assert_eq!(quiet.status(job).await, Status::Failed);
        let shown = quiet.show(job).await.to_string();
        for part in ["acme", "hunter2", "x.example", "10.0.0.1", "ghub_sk_", "\\u001b", "gs://"] {
            assert!(!shown.contains(part), "{part}: {shown}");
        }
    }
    quiet.expect_charge_for(0).await;
}
