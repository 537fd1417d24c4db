//! One attempt to cancel a job, by where it stands.

use super::CancelVideo;
use ghub::cancellation::Cancellation;
use ghub::error::{BoxError, NotCancellable, Refusal};
use ghub::failure::{Failure, FailureCode};
use ghub::http::Error;
use ghub::job::{Job, Processing, State, Stop};
use ghub::lifetime::Lifetime;
use ghub::store::StoreError;
use std::time::Duration;

/// What an attempt that was not refused has come to.
pub(crate) enum Attempt {
    /// The job as its caller is to see it: cancelled, or its provider asked to stop.
    Answer(Box<Job>),
    /// It has moved: what became of it has to be read.
    Moved,
    /// Somebody else is ending it, and will soon have done so.
    Taken,
}

impl CancelVideo {
    pub(crate) async fn attempt(&self, job: Job, lifetime: Lifetime) -> Result<Attempt, Error> {
        let now = self.world.ambient.now();
        match job.state() {
            State::Failed { failure, .. }
                if failure.code == FailureCode::Cancelled || is_wanted(&job) =>
            {
                Ok(Attempt::Answer(Box::new(job)))
            }
            State::Failed { .. } => refused(NotCancellable::Failed),
            State::Processing(processing) if job.stop().is_some() => {
                match self.canceller.can_stop(&processing.handle) {
                    true => Ok(Attempt::Answer(Box::new(job))),
                    // a deadline waits for its end
                    false => refused(NotCancellable::Unstoppable {
                        model: job.terms().model().to_owned(),
                    }),
                }
            }
            State::Processing(Processing { file: Some(_), .. }) => {
                refused(NotCancellable::BeingStored)
            }
            State::Completed { .. } => refused(NotCancellable::Completed),
            State::Pending { lease_until: Some(until) } if !job.may_be_ended(now) => {
                let wait = until.since(now).min(job.cadence(now));
                refused(NotCancellable::BeingSubmitted(wait.max(Duration::from_secs(1))))
            }
            State::Pending { .. } | State::Processing(_) => self.stop(job, lifetime).await,
        }
    }

    async fn stop(&self, job: Job, lifetime: Lifetime) -> Result<Attempt, Error> {
        let model = job.terms().model().to_owned();
        match self
            .canceller
            .cancel(job, Failure::cancelled(), false, lifetime)
            .await
            .map_err(ours)?
        {
            Cancellation::Unstoppable => refused(NotCancellable::Unstoppable { model }),
            Cancellation::NoAnswer => refused(NotCancellable::NoAnswer),
            Cancellation::NotDue => Ok(Attempt::Taken),
            Cancellation::Failed
            | Cancellation::FailedByProvider(_)
            | Cancellation::Requested
            | Cancellation::Finished
            | Cancellation::Over
            | Cancellation::Overtaken => Ok(Attempt::Moved),
        }
    }
}

/// Whether its owner, or the operator, has asked for it to stop.
fn is_wanted(job: &Job) -> bool {
    job.stop().is_some_and(Stop::is_wanted)
}

fn refused(why: NotCancellable) -> Result<Attempt, Error> {
    Err(Refusal::from(why).into())
}

/// Our own store or queue. A repeat goes on from where this stopped, so that whatever is not broken
/// may be asked for again.
fn ours(error: BoxError) -> Error {
    match error.downcast::<StoreError>() {
        Ok(error) => Error::Store(*error),
        Err(other) => Error::Store(StoreError::Unavailable(other)),
    }
}
