//! F4: a job ends by its provider's verdict or by a deadline, not a second before; and what had
//! finished by then is stored and charged.

use super::hostile::{ENDLESS, Foreign, answers};
use super::{A_TURN, HOUR, Quiet, failure, processing};
use futures::future::join_all;
use ghub::failure::FailureCode;
use ghub::job::{Job, State};
use ghub::status::Status;
use ghub::time::Timestamp;
use local::faults::{Fault, Then};
use local::supabase::Step;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const TEN_MINUTES: Duration = Duration::from_secs(10 * 60);

#[tokio::test(flavor = "multi_thread")]
async fn f04_ten_minutes_pending() {
    let quiet = Quiet::new().await;
    quiet.stage.fal().faults().add(Fault::forever("submit", Then::answer(429, "{}"))).unwrap();
    let (early, late) = (quiet.caller.accept("early").await, quiet.caller.accept("late").await);
    let since = quiet.read_job(&late).await.created();
    at_the_limit(&quiet, &early, &late, TEN_MINUTES, "poll-jobs").await;
    assert_eq!(
        ended(&quiet.read_job(&late).await),
        (FailureCode::ProviderUnavailable, since.after(TEN_MINUTES + SECOND))
    );

    quiet.stage.fal().faults().clear();
    quiet.stage.later(A_TURN);
    quiet.look_at(&late).await;
    assert_eq!(
        (quiet.stage.fal().renders(), quiet.status(&late).await),
        (0, Status::Failed),
        "it is over"
    );
    quiet.expect_charge_for(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f04_six_hours_in_the_providers_queue() {
    let quiet = Quiet::new().await;
    quiet.renders_take(100 * HOUR, HOUR);
    let ((early, _), (late, request)) = (quiet.at_fal("early").await, quiet.at_fal("late").await);
    let since = processing(&quiet.read_job(&late).await).submitted;
    at_the_limit(&quiet, &early, &late, 6 * HOUR, "poll-jobs").await;
    assert_eq!(
        ended(&quiet.read_job(&late).await),
        (FailureCode::TimedOut, since.after(6 * HOUR + SECOND))
    );
    assert_eq!(cancelled(&quiet), [request], "fal was asked to stop this one");
    quiet.expect_charge_for(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f04_an_hour_of_rendering() {
    let quiet = Quiet::new().await;
    quiet.renders_take(3 * HOUR, 100 * HOUR);
    let ((early, _), (late, request)) = (quiet.at_fal("early").await, quiet.at_fal("late").await);
    quiet.stage.later(3 * HOUR);
    join_all([&early, &late].map(|job| quiet.look_at(job))).await;
    let since =
        processing(&quiet.read_job(&late).await).rendering_since.expect("it was seen rendering");
    at_the_limit(&quiet, &early, &late, HOUR, "poll-jobs").await;
    assert_eq!(cancelled(&quiet), [request], "fal was asked to stop this one");
    let stored = quiet.read_job(&late).await;
    let stop = stored.stop().expect("it is to stop");
    assert_eq!(
        (stop.failure.code, stop.requested),
        (FailureCode::TimedOut, since.after(HOUR + SECOND))
    );
    quiet.stage.later(A_TURN);
    quiet.look_at(&late).await;
    assert_eq!(
        failure(&quiet.read_job(&late).await),
        Some(FailureCode::TimedOut),
        "fal has stopped"
    );
    quiet.expect_charge_for(0).await;
}

/// A render that goes on after its deadline is billed, so it is stored and charged.
#[tokio::test(flavor = "multi_thread")]
async fn f04_a_render_that_goes_on_after_its_deadline_is_stored_and_charged() {
    let quiet = Quiet::new().await;
    quiet.renders_take(Duration::ZERO, 5 * HOUR);
    quiet.stage.fal().configure(|settings| settings.cancel_stops_rendering = false);
    let (job, _) = quiet.at_fal("slow").await;
    quiet.stage.later(A_TURN);
    quiet.look_at(&job).await;
    for _ in 0..4 {
        quiet.stage.later(HOUR + SECOND);
        quiet.look_at(&job).await;
        assert_eq!(quiet.status(&job).await, Status::Processing);
    }
    assert!(quiet.read_job(&job).await.stop().is_some() && !cancelled(&quiet).is_empty());
    quiet.stage.later(HOUR + SECOND);
    quiet.look_at(&job).await;
    quiet.store_by_message(&job).await;
    assert_eq!(quiet.status(&job).await, Status::Completed);
    quiet.expect_charge_for(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f04_a_day_to_store() {
    let quiet = Quiet::new().await;
    let down = Then::Answer { status: 503, headers: [].into(), body: String::new() };
    quiet.stage.storage().faults().add(Fault::forever(Step::Upload, down)).unwrap();
    let (early, late) = (quiet.at_fal("early").await.0, quiet.at_fal("late").await.0);
    quiet.stage.later(A_TURN);
    join_all([&early, &late].map(|job| quiet.look_at(job))).await;
    let since =
        processing(&quiet.read_job(&late).await).file.as_ref().expect("fal has rendered").found;
    at_the_limit(&quiet, &early, &late, 24 * HOUR, "store-video").await;
    assert_eq!(
        ended(&quiet.read_job(&late).await),
        (FailureCode::StorageUnavailable, since.after(24 * HOUR + SECOND))
    );
    assert!(cancelled(&quiet).is_empty(), "there is nothing to stop");
    quiet.expect_charge_for(0).await;
}

/// The last status says that it still renders; the answer to the cancellation says that it had
/// finished.
#[tokio::test(flavor = "multi_thread")]
async fn f04_what_had_finished_when_it_was_to_be_cancelled_is_stored_and_charged() {
    let quiet = Quiet::new().await;
    quiet.renders_take(Duration::ZERO, HOUR);
    let (job, request) = quiet.at_fal("just in time").await;
    quiet.stage.later(A_TURN);
    quiet.look_at(&job).await;
    quiet.stage.later(HOUR + A_TURN);
    quiet.goes_wrong("status", 1, &request, Then::answer(202, r#"{"status":"IN_PROGRESS"}"#));
    quiet.look_at(&job).await;
    assert_eq!(cancelled(&quiet), [request]);
    quiet.stage.later(A_TURN);
    quiet.look_at(&job).await;
    assert!(processing(&quiet.read_job(&job).await).file.is_some(), "its file was found");
    quiet.store_by_message(&job).await;
    assert_eq!(quiet.status(&job).await, Status::Completed);
    quiet.expect_charge_for(1).await;
}

/// A provider that does not answer the cancellation may go on rendering, so it is asked again. It
/// keeps no job open for longer than a day, and what it never answered for costs nothing.
#[tokio::test(flavor = "multi_thread")]
async fn f04_a_broken_answer_to_a_cancellation_ends_the_job_later() {
    let quiet = Quiet::new().await;
    quiet.renders_take(100 * HOUR, HOUR);
    let elsewhere = Foreign::answering(r#"{"status":"ALREADY_COMPLETED"}"#);
    let mut jobs = Vec::new();
    for (name, then) in answers(&elsewhere.origin) {
        let (job, request) = quiet.at_fal(&name).await;
        quiet.goes_wrong("cancel", 1, &request, then);
        jobs.push((name, job));
    }
    let (silent, request) = quiet.at_fal("never an answer").await;
    quiet
        .stage
        .fal()
        .faults()
        .add(Fault::forever("cancel", Then::CloseBefore).on(&request))
        .unwrap();
    jobs.push(("never an answer".to_owned(), silent));

    quiet.stage.later(6 * HOUR + SECOND);
    join_all(jobs.iter().map(|(_, job)| quiet.look_at(job))).await;
    assert_eq!(cancelled(&quiet).len(), jobs.len(), "each was asked about once");
    for (name, job) in jobs.iter().filter(|(name, _)| name != ENDLESS) {
        // what counts of the endless one stands in its beginning
        assert_eq!(quiet.status(job).await, Status::Processing, "{name}");
    }
    for wait in [A_TURN, HOUR, 22 * HOUR] {
        quiet.stage.later(wait);
        join_all(jobs.iter().map(|(_, job)| quiet.look_at(job))).await;
    }
    let (silent, answered) = jobs.split_last().unwrap();
    for (name, job) in answered {
        let stored = quiet.read_job(job).await;
        assert_eq!(failure(&stored), Some(FailureCode::TimedOut), "{name}: {:?}", stored.state());
    }
    assert_eq!(quiet.status(&silent.1).await, Status::Processing, "for a day it may still answer");
    quiet.stage.later(HOUR + A_TURN);
    quiet.look_at(&silent.1).await;
    assert_eq!(failure(&quiet.read_job(&silent.1).await), Some(FailureCode::TimedOut));
    assert_eq!(elsewhere.heard(), [""; 0], "nobody else was asked");
    quiet.expect_charge_for(0).await;
}

/// Two jobs that have just begun to wait: the one that is looked at in the last second goes on, the
/// one a second later ends.
async fn at_the_limit(quiet: &Quiet, early: &str, late: &str, limit: Duration, function: &str) {
    quiet.stage.later(limit);
    assert!(quiet.deliver(function, early).await);
    assert!(quiet.read_job(early).await.is_open(), "not a second before");
    quiet.stage.later(SECOND);
    assert!(quiet.deliver(function, late).await);
}

fn ended(job: &Job) -> (FailureCode, Timestamp) {
    match job.state() {
        State::Failed { at, failure, .. } => (failure.code, *at),
        state => panic!("the job has failed: {state:?}"),
    }
}

/// The requests that fal was asked to cancel.
fn cancelled(quiet: &Quiet) -> Vec<String> {
    let requests = quiet.stage.fal().requests().into_iter().filter(|seen| seen.method == "PUT");
    requests
        .filter_map(|seen| Some(seen.path.strip_suffix("/cancel")?.rsplit_once('/')?.1.to_owned()))
        .collect()
}
