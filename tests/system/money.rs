//! Money under load: exact, however many requests come at the same time.

use crate::stage::{Caller, Stage, code, id};
use futures::future::join_all;
use ghub::outbound::{Exchange, Gate, Network};
use ghub::status::Status;
use local::client::Answer;
use local::options::Options;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn ten_kling_videos_at_once_take_exactly_42_pesos() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    let jobs = join_all((0..10).map(|n| caller.accept_owned(format!("video {n}")))).await;
    for job in &jobs {
        let finished = caller.finish(job).await;
        assert_eq!(finished.body["status"], "completed", "{}", finished.body);
    }
    let account = stage.store.account(caller.org).await.unwrap().unwrap();
    assert_eq!(
        (account.balance.to_string(), account.held.to_string()),
        ("8.00".to_owned(), "0.00".to_owned())
    );
    assert_eq!(stage.fal().renders(), 10);
    assert_eq!(stage.entries("consumption").await, 10);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_for_thirty_takes_thirty_of_a_hundred() {
    a_hundred_at_once(Stage::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_for_thirty_takes_thirty_of_a_hundred_when_transactions_conflict() {
    let conflicts = Arc::new(Conflicts::default());
    a_hundred_at_once(
        Stage::with(Options { gate: Some(conflicts.clone()), ..Options::test() }).await,
    )
    .await;
    assert!(conflicts.injected.load(Ordering::SeqCst) > 50, "the conflicts were really there");
}

async fn a_hundred_at_once(stage: Stage) {
    stage.fal().set_render(local::fal::Render {
        queued: Duration::ZERO,
        rendering: Duration::from_secs(5),
    });
    let caller = stage.caller_with("126.00").await; // thirty times MXN 4.20
    let answers = join_all((0..100).map(|n| caller.submit_owned(format!("video {n}")))).await;
    let unavailable: usize = answers.iter().map(|(_, unavailable)| unavailable).sum();

    let accepted: Vec<String> =
        answers.iter().map(|(told, _)| told).filter(|told| told.status == 200).map(id).collect();
    let refused = |told: &Answer| told.status == 402 && code(&told.body) == "insufficient_balance";
    assert_eq!(accepted.len() + answers.iter().filter(|(told, _)| refused(told)).count(), 100);
    // On a slow machine a submit may land after its caller was told 503: it holds money, and no
    // function sends it.
    let untold = 30 - accepted.len();
    assert!(
        untold <= unavailable,
        "{untold} of 30 are missing, and {unavailable} answers said that they may be"
    );
    let account = stage.store.account(caller.org).await.unwrap().unwrap();
    assert_eq!(
        (account.balance.to_string(), account.held.to_string()),
        ("126.00".to_owned(), "126.00".to_owned())
    );
    assert_eq!((account.open_jobs, stage.jobs_stored().await), (30, 30));
    assert_eq!(stage.fal().renders(), accepted.len(), "a refused submit reaches no provider");
    stage.audit().await;

    for job in &accepted {
        stage.until(caller.org, job, Status::Completed).await;
    }
    assert_eq!(stage.entries("consumption").await, accepted.len());
    stage.audit().await;
}

impl Caller {
    /// The answer, and how often it was 503 before: a slow machine may use up the time for
    /// conflicts, and a caller then sends it again.
    pub(crate) async fn submit_owned(&self, prompt: String) -> (Answer, usize) {
        let mut unavailable = 0;
        loop {
            let answer = self.submit(&prompt).await;
            if answer.status != 503 {
                return (answer, unavailable);
            }
            assert_eq!(code(&answer.body), "service_unavailable");
            unavailable += 1;
        }
    }

    async fn accept_owned(&self, prompt: String) -> String {
        self.accept(&prompt).await
    }
}

/// DynamoDB as the real service behaves and the embedded one does not: of two transactions on one
/// account at a time, one is cancelled.
#[derive(Debug, Default)]
pub(crate) struct Conflicts {
    running: Mutex<HashSet<String>>,
    pub(crate) injected: AtomicUsize,
}

impl Gate for Conflicts {
    fn exchange<'a>(&'a self, request: reqwest::Request, send: Network<'a>) -> Exchange<'a> {
        Box::pin(async move {
            let Some(account) = account_of(&request) else { return send(request).await };
            let Some(_running) = Running::on(&self.running, account) else {
                self.injected.fetch_add(1, Ordering::SeqCst);
                return Ok(conflict(&request));
            };
            // what a transaction takes at the real service
            tokio::time::sleep(Duration::from_millis(12)).await;
            send(request).await
        })
    }
}

/// A transaction that runs on an account, until it ends or its caller gives it up.
struct Running<'a> {
    accounts: &'a Mutex<HashSet<String>>,
    account: String,
}

impl<'a> Running<'a> {
    fn on(accounts: &'a Mutex<HashSet<String>>, account: String) -> Option<Self> {
        let free = accounts.lock().unwrap().insert(account.clone());
        free.then_some(Self { accounts, account })
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.accounts.lock().unwrap().remove(&self.account);
    }
}

/// The account that a transaction changes.
fn account_of(request: &reqwest::Request) -> Option<String> {
    let target = request.headers().get("x-amz-target")?.to_str().ok()?;
    let body: serde_json::Value = serde_json::from_slice(request.body()?.as_bytes()?).ok()?;
    let update = |item: &serde_json::Value| {
        item.pointer("/Update/Key/org/S").and_then(|org| org.as_str().map(str::to_owned))
    };
    target
        .ends_with("TransactWriteItems")
        .then(|| body["TransactItems"].as_array()?.iter().find_map(update))
        .flatten()
}

fn conflict(request: &reqwest::Request) -> reqwest::Response {
    let body: serde_json::Value = request
        .body()
        .and_then(|body| serde_json::from_slice(body.as_bytes()?).ok())
        .unwrap_or_default();
    let reasons: Vec<_> = body["TransactItems"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| match item.get("Update") {
            Some(_) => {
                serde_json::json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"})
            }
            None => serde_json::json!({"Code": "None"}),
        })
        .collect();
    let body = serde_json::json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [None, TransactionConflict]",
        "CancellationReasons": reasons,
    });
    let answer = lambda_http::http::Response::builder()
        .status(400)
        .header("content-type", "application/x-amz-json-1.0");
    answer.body(body.to_string()).expect("the answer is well formed").into()
}
