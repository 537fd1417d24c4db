//! Ends an open job before its time, without giving a render away.
//!
//! - A job that no provider has taken fails at once.
//! - If a render has begun, the wish to stop is written on the job, and then the provider is asked.
//!   The job fails when the provider has stopped; the poller asks about that.
//! - A render that is finished is stored and charged.

use crate::adapter::Cancelled;
use crate::adapter::Handle;
use crate::ambient::Ambient;
use crate::checking::{Checker, Look};
use crate::error::BoxError;
use crate::failure::{Failure, FailureCode};
use crate::job::{Job, Processing, Seen, State};
use crate::lifetime::Lifetime;
use crate::queue::Queue;
use crate::store::{Store, Written};
use crate::telemetry;
use std::time::Duration;

/// How long no other worker ends the job: three exchanges of 10 s with the provider, and the
/// store's 4 s. It is looked at a cadence later.
const TURN: Duration = Duration::from_secs(3 * 10 + 10);

/// Ends open jobs before their time, for callers and for operators.
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
    /// Its provider was asked to stop and may go on: the job stays open, with its hold, until that
    /// is known.
    Requested,
    /// The provider had finished it: it is being stored, and will be charged.
    Finished,
    /// Its provider cannot be asked to stop, and is rendering: the job is as it was.
    Unstoppable,
    /// A provider that cannot be asked to stop did not say how the render stands: the job is as it
    /// was.
    NoAnswer,
    /// Another worker acts on it, until its `due` at the latest; nothing was done.
    NotDue,
    /// Another worker wrote it meanwhile; nothing was done.
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

    /// Whether the provider that has this job can be asked to stop.
    pub fn can_stop(&self, handle: &Handle) -> bool {
        self.checker.can_stop(handle)
    }

    /// Cancels a job, as it was read. With `discard` it fails even if its render is finished, may
    /// be, or goes on: that is thrown away. May be repeated: a job that is over stays as it is, and
    /// a provider that was asked is not asked again here.
    pub async fn cancel(
        &self,
        job: Job,
        failure: Failure,
        discard: bool,
        lifetime: Lifetime,
    ) -> Result<Cancellation, BoxError> {
        match job.state() {
            State::Completed { .. } | State::Failed { .. } => return Ok(Cancellation::Over),
            State::Processing(Processing { file: Some(_), .. }) if !discard => {
                return Ok(Cancellation::Finished);
            }
            State::Processing(_) if job.stop().is_some() && !discard => {
                return Ok(Cancellation::Requested);
            }
            State::Pending { .. } | State::Processing(_) => {}
        }
        let now = self.ambient.now();
        if !job.may_be_ended(now) {
            return Ok(Cancellation::NotDue);
        }
        // Where no provider can or has to be asked, the end itself is the write that overtakes all
        // others.
        let handle = match job.state() {
            State::Processing(Processing { handle, file: None, .. }) => handle.clone(),
            _ => return self.fail(job, failure, lifetime).await,
        };
        if !self.checker.can_stop(&handle) {
            return if discard {
                self.fail(job, failure, lifetime).await
            } else {
                self.look(job, &handle, lifetime).await
            };
        }
        let moved = job.stopping_early(failure.clone(), now, TURN);
        let Some(stopping) = telemetry::applied(moved, "stopping_early") else {
            return Ok(Cancellation::NotDue);
        };
        if self.store.write(&stopping).await? == Written::Overtaken {
            return Ok(Cancellation::Overtaken);
        }
        // The message that was under way finds the turn taken and is gone. Whatever becomes of this
        // invocation, the poller looks again.
        self.schedule_look(&stopping).await;
        let said = self.checker.ask_to_stop(&handle, lifetime).await;
        let now = self.ambient.now();
        let stopping = if said == Some(Cancelled::Asked) {
            stopping.seen(&Seen::Rendering, now)
        } else {
            stopping
        };
        if said == Some(Cancelled::Stopped) || discard {
            return self.fail(stopping, failure, lifetime).await;
        }
        self.look_after_asking(stopping, &handle, lifetime).await
    }

    /// A provider that was asked to stop is asked once how the render stands now: it may be over at
    /// once, or have been over before.
    async fn look_after_asking(
        &self,
        job: Job,
        handle: &Handle,
        lifetime: Lifetime,
    ) -> Result<Cancellation, BoxError> {
        match self.checker.look(handle, lifetime).await {
            Look::Done { file_url } => self.record_file(job, file_url, lifetime).await,
            Look::Failed(verdict) => self.fail_for(job, verdict, lifetime).await,
            Look::Open(seen) => {
                let seen = job.seen(&seen, self.ambient.now());
                self.give_back(seen).await.map(|()| Cancellation::Requested)
            }
        }
    }

    /// Where the provider cannot be asked to stop, it is asked how the render stands: it may be
    /// over. That needs no turn, for nothing is changed but over the revision that was read.
    async fn look(
        &self,
        job: Job,
        handle: &Handle,
        lifetime: Lifetime,
    ) -> Result<Cancellation, BoxError> {
        match self.checker.look(handle, lifetime).await {
            Look::Done { file_url } => self.record_file(job, file_url, lifetime).await,
            Look::Failed(verdict) => self.fail_for(job, verdict, lifetime).await,
            Look::Open(Seen::Queued | Seen::Rendering) => Ok(Cancellation::Unstoppable),
            Look::Open(Seen::Over(_) | Seen::Trouble(_)) => Ok(Cancellation::NoAnswer),
        }
    }

    /// The poller's next look comes after a cadence, and not at the end of this turn. If another
    /// worker wrote the job meanwhile, that worker goes on with it.
    async fn give_back(&self, job: Job) -> Result<(), BoxError> {
        let now = self.ambient.now();
        let cadence = job.cadence(now);
        let Some(back) = telemetry::applied(job.again_in(now, cadence), "again_in") else {
            return Ok(());
        };
        if self.store.write(&back).await? == Written::Done {
            self.schedule_look(&back).await;
        }
        Ok(())
    }

    async fn schedule_look(&self, job: &Job) {
        let delay = job.due().since(self.ambient.now());
        if let Err(error) = self.poll_queue.send_in_passing(job.key(), delay).await {
            tracing::warn!(job.id = %job.id(), org.id = %job.org(), %error, "the job was not queued again; the sweep finds it");
        }
    }

    async fn record_file(
        &self,
        job: Job,
        file_url: String,
        lifetime: Lifetime,
    ) -> Result<Cancellation, BoxError> {
        let written = self.checker.record_file(job, file_url, lifetime).await?;
        Ok(Self::unless_overtaken(written, Cancellation::Finished))
    }

    /// A render that stopped at our wish fails for that wish, and any other for the provider's
    /// verdict.
    async fn fail_for(
        &self,
        job: Job,
        verdict: Failure,
        lifetime: Lifetime,
    ) -> Result<Cancellation, BoxError> {
        let cause = job.cause_of(verdict.clone());
        let told = match verdict.code {
            FailureCode::Cancelled => Cancellation::Failed,
            _ => Cancellation::FailedByProvider(verdict),
        };
        Ok(Self::unless_overtaken(self.checker.fail(job, cause, lifetime).await?, told))
    }

    async fn fail(
        &self,
        job: Job,
        failure: Failure,
        lifetime: Lifetime,
    ) -> Result<Cancellation, BoxError> {
        Ok(Self::unless_overtaken(
            self.checker.fail(job, failure, lifetime).await?,
            Cancellation::Failed,
        ))
    }

    fn unless_overtaken(written: Written, done: Cancellation) -> Cancellation {
        match written {
            Written::Done => done,
            Written::Overtaken => Cancellation::Overtaken,
        }
    }
}
