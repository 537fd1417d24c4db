//! What Lambda does between a queue and a function: an event source mapping.
//!
//! It polls, gathers batches, invokes the function with the event JSON that Lambda sends, and
//! deletes what succeeded. What failed it leaves alone: the queue shows it again when its
//! visibility has passed, and buries it when it has been received too often.
//!
//! Where it differs from AWS:
//!
//! - There is one poller instead of five and more, and no scaling up over minutes.
//! - A batch is not cut at 6 MB. There are no filters, and no back-off from throttling.
//! - There is no recursive-loop detection. Lambda stops a function that feeds its own queue after
//!   about 16 hops.

mod event;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use serde_json::Value;
use thiserror::Error;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout};

use crate::sqs::{Receive, Received, Sqs, SqsError};
use event::Verdict;

/// A deployed function: the event in, its answer or its error out. A panic counts as an error.
pub type Function = Arc<dyn Fn(Value) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;

/// SQS hands out at most this many messages per receive, and holds a poll at most this long.
const RECEIVE_MAX: usize = 10;
const POLL_WAIT: Duration = Duration::from_secs(20);

/// A mapping, as the template describes it. Clones are independent pollers of the same queue.
#[derive(Clone)]
pub struct EventSourceMapping {
    /// Where the queue is.
    pub sqs: Sqs,
    pub queue: String,
    pub function: Function,
    /// Messages per invocation, at most: 1 to 10, and to 10,000 with a window of at least 1 s.
    pub batch_size: usize,
    /// How long a batch that is not full waits for more after its first message, at most 300 s.
    pub window: Duration,
    /// Invocations at the same time, at most: 2 to 1,000. AWS takes no smaller number.
    pub concurrency: usize,
    /// Whether `batchItemFailures` in the answer count. Without it they are ignored and all
    /// messages are deleted.
    pub report_batch_item_failures: bool,
    /// When an invocation is killed: its future is dropped, and the batch reappears. At most the
    /// queue's visibility.
    pub function_timeout: Duration,
}

/// A mapping that AWS would not create.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidMapping {
    /// The queue cannot be polled.
    #[error("queue {0}: {1}")]
    Queue(String, SqsError),
    /// A number is out of its range.
    #[error("{0}")]
    OutOfRange(&'static str),
    /// A message would be visible again while its function still runs.
    #[error(
        "queue visibility timeout ({visibility:?}) is less than the function timeout \
         ({function_timeout:?})"
    )]
    VisibilityBelowFunctionTimeout { visibility: Duration, function_timeout: Duration },
}

impl EventSourceMapping {
    /// Refuses what AWS refuses when a mapping is created.
    pub fn check(&self) -> Result<(), InvalidMapping> {
        let visibility = self
            .sqs
            .visibility(&self.queue)
            .map_err(|error| InvalidMapping::Queue(self.queue.clone(), error))?;
        let function_timeout = self.function_timeout;
        if visibility < function_timeout {
            return Err(InvalidMapping::VisibilityBelowFunctionTimeout {
                visibility,
                function_timeout,
            });
        }
        let refused = match self {
            Self { batch_size, .. } if !(1..=10_000).contains(batch_size) => {
                "batch size must be 1 to 10,000"
            }
            Self { batch_size: 11.., window, .. } if *window < Duration::from_secs(1) => {
                "a batch size over 10 needs a window of at least 1 s"
            }
            Self { window, .. } if *window > Duration::from_secs(300) => {
                "window must be at most 300 s"
            }
            Self { concurrency, .. } if !(2..=1_000).contains(concurrency) => {
                "concurrency must be 2 to 1,000"
            }
            _ => return Ok(()),
        };
        Err(InvalidMapping::OutOfRange(refused))
    }

    /// Polls until `shutdown` is ready, then invokes what it has gathered, waits for all
    /// invocations and returns. Dropping the future kills the invocations where they are, and their
    /// messages reappear.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), InvalidMapping> {
        let gracefully = async {
            shutdown.await;
            Stop::Gracefully
        };
        self.run_until(gracefully).await
    }

    /// Runs the mapping in the background.
    pub fn start(self) -> Result<RunningMapping, InvalidMapping> {
        self.check()?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            if let Err(error) = self.run_until(async { stopped.await.unwrap_or(Stop::Now) }).await {
                tracing::error!(%error, "event source mapping ended");
            }
        });
        Ok(RunningMapping { stop: Some(stop), task })
    }

    async fn run_until(self, stop: impl Future<Output = Stop>) -> Result<(), InvalidMapping> {
        self.check()?;
        tokio::pin!(stop);
        let mut invocations = JoinSet::new();
        let how = loop {
            let mut batch = Vec::new();
            let stopped = tokio::select! {
                how = &mut stop => Some(how),
                gathered = self.gather_when_free(&mut invocations, &mut batch) => {
                    gathered.map_err(|error| InvalidMapping::Queue(self.queue.clone(), error))?;
                    None
                }
            };
            if !batch.is_empty() && stopped != Some(Stop::Now) {
                invocations.spawn(self.clone().invoke(batch));
            }
            if let Some(how) = stopped {
                break how;
            }
        };
        match how {
            Stop::Gracefully => while invocations.join_next().await.is_some() {},
            Stop::Now => invocations.shutdown().await,
        }
        Ok(())
    }

    /// A message is received only when it can be worked on at once: one that waited here would use
    /// up its visibility.
    async fn gather_when_free(
        &self,
        invocations: &mut JoinSet<()>,
        batch: &mut Vec<Received>,
    ) -> Result<(), SqsError> {
        while invocations.len() >= self.concurrency {
            invocations.join_next().await;
        }
        self.gather(batch).await
    }

    /// Fills a batch: waits for its first message, then for more until it is full or the window has
    /// passed.
    async fn gather(&self, batch: &mut Vec<Received>) -> Result<(), SqsError> {
        while batch.is_empty() {
            *batch = self.receive(self.batch_size, POLL_WAIT).await?;
        }
        let closes_at = Instant::now() + self.window;
        while batch.len() < self.batch_size {
            let left = closes_at - Instant::now();
            if left.is_zero() {
                break;
            }
            let more = self.receive(self.batch_size - batch.len(), left.min(POLL_WAIT)).await?;
            batch.extend(more);
        }
        Ok(())
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, SqsError> {
        self.sqs.receive(&self.queue, Receive::within(max.min(RECEIVE_MAX), wait)).await
    }

    /// One invocation. When it is dropped on its way, nothing has been deleted.
    async fn invoke(self, batch: Vec<Received>) {
        let event = event::event(&batch, &self.sqs.queue_arn(&self.queue), self.sqs.region());
        let answer = self.call(event).await;
        let verdict = match &answer {
            Err(error) => Verdict::KeepAll(error),
            Ok(answer) if self.report_batch_item_failures => event::verdict(answer, &batch),
            Ok(_) => Verdict::DeleteAllBut([].into()),
        };
        match verdict {
            Verdict::KeepAll(reason) => {
                tracing::warn!(
                    queue = self.queue,
                    messages = batch.len(),
                    reason,
                    "whole batch failed"
                );
            }
            Verdict::DeleteAllBut(failed) => self.delete_all_but(&failed, &batch),
        }
    }

    async fn call(&self, event: Value) -> Result<Value, String> {
        let invocation = AssertUnwindSafe(async { (self.function)(event).await }).catch_unwind();
        match timeout(self.function_timeout, invocation).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => Err("the function panicked".into()),
            Err(_elapsed) => Err("the function timed out".into()),
        }
    }

    fn delete_all_but(&self, failed: &BTreeSet<String>, batch: &[Received]) {
        for message in batch.iter().filter(|message| !failed.contains(&message.message_id)) {
            if let Err(error) = self.sqs.delete(&self.queue, &message.receipt_handle) {
                let (queue, id) = (&self.queue, &message.message_id);
                tracing::warn!(queue, message.id = id, %error, "message was not deleted");
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Gracefully,
    Now,
}

/// A mapping that runs in the background. Dropping it kills it and its invocations, as a lost
/// machine would.
#[must_use = "dropping it kills the mapping"]
pub struct RunningMapping {
    stop: Option<oneshot::Sender<Stop>>,
    task: JoinHandle<()>,
}

impl RunningMapping {
    /// Takes no more messages, waits for the running invocations, and returns.
    pub async fn stop(self) {
        self.end(Stop::Gracefully).await;
    }

    /// Kills the mapping and its invocations where they are; they are gone when this returns.
    pub async fn kill(self) {
        self.end(Stop::Now).await;
    }

    async fn end(mut self, how: Stop) {
        // A mapping that has ended by itself no longer listens; there is nothing left to wait for
        // then.
        let _ = self.stop.take().map(|stop| stop.send(how));
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "event source mapping ended");
        }
    }
}

impl Drop for RunningMapping {
    fn drop(&mut self) {
        self.task.abort();
    }
}
