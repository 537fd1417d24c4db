//! Writes that arrive when their function has given them up: what it said and did then stays true.

use crate::asking::Ask;
use crate::stage::{Stage, until};
use crate::traces::Call;
use ghub::job::State;
use ghub::outbound::{Exchange, Gate, Network, WireError};
use lambda_http::http::Response;
use local::faults::{Fault, Then};
use local::options::Options;
use reqwest::Request;
use serde_json::json;
use std::sync::{Arc, Mutex};

/// DynamoDB in a bad minute for one kind of write: the first is on its way, its answer does not
/// come, and all attempts after it are throttled.
#[derive(Debug)]
struct BadMinute {
    strikes: fn(&Request) -> bool,
    late: Mutex<Option<Request>>,
    over: Mutex<bool>,
}

impl BadMinute {
    fn new(strikes: fn(&Request) -> bool) -> Arc<Self> {
        Arc::new(Self { strikes, late: Mutex::default(), over: Mutex::default() })
    }

    /// It is over, and the first write arrives. Returns what DynamoDB answers to it.
    async fn ends(&self) -> u16 {
        *self.over.lock().unwrap() = true;
        let late = self.late.lock().unwrap().take().expect("a write was on its way");
        reqwest::Client::new().execute(late).await.unwrap().status().as_u16()
    }
}

impl Gate for BadMinute {
    fn exchange<'a>(&'a self, request: Request, send: Network<'a>) -> Exchange<'a> {
        let strikes = (self.strikes)(&request) && !*self.over.lock().unwrap();
        Box::pin(async move {
            if !strikes {
                return send(request).await;
            }
            let mut late = self.late.lock().unwrap();
            if late.is_none() {
                *late = request.try_clone();
                return Err(WireError::Lost("the answer was lost".into()));
            }
            let throttled = json!({"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow"});
            Ok(Response::builder().status(400).body(throttled.to_string()).unwrap().into())
        })
    }
}

fn accepts(request: &Request) -> bool {
    let call = Call::of(request);
    call.by.as_deref() == Some("submit-video") && call.what.ends_with("TransactWriteItems")
}

/// The poller's lease of a job that was not taken at first.
fn leases(request: &Request) -> bool {
    let call = Call::of(request);
    let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
    call.by.as_deref() == Some("poll-jobs")
        && String::from_utf8_lossy(body).contains(r#"":lease_until":{"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submit_that_was_answered_503_is_never_accepted_and_its_key_is_free() {
    let minute = BadMinute::new(accepts);
    let stage = Stage::with(Options { gate: Some(minute.clone()), ..Options::test() }).await;
    let caller = stage.caller();
    let key = stage.key_of(&caller).await;
    let order = json!({"model": "fal/kling-2", "prompt": "late"});
    let submit = || stage.ask(Ask::submit(&key, &order).idempotency_key("once"));
    submit().await.refused(503, "service_unavailable");
    assert_eq!(minute.ends().await, 400, "it fails on the void item");

    let job = submit().await.job().to_owned();
    let told = caller.finish(&job).await.body;
    assert_eq!(
        (&told["status"], &told["billing"]["amount"]),
        (&json!("completed"), &json!("4.20"))
    );
    assert_eq!(submit().await.job(), job, "the key stands for the job that there is");
    let listed = stage.ask(Ask::new(reqwest::Method::GET, "/v1/videos").key(&key)).await.body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
    let account = stage.store.account(caller.org).await.unwrap().unwrap();
    assert_eq!((account.held.to_string(), account.open_jobs), ("0.00".to_owned(), 0));
    assert_eq!(stage.fal().renders_of("late"), 1);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_late_is_held_by_no_function_and_costs_no_render() {
    let minute = BadMinute::new(leases);
    let stage = Stage::with(Options { gate: Some(minute.clone()), ..Options::test() }).await;
    let caller = stage.caller();
    stage.fal().faults().add(Fault::once("submit", Then::answer(429, "{}"))).unwrap();
    let job = caller.accept("late").await;
    let given_back = until(async || {
        Some(stage.read_job(caller.org, &job).await).filter(|job| job.revision() >= 3)
    })
    .await;
    assert!(matches!(given_back.state(), State::Pending { lease_until: None }), "{given_back:?}");
    assert_eq!(minute.ends().await, 400, "it fails on the revision that was written without it");

    let told = caller.finish(&job).await.body;
    assert_eq!(
        (&told["status"], &told["billing"]["amount"]),
        (&json!("completed"), &json!("4.20"))
    );
    assert_eq!(stage.fal().renders_of("late"), 1);
    stage.audit().await;
}
