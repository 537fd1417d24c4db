//! A submit whose transaction is late: its caller is told that nothing was accepted, and so it stays.

use crate::asking::Ask;
use crate::stage::Stage;
use crate::traces::Call;
use ghub::outbound::{Exchange, Gate, Network, WireError};
use lambda_http::http::Response;
use local::options::Options;
use reqwest::Request;
use serde_json::json;
use std::sync::{Arc, Mutex};

/// DynamoDB in a bad minute: the first accept is on its way, its answer does not come, and all attempts after it are throttled.
#[derive(Debug, Default)]
struct BadMinute {
    late: Mutex<Option<Request>>,
    over: Mutex<bool>,
}

impl BadMinute {
    /// It is over, and the accept arrives. Returns what DynamoDB answers to it.
    async fn ends(&self) -> u16 {
        *self.over.lock().unwrap() = true;
        let late = self.late.lock().unwrap().take().expect("an accept was on its way");
        reqwest::Client::new().execute(late).await.unwrap().status().as_u16()
    }
}

impl Gate for BadMinute {
    fn exchange<'a>(&'a self, request: Request, send: Network<'a>) -> Exchange<'a> {
        let call = Call::of(&request);
        let accepts = call.by.as_deref() == Some("submit-video") && call.what.ends_with("TransactWriteItems");
        let over = *self.over.lock().unwrap();
        Box::pin(async move {
            if !accepts || over {
                return send(request).await;
            }
            let mut late = self.late.lock().unwrap();
            if late.is_none() {
                *late = request.try_clone();
                return Err(WireError::Lost("the answer was lost".into()));
            }
            let throttled =
                json!({"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow"});
            Ok(Response::builder().status(400).body(throttled.to_string()).unwrap().into())
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submit_that_was_answered_503_is_never_accepted_and_its_key_is_free() {
    let minute = Arc::new(BadMinute::default());
    let stage = Stage::with(Options { gate: Some(minute.clone()), ..Options::test() }).await;
    let caller = stage.caller();
    let key = stage.key_of(&caller).await;
    let order = json!({"model": "fal/kling-2", "prompt": "late"});
    let submit = || stage.ask(Ask::submit(&key, &order).idempotency_key("once"));
    submit().await.refused(503, "service_unavailable");
    assert_eq!(minute.ends().await, 400, "it fails on the void item");

    let job = submit().await.job().to_owned();
    let told = caller.finished(&job).await.body;
    assert_eq!((&told["status"], &told["billing"]["amount"]), (&json!("completed"), &json!("4.20")));
    assert_eq!(submit().await.job(), job, "the key stands for the job that there is");
    let listed = stage.ask(Ask::new(reqwest::Method::GET, "/v1/videos").key(&key)).await.body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
    let account = stage.store.account(caller.org).await.unwrap().unwrap();
    assert_eq!((account.held.to_string(), account.open_jobs), ("0.00".to_owned(), 0));
    assert_eq!(stage.fal().renders_of("late"), 1);
    stage.audit().await;
}
