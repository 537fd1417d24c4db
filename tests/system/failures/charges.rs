//! F1, F2, F3, F12 and F19: what a video costs, and that it is charged once.

use super::{A_TURN, HOUR, Quiet};
use crate::stage::{Stage, code, id, until};
use futures::future::join_all;
use ghub::status::Status;
use local::fal::Render;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Barrier;

#[tokio::test(flavor = "multi_thread")]
async fn f01_ten_parallel_submits_on_a_peso_are_one_job() {
    let stage = Stage::new().await;
    let caller = stage.caller_with("1.00").await;
    let answers = join_all((0..10).map(|_| caller.submit("on one peso"))).await;
    let refused = |answer: &local::client::Answer| {
        answer.status == 402 && code(&answer.body) == "insufficient_balance"
    };
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| refused(answer)).count(), 9);
    assert_eq!(stage.fal().renders_of("on one peso"), 1);
    let job = answers.iter().find(|answer| answer.status == 200).map(id).unwrap();
    stage.until(caller.org, &job, Status::Completed).await;
    assert_eq!(
        stage.store.account(caller.org).await.unwrap().unwrap().balance.to_string(),
        "-3.20"
    );
    stage.audit().await;
}

/// A poller gives a job up at its deadline and waits for the answer to its cancellation. Meanwhile
/// the video comes, is stored and charged. The poller's own ending, when it comes at last, changes
/// nothing.
#[tokio::test(flavor = "multi_thread")]
async fn f02_whoever_was_overtaken_moves_no_money() {
    let quiet = Quiet::new().await;
    quiet.stage.fal().configure(|settings| {
        settings.cancel_stops_rendering = false;
        settings.render = Render { queued: Duration::ZERO, rendering: 100 * HOUR };
    });
    let (job, _) = quiet.at_fal("overtaken").await;
    quiet.stage.later(A_TURN);
    quiet.look_at(&job).await;
    quiet.stage.later(HOUR + A_TURN);
    let held = Arc::new(Barrier::new(2));
    quiet.wire.meet("/cancel", Arc::clone(&held));
    let gives_up = quiet.look_at(&job);
    let overtakes = async {
        until(async || (quiet.asked("/cancel") == 1).then_some(())).await;
        quiet.renders_take(Duration::ZERO, Duration::ZERO);
        quiet.stage.later(A_TURN);
        quiet.look_at(&job).await;
        quiet.store_by_message(&job).await;
        assert_eq!(quiet.status(&job).await, Status::Completed);
        held.wait().await;
    };
    tokio::join!(gives_up, overtakes);
    assert_eq!(quiet.status(&job).await, Status::Completed, "a final state never changes");
    quiet.expect_charge_for(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f02_many_at_once_charge_once() {
    let quiet = Quiet::new().await;
    let (job, _) = quiet.render("ten hands").await;
    quiet.stage.later(A_TURN);
    join_all((0..10).map(|_| quiet.store_by_message(&job))).await;
    join_all((0..10).map(|_| quiet.look_at(&job))).await;
    assert_eq!(quiet.status(&job).await, Status::Completed);
    quiet.expect_charge_for(1).await;
}

/// The store fails in the moment of the charge: neither the status nor the money is written, the
/// message comes again, and both are.
#[tokio::test(flavor = "multi_thread")]
async fn f03_a_charge_that_fails_leaves_the_job_open() {
    let quiet = Quiet::new().await;
    let (job, _) = quiet.render("charged late").await;
    quiet.wire.fail_transactions(true);
    assert!(
        !quiet.deliver("store-video", &job).await,
        "our own store's failure is one of the message"
    );
    assert_eq!(quiet.show(&job).await["status"], "processing");
    quiet.expect_charge_for(0).await;

    quiet.wire.fail_transactions(false);
    quiet.stage.later(6 * A_TURN); // store-video has the turn for 330 s
    quiet.wire.lose_a_transaction();
    quiet.store_by_message(&job).await;
    assert_eq!(quiet.status(&job).await, Status::Completed);
    quiet.expect_charge_for(1).await;
}

/// Nothing is left to the provider's defaults: what is sent, stored, shown, rendered and charged is
/// one length.
#[tokio::test(flavor = "multi_thread")]
async fn f12_the_length_that_is_charged_is_the_one_that_was_sent() {
    let quiet = Quiet::new().await;
    for (model, sent, seconds, cost) in [
        ("fal/kling-2", json!("5"), 5, "4.20"),
        ("fal/hailuo-02", json!("6"), 6, "5.04"),
        ("fal/luma-ray-2", json!("5s"), 5, "21.00"),
        ("fal/veo-3.1", json!("8s"), 8, "67.20"),
    ] {
        let order = json!({"model": model, "prompt": model});
        let answer = quiet.caller.client.submit(&order).await.unwrap();
        let job = id(&answer);
        let submission =
            quiet.wire.sent().into_iter().find(|sent| sent.body["prompt"] == model).unwrap();
        assert_eq!(
            (&submission.body["duration"], &answer.body["duration"]),
            (&sent, &json!(seconds)),
            "{model}"
        );
        let before = quiet.stage.store.account(quiet.caller.org).await.unwrap().unwrap();
        let stored = quiet.read_job(&job).await;
        assert_eq!(
            (stored.terms().seconds(), stored.cost().to_string()),
            (seconds, cost.to_owned()),
            "{model}"
        );
        assert_eq!(before.held.to_string(), cost);
        quiet.settle(std::slice::from_ref(&job)).await;
        let after = quiet.stage.store.account(quiet.caller.org).await.unwrap().unwrap();
        assert_eq!(before.balance.minus(after.balance).unwrap().to_string(), cost, "{model}");
    }
    quiet.stage.audit().await;
}

/// fal lists Kling 2 at 0.28 dollars a second; an operator says so in the configuration, and the
/// next job is priced by it.
#[tokio::test(flavor = "multi_thread")]
async fn f19_prices_are_configuration() {
    let prices = r#"{"fal/kling-2":{"usd_per_second":"0.28"}}"#;
    let quiet =
        Quiet::with(&[("Catalog", prices), ("Markup", "1.10"), ("FxMxnPerUsd", "18.5")]).await;
    let (job, _) = quiet.render("dearer").await;
    assert_eq!(quiet.read_job(&job).await.cost().to_string(), "28.49"); // 5 × 0.28 × 1.10 × 18.5
    quiet.store_by_message(&job).await;
    assert_eq!(
        quiet.stage.store.account(quiet.caller.org).await.unwrap().unwrap().balance.to_string(),
        "971.51"
    );
    quiet.stage.audit().await;
}
