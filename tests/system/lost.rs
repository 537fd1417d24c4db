//! DynamoDB does what it is asked and its answers are lost, all of them: what stands, stands.

use crate::stage::Stage;
use crate::traces::Call;
use futures::future::BoxFuture;
use ghub::outbound::{Gate, Network, WireError};
use local::options::Options;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
