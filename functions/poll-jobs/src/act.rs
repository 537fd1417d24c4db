//! What is done for a job whose turn was taken, by where it stands.

use super::{PollJobs, Turn};
use ghub::adapter::Cancelled;
use ghub::adapter::Handle;
use ghub::checking::Look;
use ghub::error::BoxError;
use ghub::failure::{Failure, FailureCode};
use ghub::job::{Deadline, Job, Moved, Seen, State};
use ghub::lifetime::Lifetime;
use ghub::store::Written;
use ghub::telemetry;
use std::time::Duration;

impl PollJobs {
    pub(crate) async fn act(&self, turn: Turn, lifetime: Lifetime) -> Result<(), BoxError> {
        match turn {
            Turn::Submit(job) => {
                self.submitter.hand_over(job, lifetime).await.recorded?;
                Ok(())
            }
            Turn::Look(job) => self.look(job, lifetime).await,
            Turn::Store(job) => {
                Ok(self.store_queue.send_in_passing(job.key(), Duration::ZERO).await?)
            }
            Turn::Nobodys => Ok(()),
        }
    }

    async fn look(&self, job: Job, lifetime: Lifetime) -> Result<(), BoxError> {
        match job.state() {
            State::Pending { lease_until: Some(_) } => {
                self.fail(job, submit_unknown(), lifetime).await
            }
            State::Pending { lease_until: None } => {
                let failure = job.failure_at(Deadline::Pending);
                self.fail(job, failure, lifetime).await
            }
            State::Processing(processing) => {
                let handle = processing.handle.clone();
                self.check(job, &handle, lifetime).await
            }
            State::Completed { .. } | State::Failed { .. } => Ok(()),
        }
    }

    /// Asks the provider how the job stands. The next look is queued already.
    async fn check(&self, job: Job, handle: &Handle, lifetime: Lifetime) -> Result<(), BoxError> {
        let seen = match self.checker.look(handle, lifetime).await {
            Look::Done { file_url } => {
                return self.checker.record_file(job, file_url, lifetime).await.map(drop);
            }
            Look::Failed(verdict) => {
                let cause = job.cause_of(verdict);
                return self.fail(job, cause, lifetime).await;
            }
            Look::Open(seen) => seen,
        };
        if let Seen::Over(why) | Seen::Trouble(why) = &seen {
            tracing::warn!(job.id = %job.id(), org.id = %job.org(), why, "the provider gave no verdict; it is asked again");
        }
        let job = match job.looked_at(&seen, self.ambient.now()) {
            Moved::Applied(looked_at) => match self.checker.record(&looked_at, lifetime).await? {
                Written::Done => looked_at,
                Written::Overtaken => return Ok(()),
            },
            Moved::Already(job) => job,
            illegal @ Moved::Illegal(_) => {
                drop(telemetry::applied(illegal, "looked_at"));
                return Ok(());
            }
        };
        self.give_up_at_a_deadline(job, handle, &seen, lifetime).await
    }

    /// A render may go on after its deadline, so a deadline alone fails no job. The poller asks the
    /// provider to stop. The job stays open until the provider says what became of the render.
    async fn give_up_at_a_deadline(
        &self,
        job: Job,
        handle: &Handle,
        seen: &Seen,
        lifetime: Lifetime,
    ) -> Result<(), BoxError> {
        let now = self.ambient.now();
        match job.deadline_passed(now) {
            Some(deadline @ (Deadline::Result | Deadline::Stopping)) => {
                let failure = job.failure_at(deadline);
                self.fail(job, failure, lifetime).await
            }
            Some(deadline) => {
                let failure = job.failure_at(deadline);
                let moved = job.stopping(failure, now);
                let Some(stopping) = telemetry::applied(moved, "stopping") else { return Ok(()) };
                match self.checker.record(&stopping, lifetime).await? {
                    Written::Done => self.ask_to_stop(stopping, handle, lifetime).await,
                    Written::Overtaken => Ok(()),
                }
            }
            // The request before may have been lost, or have had no effect.
            None if job.stop().is_some() && !matches!(seen, Seen::Over(_)) => {
                self.ask_to_stop(job, handle, lifetime).await
            }
            None => Ok(()),
        }
    }

    async fn ask_to_stop(
        &self,
        job: Job,
        handle: &Handle,
        lifetime: Lifetime,
    ) -> Result<(), BoxError> {
        match (self.checker.ask_to_stop(handle, lifetime).await, job.stop().cloned()) {
            (Some(Cancelled::Stopped), Some(stop)) => self.fail(job, stop.failure, lifetime).await,
            _ => Ok(()),
        }
    }

    async fn fail(&self, job: Job, failure: Failure, lifetime: Lifetime) -> Result<(), BoxError> {
        self.checker.fail(job, failure, lifetime).await.map(drop)
    }
}

/// The lease is over, and its holder has not said what became of the submission.
fn submit_unknown() -> Failure {
    let message = "it is not known whether the provider took the job; it was not sent again, so that it cannot be rendered twice";
    Failure::new(FailureCode::SubmitUnknown, message)
}
