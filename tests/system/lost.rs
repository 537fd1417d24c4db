//! DynamoDB does what it is asked and its answers are lost, all of them: what stands, stands.

use crate::stage::Stage;
use crate::traces::Call;
use futures::future::BoxFuture;
use ghub::job::Status;
use ghub::outbound::{Gate, Network, WireError};
use local::options::Options;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_storing_was_never_answered_is_stored_and_sent() {
    let lost = Arc::new(NoAnswers::default());
    let stage = Stage::with(Options { gate: Some(lost.clone()), ..Options::test() }).await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap(); // the job stays where the submit left it
    let caller = stage.caller();
    let job = caller.accepted("never answered").await;
    assert!(lost.transactions.load(Ordering::SeqCst) > 1, "it was tried again, and lost again");
    assert_eq!((stage.jobs_stored().await, stage.fal().renders_of("never answered")), (1, 1));
    assert_eq!(stage.stored(caller.org, &job).await.revision, 1, "accepted by fal, and recorded");
    let account = stage.store.account(caller.org).await.unwrap().unwrap();
    assert_eq!((account.held.to_string(), account.open_jobs), ("4.20".to_owned(), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_does_not_answer_keeps_no_other_shards_jobs_waiting() {
    let silent = Arc::new(SilentShard::default());
    let stage = Stage::with(Options { gate: Some(silent.clone()), ..Options::test() }).await;
    stage.system.sqs.lose_next("PollQueue", 1).unwrap();
    let caller = stage.caller();
    let job = caller.accepted("found beside it").await;
    let other = if job.ends_with('0') { "f" } else { "0" };
    *silent.0.lock().unwrap() = Some(other);
    stage.later(Duration::from_secs(60)); // past the sweep's grace
    let swept = stage.system.invoke("sweep-jobs", json!({})).await;
    assert!(swept.is_err(), "not all of it was swept: {swept:?}");
    stage.until(caller.org, &job, Status::Completed).await;
}

/// Loses every answer of one shard of the index of open jobs.
#[derive(Debug, Default)]
struct SilentShard(Mutex<Option<&'static str>>);

impl Gate for SilentShard {
    fn exchange<'a>(
        &'a self,
        request: reqwest::Request,
        send: Network<'a>,
    ) -> BoxFuture<'a, Result<reqwest::Response, WireError>> {
        Box::pin(async move {
            let shard = Call::of(&request).body["ExpressionAttributeValues"][":shard"]["S"].clone();
            let answer = send(request).await?;
            match *self.0.lock().unwrap() {
                Some(silent) if shard == silent => Err(WireError::Lost("the answer was lost".into())),
                _ => Ok(answer),
            }
        })
    }
}

/// Lets every transaction happen and loses its answer.
#[derive(Debug, Default)]
struct NoAnswers {
    transactions: AtomicUsize,
}

impl Gate for NoAnswers {
    fn exchange<'a>(
        &'a self,
        request: reqwest::Request,
        send: Network<'a>,
    ) -> BoxFuture<'a, Result<reqwest::Response, WireError>> {
        Box::pin(async move {
            let is_transaction = Call::of(&request).what.ends_with("TransactWriteItems");
            let answer = send(request).await?;
            if !is_transaction {
                return Ok(answer);
            }
            self.transactions.fetch_add(1, Ordering::SeqCst);
            Err(WireError::Lost("the answer was lost".into()))
        })
    }
}
