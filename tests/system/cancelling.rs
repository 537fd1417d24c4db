//! `POST /v1/videos/{id}/cancel`: a job ends uncharged where its provider lets it, by exactly one
//! outcome, whichever other workers act on it.

mod contended;
mod going_on;

use crate::asking::{Ask, Reply};
use crate::still::{AT_ONCE, FOR_HOURS, Still};
use crate::traces::Call;
use ghub::adapter::Handle;
use ghub::job::{Job, Processing, State};
use ghub::status::Status;
use local::fal::{Ending, Verdict};
use local::faults::{Fault, Then};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_no_provider_has_is_cancelled_at_once() {
    let still = Still::new().await;
    still.stage.fal().faults().add(Fault::once("submit", Then::answer(429, "{}"))).unwrap();
    let job = still.caller.accept("waiting").await;
    still.has("1000.00", "4.20").await;
    let told = cancelled(&still.cancel(&job).await);
    assert_eq!(
        (&told["billing"]["status"], &told["video_url"]),
        (&json!("released"), &Value::Null)
    );
    assert_eq!((still.stops(), still.stage.fal().renders()), (0, 0), "nobody was asked");
    still.has("1000.00", "0.00").await;

    let again = still.cancel(&job).await;
    assert_eq!(cancelled(&again), told, "a repeat is safe, and says the same");
    assert_eq!((still.show(&job).await.body, again.retry_after_s()), (told, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_its_provider_has_is_cancelled_between_two_looks() {
    let still = Still::rendering(FOR_HOURS).await;
    for looks in 0..3 {
        let job = still.caller.accept("unwanted").await;
        for _ in 0..looks {
            still.stage.later(Duration::from_secs(61));
            still.deliver("poll-jobs", &job).await;
        }
        let told = still.cancel(&job).await;
        cancelled(&told);
        assert!(told.body["cancel_requested"].is_i64(), "{}", told.body);
        assert_eq!((told.balance(), still.stops()), (Some("1000.00".parse().unwrap()), looks + 1));
        cancelled(&still.cancel(&job).await);
        assert_eq!(still.stops(), looks + 1, "a repeat asks nobody");
        still.stage.later(Duration::from_secs(3600));
        still.deliver("poll-jobs", &job).await;
        still.deliver("store-video", &job).await;
        cancelled(&still.show(&job).await);
    }
    still.has("1000.00", "0.00").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_the_sandbox_is_cancelled_like_any_other() {
    let still = Still::new().await;
    let key = &still.stage.system.identity.sandbox_key;
    let order = json!({"model": "fal/kling-2", "prompt": "sandbox:slow"});
    let job = still.stage.ask(Ask::submit(key, &order)).await.job().to_owned();
    let ask = Ask::new(Method::POST, &format!("/v1/videos/{job}/cancel")).key(key);
    assert_eq!(cancelled(&still.stage.ask(ask).await)["billing"]["status"], "free");
    still.cancel(&job).await.refused(404, "job_not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_render_that_won_the_race_is_stored_and_charged_once() {
    let still = Still::rendering(AT_ONCE).await; // no worker has looked since
    let job = still.caller.accept("finished").await;
    let first = requested(&still.cancel(&job).await);
    assert_eq!(requested(&still.cancel(&job).await), first, "a second cancel answers the same");
    assert_eq!(still.stops(), 1, "once its file is found, fal is left alone");
    still.deliver("store-video", &job).await;
    let shown = still.show(&job).await;
    assert_eq!(
        (&shown.body["status"], &shown.body["billing"]["amount"]),
        (&json!("completed"), &json!("4.20"))
    );
    assert_eq!(shown.body["cancel_requested"], first["cancel_requested"]);
    let reply = still.cancel(&job).await;
    assert!(reply.refused(409, "not_cancellable").contains("is completed already"));
    assert_eq!(reply.header("x-should-retry"), Some("false"));
    still.has("995.80", "0.00").await;
    assert_eq!(still.stage.entries("consumption").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_has_said_comes_first() {
    let still = Still::rendering(AT_ONCE).await;
    still.stage.fal().decide(Verdict::for_prompts(
        "refused",
        Ending::refused("content_policy_violation", "flagged"),
    ));
    let job = still.caller.accept("refused").await;
    let reply = still.cancel(&job).await;
    assert_eq!(
        (reply.job(), &reply.body["status"], &reply.body["error"]),
        (&*job, &json!("failed"), &json!("flagged"))
    );
    assert_eq!(reply.body["error_detail"]["code"], "content_filtered");
    still.has("1000.00", "0.00").await;
}

/// Google's operations cannot be stopped, so it is only asked whether the video is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_be_stopped_is_asked_how_it_stands() {
    let still = Still::new().await;
    let google = &still.stage.system.google.as_ref().unwrap().simulator;
    google.set_render(FOR_HOURS);
    let rendering = still.at_google("rendering").await;
    let before = still.read_job(&rendering).await;
    let reply = still.cancel(&rendering).await;
    let message = reply.refused(409, "not_cancellable");
    assert!(
        message.contains("google/veo-3.1") && message.contains("cannot be stopped"),
        "{message}"
    );
    assert_eq!((reply.header("x-should-retry"), reply.retry_after_s()), (Some("false"), None));
    google.faults().add(Fault::once("poll", Then::answer(503, "{}"))).unwrap();
    assert_eq!(still.cancel(&rendering).await.retry_after_s(), Some(10), "it did not say");
    assert_eq!(still.read_job(&rendering).await, before, "it goes on as if nobody had asked");
    still.look_in(60, &rendering).await;
    // past its hour it is waited for, and cannot be stopped either
    still.look_in(2 * 3600, &rendering).await;
    assert!(still.read_job(&rendering).await.stop().is_some());
    assert!(
        still
            .cancel(&rendering)
            .await
            .refused(409, "not_cancellable")
            .contains("cannot be stopped")
    );

    google.set_render(AT_ONCE);
    let finished = still.at_google("finished").await;
    assert!(
        still.cancel(&finished).await.refused(409, "not_cancellable").contains("is being stored")
    );
    still.deliver("store-video", &finished).await;
    assert_eq!(still.read_job(&finished).await.status(), Status::Completed);
    google.decide(local::google::Verdict::for_prompts(
        "filtered",
        local::google::Ending::filtered("58061214: unsafe"),
    ));
    let filtered = still.at_google("filtered").await;
    assert!(
        still
            .cancel(&filtered)
            .await
            .refused(409, "not_cancellable")
            .contains("has failed already")
    );
    assert_eq!(still.show(&filtered).await.body["error_detail"]["code"], "content_filtered");
    still.has("966.40", "33.60").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_being_handed_over_is_left_alone_until_that_is_over() {
    let still = Still::rendering(FOR_HOURS).await;
    still.stage.fal().faults().add(Fault::once("submit", Then::CloseAfter)).unwrap();
    // its outcome is unknown, and the lease still stands
    let job = still.caller.accept("lost").await;
    let before = still.read_job(&job).await;
    let reply = still.cancel(&job).await;
    assert!(reply.refused(409, "not_cancellable").contains("handed to its provider"));
    assert_eq!(
        (reply.retry_after_s(), reply.header("x-should-retry")),
        (Some(1), None),
        "the cadence of a fast system"
    );
    assert_eq!(still.read_job(&job).await, before);
    still.stage.later(Duration::from_secs(60));
    cancelled(&still.cancel(&job).await);
    assert_eq!(still.stops(), 0, "nobody knows what fal calls it");
    still.has("1000.00", "0.00").await;
}

/// The look was begun before the cancellation and comes to its end after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_is_in_the_middle_finds_itself_overtaken() {
    for (render, asks_for) in [(FOR_HOURS, "/status"), (AT_ONCE, "/status"), (AT_ONCE, "/result")] {
        let still = Still::rendering(render).await;
        let job = still.caller.accept("looked at").await;
        still.stage.later(Duration::from_secs(61));
        let ending = if asks_for == "/result" {
            request_id(&still.read_job(&job).await)
        } else {
            asks_for.to_owned()
        };
        still.meddler.hold_next(&ending);
        let look = still.deliver("poll-jobs", &job);
        let meanwhile = async {
            still.meddler.reach().await;
            let reply = still.cancel(&job).await;
            still.meddler.let_go();
            reply
        };
        let ((), reply) = tokio::join!(look, meanwhile);
        let case = format!("{render:?}, held at {asks_for}");
        if render == FOR_HOURS {
            cancelled(&reply);
            cancelled(&still.show(&job).await);
            still.has("1000.00", "0.00").await;
        } else {
            requested(&reply);
            let file = |job: Job| {
                matches!(job.state(), State::Processing(Processing { file: Some(_), .. }))
            };
            assert!(file(still.read_job(&job).await), "{case}");
            still.deliver("store-video", &job).await;
            still.has("995.80", "0.00").await;
        }
        assert_eq!(still.stops(), 1, "{case}");
    }
}

/// A function that cancels may die after the provider has heard. The next look finds that the
/// provider has stopped.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_that_died_is_finished_by_a_look() {
    let still = Still::rendering(FOR_HOURS).await;
    let job = still.caller.accept("half cancelled").await;
    still
        .meddler
        .withhold(|call| by(call, "cancel-video") && call.what.ends_with("TransactWriteItems"));
    assert_eq!(still.cancel(&job).await.retry_after_s(), Some(2));
    still.meddler.withhold_nothing();
    assert_eq!(
        (requested(&still.show(&job).await), still.stops()),
        (requested(&still.cancel(&job).await), 1)
    );
    still.look_in(120, &job).await;
    cancelled(&still.show(&job).await);
    still.has("1000.00", "0.00").await;
}

/// Checks that the job's provider was asked to stop and that the job is open, by all that says so,
/// and returns it.
#[track_caller]
fn requested(reply: &Reply) -> Value {
    let body = &reply.body;
    assert_eq!(
        (reply.status, &body["status"], &body["error"]),
        (200, &json!("processing"), &Value::Null),
        "{body}"
    );
    assert!(body["cancel_requested"].is_i64() && body["billing"]["status"] == "held", "{body}");
    body.clone()
}

/// Checks that the job was cancelled, by all that says so, and returns it.
#[track_caller]
fn cancelled(reply: &Reply) -> Value {
    let body = &reply.body;
    assert_eq!(
        (reply.status, &body["status"], &body["error"]),
        (200, &json!("failed"), &json!("cancelled")),
        "{body}"
    );
    assert_eq!(
        body["error_detail"],
        json!({"code": "cancelled", "retryable": true, "provider_code": null})
    );
    assert!(body["completed"].is_i64() && reply.balance().is_some(), "{body}");
    body.clone()
}

fn by(call: &Call, function: &str) -> bool {
    call.by.as_deref() == Some(function)
}

/// What fal calls it; the address of its result ends so.
fn request_id(job: &Job) -> String {
    match job.state() {
        State::Processing(Processing { handle: Handle::Fal(handle), .. }) => {
            handle.request_id.clone()
        }
        state => panic!("the job is at fal: {state:?}"),
    }
}
