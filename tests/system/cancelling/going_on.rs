//! A provider that was asked to stop may go on: the job stays open, with its hold, until it is
//! known what became of the render.

use super::{cancelled, requested};
use crate::still::{FOR_HOURS, Still};
use local::fal::Render;
use local::faults::{Fault, Then};
use serde_json::json;
use std::time::Duration;

/// The wish is kept on the job, and the poller repeats it until the provider has heard.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_says_nothing_may_have_a_render() {
    for then in [Then::answer(503, "busy"), Then::answer(200, "{}"), Then::CloseBefore] {
        let still = Still::rendering(FOR_HOURS).await;
        let job = still.caller.accept("silent").await;
        still.stage.fal().faults().add(Fault::once("cancel", then)).unwrap();
        let told = requested(&still.cancel(&job).await);
        assert_eq!(requested(&still.cancel(&job).await), told, "a second cancel answers the same");
        assert_eq!((requested(&still.show(&job).await), still.stops()), (told, 1));
        still.has("1000.00", "4.20").await;
        still.look_in(61, &job).await; // fal hears of it, and stops
        still.look_in(61, &job).await;
        assert_eq!(still.stops(), 2);
        cancelled(&still.show(&job).await);
        still.has("1000.00", "0.00").await;
    }
}

/// fal's `CANCELLATION_REQUESTED` is a hope. What it goes on with is rendered, billed, stored and
/// charged.
#[tokio::test(flavor = "multi_thread")]
async fn a_render_that_goes_on_after_its_cancellation_is_charged_once() {
    let ten_minutes = Render { queued: Duration::ZERO, rendering: Duration::from_secs(600) };
    let still = Still::rendering(ten_minutes).await;
    still.stage.fal().configure(|settings| settings.cancel_stops_rendering = false);
    let job = still.caller.accept("goes on").await;
    still.look_in(61, &job).await;
    let reply = still.cancel(&job).await;
    assert!(reply.retry_after_s().is_some(), "an answer about an open job says when to ask again");
    let told = requested(&reply);
    for _ in 0..5 {
        still.look_in(61, &job).await;
        assert_eq!(requested(&still.show(&job).await), told);
        still.has("1000.00", "4.20").await;
    }
    still.look_in(600, &job).await;
    still.deliver("store-video", &job).await;
    let shown = still.show(&job).await.body;
    assert_eq!(
        (&shown["status"], &shown["billing"]["amount"]),
        (&json!("completed"), &json!("4.20"))
    );
    assert_eq!(shown["cancel_requested"], told["cancel_requested"]);
    still.has("995.80", "0.00").await;
    assert_eq!(still.stage.entries("consumption").await, 1);
}

/// Twelve renders of Veo were to be had for nothing in twenty seconds.
#[tokio::test(flavor = "multi_thread")]
async fn twelve_orders_cancelled_while_rendering_cost_what_was_rendered() {
    for stops in [true, false] {
        let ten_minutes = Render { queued: Duration::ZERO, rendering: Duration::from_secs(600) };
        let still = Still::rendering(ten_minutes).await;
        still.stage.fal().configure(|settings| settings.cancel_stops_rendering = stops);
        let order = json!({"model": "fal/veo-3.1", "prompt": "free?", "duration": 4});
        let mut jobs = Vec::new();
        for number in 0..12 {
            let job = still.submit(&order, &format!("order-{number}")).await.job().to_owned();
            still.look_in(1, &job).await;
            let reply = still.cancel(&job).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            assert_eq!(reply.body["status"] == "failed", stops, "{}", reply.body);
            jobs.push(job);
        }
        still.stage.later(Duration::from_secs(700));
        for job in &jobs {
            still.deliver("poll-jobs", job).await;
            still.deliver("store-video", job).await;
        }
        let rendered = still.stage.fal().finished_renders_of("free?");
        let charged = still.stage.entries("consumption").await;
        assert_eq!(
            (rendered, charged),
            if stops { (0, 0) } else { (12, 12) },
            "each render is paid for"
        );
        // 12 × 4 × 0.40 × 1.05 × 20 = 403.20
        let balance = if stops { "1000.00" } else { "596.80" };
        still.has(balance, "0.00").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_never_says_that_it_stopped_holds_the_money_for_a_day() {
    let still = Still::rendering(FOR_HOURS).await;
    still.stage.fal().configure(|settings| settings.cancel_stops_rendering = false);
    let job = still.caller.accept("endless").await;
    still.look_in(61, &job).await;
    let told = requested(&still.cancel(&job).await);
    still.look_in(24 * 3600 - 100, &job).await;
    assert_eq!(requested(&still.show(&job).await), told, "the hour of rendering does not end it");
    still.has("1000.00", "4.20").await;
    still.look_in(400, &job).await;
    let shown = still.show(&job).await.body;
    assert_eq!(
        (&shown["status"], &shown["error_detail"]["code"]),
        (&json!("failed"), &json!("cancelled"))
    );
    assert!(shown["error"].as_str().unwrap().contains("within 24 hours"), "{shown}");
    still.has("1000.00", "0.00").await;
}

/// A job that fal does not know is over; one whose cancellation alone went to a wrong place is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_know_the_job_has_to_say_so_twice() {
    for unknown_at_status in [false, true] {
        let still = Still::rendering(FOR_HOURS).await;
        let job = still.caller.accept("unknown").await;
        let not_found = Then::answer(404, r#"{"status": "NOT_FOUND"}"#);
        still.stage.fal().faults().add(Fault::once("cancel", not_found)).unwrap();
        if unknown_at_status {
            let unknown = Then::answer(404, r#"{"detail": "Request not found"}"#);
            still.stage.fal().faults().add(Fault::once("status", unknown)).unwrap();
            cancelled(&still.cancel(&job).await);
            still.has("1000.00", "0.00").await;
        } else {
            requested(&still.cancel(&job).await);
            still.has("1000.00", "4.20").await;
        }
    }
}
