//! One attempt to cancel a job, by where it stands.

use super::CancelVideo;
use ghub::cancellation::Cancellation;
use ghub::error::{NotCancellable, Refusal};
use ghub::http::Error;
use ghub::job::{Failure, Job, State};
use ghub::outbound::BoxError;
use ghub::store::StoreError;
use std::time::Duration;

/// What an attempt that was not refused has come to.
pub(crate) enum Attempt {
    /// The job has failed, now or before.
    Over(Box<Job>),
    /// It has moved: what became of it has to be read.
    Moved,
    /// Somebody else is ending it, and will soon have done so.
    Taken,
}

impl CancelVideo {
    pub(crate) async fn attempt(&self, job: Job) -> Result<Attempt, Error> {
        let now = self.world.ambient.now();
        match &job.state {
            State::Failed { .. } => Ok(Attempt::Over(Box::new(job))),
            State::Completed { .. } => refused(NotCancellable::Completed),
            State::Pending { lease_until: Some(until) } if !job.may_be_ended(now) => {
                let wait = until.since(now).min(job.cadence(now));
                refused(NotCancellable::BeingSubmitted(wait.max(Duration::from_secs(1))))
            }
            State::Pending { .. } | State::Processing(_) => self.stop(job).await,
        }
    }

    async fn stop(&self, job: Job) -> Result<Attempt, Error> {
        let model = job.model.clone();
        match self.canceller.cancel(job, Failure::cancelled(), false).await.map_err(ours)? {
            Cancellation::Finished => refused(NotCancellable::BeingStored),
            Cancellation::Unstoppable => refused(NotCancellable::Unstoppable { model }),
            Cancellation::NoAnswer => refused(NotCancellable::NoAnswer),
            Cancellation::NotDue => Ok(Attempt::Taken),
            Cancellation::Failed | Cancellation::FailedByProvider(_) | Cancellation::Over | Cancellation::Overtaken => {
                Ok(Attempt::Moved)
            }
        }
    }
}

fn refused(why: NotCancellable) -> Result<Attempt, Error> {
    Err(Refusal::from(why).into())
}

/// Our own store or queue. A repeat goes on from where this stopped, so that whatever is not broken may be asked for again.
fn ours(error: BoxError) -> Error {
    match error.downcast::<StoreError>() {
        Ok(error) => Error::Store(*error),
        Err(other) => Error::Store(StoreError::Unavailable(other)),
    }
}
