//! Ends an open job before its time, without throwing away a render that is paid for: take the turn, be it due or not
//! ([`Job::early_turn`]), ask the provider to stop, and only then fail the job and release its hold. A render that had finished goes on to
//! be stored.

use crate::checking::{Checker, Stopping};
use crate::job::{Failure, Job, Moved, Processing, State};
use crate::outbound::BoxError;
use crate::provider::{Checked, Handle};
use crate::queue::{Message, Queue};
use crate::store::{Store, Written};
use crate::world::Ambient;
use std::time::Duration;

/// How long nobody else ends the job: three exchanges of 10 s with the provider, and the store's 4 s. Nobody looks at it for a look longer.
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

    /// Cancels a job, as it was read. With `discard` it fails even if its render is finished, or may be: that is thrown away. May be
    /// repeated: a job that is over stays as it is.
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
        // Where nobody has to be asked, the end itself is the write that overtakes all others.
        let handle = match &job.state {
            State::Processing(Processing { handle, file: None, .. }) => handle.clone(),
            _ => return self.fail(job, failure).await,
        };
        let Moved::Applied(taken) = job.early_turn(now, TURN) else { return Ok(Cancellation::NotDue) };
        if self.store.write(&taken).await? == Written::Overtaken {
            return Ok(Cancellation::Overtaken);
        }
        // The message that was under way finds the turn taken and is gone: whatever becomes of this, somebody looks again.
        if let Err(error) = self.poll_queue.send_in_passing(Message::about(&taken), taken.due.since(now)).await {
            tracing::warn!(%error, "the job was not queued again; the sweep finds it");
        }
        match self.stop(&handle).await {
            Stopping::Done { file_url } if !discard => {
                Ok(Self::unless_overtaken(self.checker.found(taken, file_url).await?, Cancellation::Finished))
            }
            Stopping::Failed(verdict) => {
                let written = self.checker.fail(taken, verdict.clone()).await?;
                Ok(Self::unless_overtaken(written, Cancellation::FailedByProvider(verdict)))
            }
            Stopping::NoAnswer if !discard => self.given_back(taken).await.map(|()| Cancellation::NoAnswer),
            _ => self.fail(taken, failure).await,
        }
    }

    /// Asks to stop; where a provider cannot be asked to, how the render stands.
    async fn stop(&self, handle: &Handle) -> Stopping {
        match self.checker.stop(handle).await {
            Stopping::NotPossible => match self.checker.checked(handle).await {
                Checked::Done { file_url } => Stopping::Done { file_url },
                Checked::Failed(failure) => Stopping::Failed(failure),
                Checked::Queued | Checked::Rendering => Stopping::NotPossible,
                Checked::Trouble(_) | Checked::Ask(_) => Stopping::NoAnswer,
            },
            answer => answer,
        }
    }

    /// Whoever tries again need not wait for the turn's end. If somebody wrote meanwhile, it is theirs.
    async fn given_back(&self, job: Job) -> Result<(), BoxError> {
        let Moved::Applied(back) = job.again_in(self.ambient.now(), Duration::ZERO) else { return Ok(()) };
        self.store.write(&back).await?;
        Ok(())
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
