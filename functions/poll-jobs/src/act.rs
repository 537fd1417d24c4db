//! What is done for a job whose turn was taken, by where it stands.

use super::{PollJobs, Turn};
use ghub::checking::Stopping;
use ghub::job::{Deadline, Failure, FailureCode, Job, Moved, RESULT_KEPT, State};
use ghub::outbound::BoxError;
use ghub::provider::{Checked, Handle};
use ghub::queue::Message;
use std::time::Duration;
use tokio::time::Instant;

impl PollJobs {
    pub(crate) async fn act(&self, turn: Turn, end: Instant) -> Result<(), BoxError> {
        match turn {
            Turn::Submit(job) => self.submit(job, end).await,
            Turn::Look(job) => self.look(job).await,
            Turn::Store(job) => Ok(self.store_queue.send(Message::about(&job), Duration::ZERO).await?),
            Turn::Nobodys => Ok(()),
        }
    }

    async fn look(&self, job: Job) -> Result<(), BoxError> {
        match &job.state {
            State::Pending { lease_until: Some(_) } => self.fail(job, submit_unknown()).await,
            State::Pending { lease_until: None } => self.fail(job, Deadline::Pending.failure()).await,
            State::Processing(processing) => {
                let handle = processing.handle.clone();
                self.check(job, &handle).await
            }
            State::Completed { .. } | State::Failed { .. } => Ok(()),
        }
    }

    /// Sends a job that no provider has taken yet; its lease is ours.
    async fn submit(&self, job: Job, end: Instant) -> Result<(), BoxError> {
        let Moved::Applied(moved) = self.submitter.submit(job, end).await else { return Ok(()) };
        self.submitter.record(&moved, end).await?;
        tracing::info!(job.id = %moved.id, org.id = %moved.org, status = moved.status().as_str(), "submitted");
        if moved.is_open() {
            let wait = moved.due.since(self.ambient.now());
            self.poll_queue.send(Message::about(&moved), wait).await?; // earlier than the one for the lease's end
        }
        Ok(())
    }

    /// Asks the provider how the job stands.
    async fn check(&self, job: Job, handle: &Handle) -> Result<(), BoxError> {
        match self.checker.checked(handle).await {
            Checked::Done { file_url } => self.checker.found(job, file_url).await.map(drop),
            Checked::Failed(failure) => {
                let failure = self.why(&job, failure);
                self.fail(job, failure).await
            }
            Checked::Rendering => match job.rendering(self.ambient.now()) {
                Moved::Applied(seen) => self.checker.record(&seen).await.map(drop), // the hour of rendering begins now, however long the queue was
                Moved::Already(job) | Moved::Illegal(job) => self.carry_on(job, handle).await,
            },
            Checked::Trouble(why) => {
                tracing::warn!(job.id = %job.id, org.id = %job.org, why, "the provider gave no verdict; it is asked again");
                self.carry_on(job, handle).await
            }
            Checked::Queued | Checked::Ask(_) => self.carry_on(job, handle).await,
        }
    }

    /// What was stopped at a deadline, and then could not be written down, failed for the deadline.
    fn why(&self, job: &Job, failure: Failure) -> Failure {
        match job.deadline_passed(self.ambient.now()) {
            Some(deadline) if failure.code == FailureCode::Cancelled => deadline.failure(),
            _ => failure,
        }
    }

    /// The next look is queued already, unless this was the last.
    async fn carry_on(&self, job: Job, handle: &Handle) -> Result<(), BoxError> {
        match job.deadline_passed(self.ambient.now()) {
            Some(deadline) => self.give_up(job, handle, deadline).await,
            None => Ok(()),
        }
    }

    /// The job ran into a deadline: the provider is asked to stop. A render that finished before it was asked is still stored.
    async fn give_up(&self, job: Job, handle: &Handle, deadline: Deadline) -> Result<(), BoxError> {
        match self.checker.stop(handle).await {
            Stopping::Heard | Stopping::NotPossible => self.fail(job, deadline.failure()).await,
            Stopping::Done { file_url } => self.checker.found(job, file_url).await.map(drop),
            Stopping::Failed(failure) => self.fail(job, failure).await,
            Stopping::NoAnswer => self.fail_unless_it_may_answer(job, deadline).await,
        }
    }

    /// A provider that does not answer at the deadline may have a finished render: it is asked for as long as results are kept.
    async fn fail_unless_it_may_answer(&self, job: Job, deadline: Deadline) -> Result<(), BoxError> {
        if job.deadline_passed(self.ambient.now().before(RESULT_KEPT)).is_none() {
            return Ok(());
        }
        self.fail(job, deadline.failure()).await
    }

    async fn fail(&self, job: Job, failure: Failure) -> Result<(), BoxError> {
        self.checker.fail(job, failure).await.map(drop)
    }
}

fn submit_unknown() -> Failure {
    let message =
        "the provider's answer to the submission was lost; it was not sent again, so that it cannot be rendered twice";
    Failure::new(FailureCode::SubmitUnknown, message)
}
