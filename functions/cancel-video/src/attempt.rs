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

/// How long to wait while another cancellation of the same job goes on. A provider answers in a
/// hundred milliseconds.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

impl CancelVideo {
    /// Returns the job if its caller can be shown it: cancelled, or its provider asked to stop.
    /// None means that the job has moved, and has to be read again.
    pub(crate) async fn attempt(&self, job: Job, lifetime: Lifetime) -> Result<Option<Job>, Error> {
        let now = self.world.ambient.now();
        match job.state() {
            State::Failed { failure, .. }
                if failure.code == FailureCode::Cancelled || is_wanted(&job) =>
            {
                Ok(Some(job))
            }
            State::Failed { .. } => refused(NotCancellable::Failed),
            State::Processing(processing) if job.stop().is_some() => {
                match self.canceller.can_stop(&processing.handle) {
                    true => Ok(Some(job)),
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

    async fn stop(&self, job: Job, lifetime: Lifetime) -> Result<Option<Job>, Error> {
        let model = job.terms().model().to_owned();
        match self
            .canceller
            .cancel(job, Failure::cancelled(), false, lifetime)
            .await
            .map_err(ours)?
        {
            Cancellation::Unstoppable => refused(NotCancellable::Unstoppable { model }),
            Cancellation::NoAnswer => refused(NotCancellable::NoAnswer),
            Cancellation::NotDue => {
                tokio::time::sleep(LOOK_AGAIN).await;
                Ok(None)
            }
            Cancellation::Failed
            | Cancellation::FailedByProvider(_)
            | Cancellation::Requested
            | Cancellation::Finished
            | Cancellation::Over
            | Cancellation::Overtaken => Ok(None),
        }
    }
}

/// Whether its owner, or the operator, has asked for it to stop.
fn is_wanted(job: &Job) -> bool {
    job.stop().is_some_and(Stop::is_wanted)
}

fn refused(why: NotCancellable) -> Result<Option<Job>, Error> {
    Err(Refusal::from(why).into())
}

/// Our own store or queue. A repeat goes on from where this stopped, so the caller may ask again.
fn ours(error: BoxError) -> Error {
    match error.downcast::<StoreError>() {
        Ok(error) => Error::Store(*error),
        Err(other) => Error::Store(StoreError::Unavailable(other)),
    }
}
