//! What is done for a job whose turn was taken, by where it stands.

use super::{PollJobs, Turn};
use ghub::error::causes;
use ghub::job::{Deadline, Failure, FailureCode, Job, Moved, State};
use ghub::outbound::BoxError;
use ghub::provider::{Cancelled, Checked, Handle};
use ghub::queue::Message;
use ghub::store::Written;
use std::time::Duration;
use tokio::time::Instant;

/// A status or a result is a small read; ten seconds is a hundred times its usual length.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// A provider keeps the result of a finished render for an hour (fal): so long a result that cannot be read is asked for again.
const RESULT_KEPT: Duration = Duration::from_secs(60 * 60);

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
        match self.checked(handle).await {
            Checked::Done { file_url } => self.found(job, file_url).await,
            Checked::Failed(failure) => self.fail(job, failure).await,
            Checked::Rendering => match job.rendering(self.ambient.now()) {
                Moved::Applied(seen) => self.record(&seen).await, // the hour of rendering begins now, however long the queue was
                Moved::Already(job) | Moved::Illegal(job) => self.carry_on(job, handle).await,
            },
            Checked::Trouble(why) => {
                tracing::warn!(job.id = %job.id, org.id = %job.org, why, "the provider gave no verdict; it is asked again");
                self.carry_on(job, handle).await
            }
            Checked::Queued | Checked::Ask(_) => self.carry_on(job, handle).await,
        }
    }

    /// The next look is queued already, unless this was the last.
    async fn carry_on(&self, job: Job, handle: &Handle) -> Result<(), BoxError> {
        match job.deadline_passed(self.ambient.now()) {
            Some(deadline) => self.give_up(job, handle, deadline).await,
            None => Ok(()),
        }
    }

    /// The status, and when that says the render is over, the result: only the result is a verdict.
    async fn checked(&self, handle: &Handle) -> Checked {
        let request = match self.providers.check(handle) {
            Ok(request) => request,
            Err(failure) => return Checked::Trouble(failure.message),
        };
        let status = match self.sender.send(request, CHECK_TIMEOUT).await {
            Ok(reply) => self.providers.checked(handle, &reply),
            Err(error) => return Checked::Trouble(causes(&error)),
        };
        let Checked::Ask(request) = status else { return status };
        let verdict = match self.sender.send(request, CHECK_TIMEOUT).await {
            Ok(reply) => self.providers.verdict(handle, &reply),
            Err(error) => Checked::Trouble(causes(&error)),
        };
        if let Checked::Trouble(why) = verdict {
            tracing::warn!(why, "the render is over, and its verdict cannot be read yet");
            return Checked::Rendering; // so that the hour from the first sign of rendering runs
        }
        verdict
    }

    /// Keeps the file's URL on the job, for the provider forgets it within the hour, and hands the job on.
    async fn found(&self, job: Job, file_url: String) -> Result<(), BoxError> {
        let Moved::Applied(found) = job.file_found(file_url, self.ambient.now()) else { return Ok(()) };
        match self.store.write(&found).await? {
            Written::Done => Ok(self.store_queue.send(Message::about(&found), Duration::ZERO).await?),
            Written::Overtaken => Ok(()),
        }
    }

    /// The job ran into a deadline: the provider is asked to stop. A render that finished before it was asked is still stored.
    async fn give_up(&self, job: Job, handle: &Handle, deadline: Deadline) -> Result<(), BoxError> {
        let Some(request) = self.providers.cancel(handle) else { return self.fail(job, deadline.failure()).await };
        let cancelled = match self.sender.send(request, CHECK_TIMEOUT).await {
            Ok(reply) => self.providers.cancelled(handle, &reply),
            Err(error) => Cancelled::Trouble(causes(&error)),
        };
        match cancelled {
            Cancelled::AlreadyDone => match self.checked(handle).await {
                Checked::Done { file_url } => self.found(job, file_url).await,
                Checked::Failed(failure) => self.fail(job, failure).await,
                _ => self.fail_unless_it_may_answer(job, deadline).await,
            },
            Cancelled::Trouble(_) => self.fail_unless_it_may_answer(job, deadline).await,
            Cancelled::Stopped | Cancelled::Asked => self.fail(job, deadline.failure()).await,
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
        let now = self.ambient.now();
        match job.failed(failure, now) {
            Moved::Applied(failed) => self.record(&failed).await,
            Moved::Already(_) | Moved::Illegal(_) => Ok(()),
        }
    }

    /// Writes a moved job. One that somebody else moved meanwhile is theirs.
    async fn record(&self, job: &Job) -> Result<(), BoxError> {
        let written = self.store.write(job).await?;
        tracing::info!(job.id = %job.id, org.id = %job.org, status = job.status().as_str(), written = written == Written::Done, "moved");
        Ok(())
    }
}

fn submit_unknown() -> Failure {
    let message =
        "the provider's answer to the submission was lost; it was not sent again, so that it cannot be rendered twice";
    Failure::new(FailureCode::SubmitUnknown, message)
}
