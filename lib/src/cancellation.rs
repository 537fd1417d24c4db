//! Ends an open job before its time, without throwing away a render that is paid for: take the turn, be it due or not
//! ([`Job::early_turn`]), ask the provider to stop, and only then fail the job and release its hold. A render that had finished goes on to
//! be stored, and one that cannot be stopped goes on.

use crate::checking::{Checker, Stopping};
use crate::job::{Failure, Job, Moved, Processing, State};
use crate::outbound::BoxError;
use crate::provider::{Checked, Handle};
use crate::queue::{Message, Queue};
use crate::store::{Store, Written};
use crate::world::Ambient;
use std::time::Duration;

/// How long nobody else ends the job: three exchanges of 10 s with the provider, and the store's 4 s. It is looked at a cadence later.
const TURN: Duration = Duration::from_secs(3 * 10 + 10);

/// Ends jobs.
#[derive(Debug, Clone)]
pub struct Canceller {
    checker: Checker,
    store: Store,
    poll_queue: Queue,
    ambient: Ambient,
}

/// What became of the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancellation {
    /// It failed, as was wanted; its hold is released.
    Failed,
    /// It failed by the provider's verdict, which came first; its hold is released.
    FailedByProvider(Failure),
    /// The provider had finished it: it is being stored, and will be charged.
    Finished,
    /// Its provider cannot be asked to stop, and is rendering: the job is as it was.
    Unstoppable,
    /// The provider gave no answer, so there may be a finished render: the job is as it was.
    NoAnswer,
    /// Somebody else acts on it, until its `due` at the latest; nothing was done.
    NotDue,
    /// Somebody else wrote it meanwhile; nothing was done.
    Overtaken,
    /// It had ended before.
    Over,
}

impl Canceller {
    /// A canceller that sends what stays open back to `poll_queue`.
    pub fn new(checker: &Checker, store: &Store, poll_queue: &Queue, ambient: &Ambient) -> Self {
        let (checker, store) = (checker.clone(), store.clone());
        Self { checker, store, poll_queue: poll_queue.clone(), ambient: ambient.clone() }
    }

    /// Cancels a job, as it was read. With `discard` it fails even if its render is finished, may be, or cannot be stopped: that is thrown
    /// away. May be repeated: a job that is over stays as it is.
    pub async fn cancel(&self, job: Job, failure: Failure, discard: bool) -> Result<Cancellation, BoxError> {
        match &job.state {
            State::Completed { .. } | State::Failed { .. } => return Ok(Cancellation::Over),
            State::Processing(Processing { file: Some(_), .. }) if !discard => return Ok(Cancellation::Finished),
            State::Pending { .. } | State::Processing(_) => {}
        }
        let now = self.ambient.now();
        if !job.may_be_ended(now) {
            return Ok(Cancellation::NotDue);
        }
        // Where nobody can or has to be asked, the end itself is the write that overtakes all others.
        let handle = match &job.state {
            State::Processing(Processing { handle, file: None, .. }) => handle.clone(),
            _ => return self.fail(job, failure).await,
        };
        if !self.checker.can_stop(&handle) {
            return if discard { self.fail(job, failure).await } else { self.looked_at(job, &handle).await };
        }
        let Moved::Applied(taken) = job.early_turn(now, TURN) else { return Ok(Cancellation::NotDue) };
        if self.store.write(&taken).await? == Written::Overtaken {
            return Ok(Cancellation::Overtaken);
        }
        // The message that was under way finds the turn taken and is gone: whatever becomes of this, somebody looks again.
        if let Err(error) = self.poll_queue.send_in_passing(Message::about(&taken), taken.due.since(now)).await {
            tracing::warn!(%error, "the job was not queued again; the sweep finds it");
        }
        match self.checker.stop(&handle).await {
            Stopping::Failed(verdict) => self.failed_by_provider(taken, verdict).await,
            Stopping::Heard => self.fail(taken, failure).await,
            _ if discard => self.fail(taken, failure).await,
            Stopping::Done { file_url } => self.found(taken, file_url).await,
            Stopping::NoAnswer | Stopping::NotPossible => self.given_back(taken).await.map(|()| Cancellation::NoAnswer),
        }
    }

    /// Where the provider cannot be asked to stop, it is asked how the render stands: it may be over. That needs no turn, for nothing is
    /// changed but over the revision that was read.
    async fn looked_at(&self, job: Job, handle: &Handle) -> Result<Cancellation, BoxError> {
        match self.checker.checked(handle).await {
            Checked::Done { file_url } => self.found(job, file_url).await,
            Checked::Failed(verdict) => self.failed_by_provider(job, verdict).await,
            Checked::Queued | Checked::Rendering => Ok(Cancellation::Unstoppable),
            Checked::Trouble(_) | Checked::Ask(_) => Ok(Cancellation::NoAnswer),
        }
    }

    /// Whoever tries again need not wait for the turn's end. If somebody wrote meanwhile, it is theirs.
    async fn given_back(&self, job: Job) -> Result<(), BoxError> {
        let Moved::Applied(back) = job.again_in(self.ambient.now(), Duration::ZERO) else { return Ok(()) };
        self.store.write(&back).await?;
        Ok(())
    }

    async fn found(&self, job: Job, file_url: String) -> Result<Cancellation, BoxError> {
        Ok(Self::unless_overtaken(self.checker.found(job, file_url).await?, Cancellation::Finished))
    }

    async fn failed_by_provider(&self, job: Job, verdict: Failure) -> Result<Cancellation, BoxError> {
        let written = self.checker.fail(job, verdict.clone()).await?;
        Ok(Self::unless_overtaken(written, Cancellation::FailedByProvider(verdict)))
    }

    async fn fail(&self, job: Job, failure: Failure) -> Result<Cancellation, BoxError> {
        Ok(Self::unless_overtaken(self.checker.fail(job, failure).await?, Cancellation::Failed))
    }

    fn unless_overtaken(written: Written, done: Cancellation) -> Cancellation {
        match written {
            Written::Done => done,
            Written::Overtaken => Cancellation::Overtaken,
        }
    }
}
