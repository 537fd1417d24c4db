//! Sandbox keys: the whole way of a job, with nothing rendered and nothing charged, and no way from
//! there to live jobs or back.

mod billing;
mod files;

use crate::asking::{Ask, Reply};
use crate::stage::{Caller, Stage};
use crate::still::Still;
use aws_sdk_dynamodb::types::AttributeValue;
use ghub::account::SANDBOX_OPEN_JOBS_LIMIT;
use ghub::adapter::sandbox::Outcome;
use ghub::failure::FailureCode;
use ghub::job::{SANDBOX_KEPT, State};
use ghub::onboarding::create_key;
use ghub::status::Status;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;

impl Stage {
    /// The sandbox of the system's own organization.
    pub(crate) fn sandbox(&self) -> Caller {
        let identity = &self.system.identity;
        Caller { org: identity.org.sandbox(), client: self.client(&identity.sandbox_key) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_job_ends_with_a_real_file_and_costs_nothing() {
    let stage = Stage::new().await;
    let caller = stage.sandbox();
    assert!(stage.system.identity.sandbox_key.starts_with("ghub_sk_test_"));
    let submitted = caller.submit("a hummingbird at dawn").await;
    assert_eq!(
        (submitted.status, &submitted.body["status"]),
        (200, &json!("processing")),
        "{}",
        submitted.body
    );
    let job = submitted.body["id"].as_str().unwrap();
    let finished = caller.finish(job).await;
    assert_eq!(finished.body["status"], "completed", "{}", finished.body);
    let billing = &finished.body["billing"];
    assert_eq!(
        (&billing["status"], &billing["amount"], &billing["estimate"], &billing["transaction"]),
        (&json!("free"), &json!("0.00"), &json!("4.20"), &Value::Null)
    );

    let url = finished.body["video_url"].as_str().unwrap();
    assert!(url.ends_with("/storage/v1/object/public/generated-videos/sandbox/video.mp4"), "{url}");
    let video = ghub::outbound::Outbound::network();
    let video =
        video.exchange(reqwest::Request::new(Method::GET, url.parse().unwrap())).await.unwrap();
    let mut walker = ghub::mp4::Walker::default();
    walker.pass(&video.bytes().await.unwrap()).unwrap();
    walker.finish().unwrap();

    assert_eq!((stage.fal().renders(), stage.entries("consumption").await), (0, 0));
    let account = stage.store.account(caller.org).await.unwrap().unwrap();
    assert_eq!((account.balance.to_string(), account.open_jobs), ("0.00".to_owned(), 0));
    let live = stage.store.account(stage.caller().org).await.unwrap().unwrap();
    assert_eq!(live.balance.to_string(), "50.00");
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prompt_chooses_how_a_job_ends() {
    let stage = Stage::new().await;
    let caller = stage.sandbox();
    let ended = |outcome: Outcome| {
        let (stage, caller) = (&stage, &caller);
        async move {
            let job = caller.accept(&format!("a hummingbird, {}", outcome.marker())).await;
            let status = if matches!(outcome, Outcome::Completed) {
                Status::Completed
            } else {
                Status::Failed
            };
            stage.until(caller.org, &job, status).await;
            caller.client.video(&job).await.unwrap().body
        }
    };
    let (completed, filtered, failed) = tokio::join!(
        ended(Outcome::Completed),
        ended(Outcome::ContentFiltered),
        ended(Outcome::RenderFailed)
    );
    assert!(completed["video_url"].is_string() && completed["error_detail"].is_null());
    assert_eq!(
        filtered["error_detail"],
        json!({"code": "content_filtered", "retryable": false, "provider_code": "content_policy_violation"})
    );
    assert_eq!(
        failed["error_detail"],
        json!({"code": "render_failed", "retryable": true, "provider_code": "render_failed"})
    );
    assert_eq!(failed["error"], "the sandbox plays a render that fails");
    stage.audit().await;
}

/// A sandbox's job leaves a week after its end, whether or not DynamoDB has removed it by then. A
/// live one stays.
#[tokio::test(flavor = "multi_thread")]
async fn sandbox_jobs_are_kept_for_a_week_and_live_ones_for_good() {
    let mut still = Still::new().await;
    let live = still.complete("live").await;
    let expires = async |still: &Still, job: &str| {
        let key = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
        let key =
            HashMap::from([key("org", still.caller.org.to_string()), key("job", job.to_owned())]);
        let get = still
            .stage
            .dynamodb()
            .get_item()
            .table_name(&still.stage.system.variables["TABLE_JOBS"]);
        let item = get.set_key(Some(key)).send().await.unwrap().item.unwrap();
        item.get("expires").map(|expires| expires.as_n().unwrap().parse::<i64>().unwrap())
    };
    assert_eq!(expires(&still, &live).await, None);

    still.caller = still.stage.sandbox();
    still.key = still.stage.system.identity.sandbox_key.clone();
    let own = still.carry_to_completed("sandbox:stored").await;
    assert_eq!(expires(&still, &own).await, None, "without the job nothing would know of its file");
    let completed = still.carry_to_completed("a hummingbird").await;
    let open = still.caller.accept("sandbox:slow").await;
    let stored = still.read_job(&completed).await;
    let ended = match stored.state() {
        State::Completed { at, .. } => *at,
        state => panic!("{state:?}"),
    };
    assert_eq!(expires(&still, &completed).await, Some(ended.after(SANDBOX_KEPT).unix_s()));
    assert_eq!(expires(&still, &open).await, None, "an open job never expires");
    still.stage.later(SANDBOX_KEPT - Duration::from_secs(1));
    assert_eq!(still.show(&completed).await.status, 200);
    assert_eq!(still.list("").await.0, [open.clone(), completed.clone(), own.clone()]);
    still.stage.later(Duration::from_secs(1));
    still.show(&completed).await.refused(404, "job_not_found");
    still.delete(&completed).await.refused(404, "job_not_found");
    still.cancel(&completed).await.refused(404, "job_not_found");
    assert_eq!(still.list("").await.0, [open.clone(), own.clone()], "it is in no list");
    assert_eq!(still.delete(&own).await.status, 200);
    assert!(expires(&still, &own).await.is_some(), "its file is gone");
    // An audit reports a job that is open for so long, so its messages come at last.
    still.deliver("poll-jobs", &open).await;
    still.deliver("store-video", &open).await;
    assert!(!still.read_job(&open).await.is_open());
    still.stage.audit().await;

    let key = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
    let key =
        HashMap::from([key("org", still.caller.org.to_string()), key("job", completed.clone())]);
    let remove = still
        .stage
        .dynamodb()
        .delete_item()
        .table_name(&still.stage.system.variables["TABLE_JOBS"]);
    remove.set_key(Some(key)).send().await.unwrap(); // as DynamoDB does
    still.show(&completed).await.refused(404, "job_not_found");
    still.stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_job_renders_for_a_minute() {
    let stage = Stage::new().await;
    let caller = stage.sandbox();
    let job = caller.accept("sandbox:slow").await;
    crate::stage::until(async || {
        let seen = stage.read_job(caller.org, &job).await;
        matches!(seen.state(), State::Processing(processing) if processing.rendering_since.is_some())
            .then_some(())
    })
    .await;
    stage.later(Duration::from_secs(60));
    stage.until(caller.org, &job, Status::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_leaves_the_job_pending_for_ten_minutes() {
    let mut still = Still::new().await;
    still.caller = still.stage.sandbox();
    let answer = still.caller.submit("sandbox:provider_down").await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (200, &json!("pending")),
        "{}",
        answer.body
    );
    let job = answer.body["id"].as_str().unwrap();
    for _ in 0..10 {
        still.stage.later(Duration::from_secs(60));
        still.deliver("poll-jobs", job).await;
        assert_eq!(still.read_job(job).await.status(), Status::Pending);
    }
    still.stage.later(Duration::from_secs(61));
    still.deliver("poll-jobs", job).await;
    let stored = still.read_job(job).await;
    let State::Failed { failure, .. } = stored.state() else { panic!("it failed") };
    assert_eq!(failure.code, FailureCode::ProviderUnavailable);
    still.stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_needs_no_balance_and_has_places_of_its_own() {
    let stage = Stage::new().await;
    let poor = stage.caller_with("-5").await;
    let key = create_key(&stage.store, &stage.system.world().ambient, poor.org.sandbox(), "test")
        .await
        .unwrap();
    let ask =
        || stage.ask(Ask::submit(&key, &json!({"model": "fal/kling-2", "prompt": "sandbox:slow"})));
    for _ in 0..SANDBOX_OPEN_JOBS_LIMIT {
        ask().await.job();
    }
    let full = ask().await;
    assert!(
        full.refused(429, "rate_limit_exceeded").contains("20 jobs are in progress"),
        "{}",
        full.body
    );
    assert_eq!(full.balance().map(|balance| balance.to_string()), Some("0.00".to_owned()));
    assert_eq!(poor.submit("live").await.status, 402, "the live balance is as low as it was");
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn live_and_sandbox_never_see_each_others_jobs() {
    let stage = Stage::new().await;
    let (live, sandbox) = (stage.caller(), stage.sandbox());
    let jobs = [live.accept("live").await, sandbox.accept("sandbox").await];
    let keys = [stage.system.identity.live_key.clone(), stage.system.identity.sandbox_key.clone()];
    for (own, key) in keys.iter().enumerate() {
        for (whose, job) in jobs.iter().enumerate() {
            let reply: Reply = stage.ask(Ask::video(key, job)).await;
            if own == whose {
                assert_eq!(reply.status, 200, "{}", reply.body);
            } else {
                reply.refused(404, "job_not_found");
            }
        }
    }
    // One idempotency key, sent with either, is two requests.
    let order = json!({"model": "fal/kling-2", "prompt": "the same"});
    let [first, second] =
        [&keys[0], &keys[1]].map(|key| Ask::submit(key, &order).idempotency_key("one-key"));
    let (first, second) = (stage.ask(first).await, stage.ask(second).await);
    assert!(!second.is_replay() && first.job() != second.job(), "{} {}", first.body, second.body);
}
