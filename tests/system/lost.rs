//! DynamoDB does what it is asked and its answers are lost, all of them: what stands, stands.

use crate::stage::Stage;
use crate::traces::Call;
use ghub::outbound::{Exchange, Gate, Network, WireError};
use ghub::status::Status;
use local::options::Options;
use serde_json::json;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_storing_was_never_answered_is_stored_and_sent() {
    let lost = Losing::what(|call| call.what.ends_with("TransactWriteItems"));
    let stage = Stage::with(Options { gate: Some(lost.clone()), ..Options::test() }).await;
    // the job stays where the submit left it
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    let caller = stage.caller();
    let job = caller.accept("never answered").await;
    assert!(lost.lost.load(Ordering::SeqCst) > 1, "it was tried again, and lost again");
    assert_eq!((stage.jobs_stored().await, stage.fal().renders_of("never answered")), (1, 1));
    assert_eq!(
        stage.read_job(caller.org, &job).await.revision(),
        1,
        "accepted by fal, and recorded"
    );
    let account = stage.store.account(caller.org).await.unwrap().unwrap();
    assert_eq!((account.held.to_string(), account.open_jobs), ("4.20".to_owned(), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_does_not_answer_keeps_no_other_shards_jobs_waiting() {
    let silent = Arc::new(OnceLock::new());
    let shard = silent.clone();
    let lost = Losing::what(move |call| {
        shard
            .get()
            .is_some_and(|silent| call.body["ExpressionAttributeValues"][":shard"]["S"] == *silent)
    });
    let stage = Stage::with(Options { gate: Some(lost.clone()), ..Options::test() }).await;
    stage.system.sqs.lose_next("PollQueue", 1).unwrap();
    let caller = stage.caller();
    let job = caller.accept("found beside it").await;
    silent.set(if job.ends_with('0') { "f" } else { "0" }).unwrap();
    stage.later(Duration::from_secs(60)); // past the sweep's grace
    let swept = stage.system.invoke("sweep-jobs", json!({})).await;
    assert!(swept.is_err(), "not all of it was swept: {swept:?}");
    assert!(lost.lost.load(Ordering::SeqCst) > 0, "a shard was silent");
    stage.until(caller.org, &job, Status::Completed).await;
}

/// Lets everything happen, and loses the answers of what it picks.
struct Losing<P> {
    picks: P,
    lost: AtomicUsize,
}

impl<P: Fn(&Call) -> bool + Send + Sync + 'static> Losing<P> {
    fn what(picks: P) -> Arc<Self> {
        Arc::new(Self { picks, lost: AtomicUsize::new(0) })
    }
}

impl<P> fmt::Debug for Losing<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answers lost", self.lost.load(Ordering::SeqCst))
    }
}

impl<P: Fn(&Call) -> bool + Send + Sync> Gate for Losing<P> {
    fn exchange<'a>(&'a self, request: reqwest::Request, send: Network<'a>) -> Exchange<'a> {
        Box::pin(async move {
            let is_lost = (self.picks)(&Call::of(&request));
            let answer = send(request).await?;
            if !is_lost {
                return Ok(answer);
            }
            self.lost.fetch_add(1, Ordering::SeqCst);
            Err(WireError::Lost("the answer was lost".into()))
        })
    }
}
