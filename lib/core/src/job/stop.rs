//! A render that its provider is to stop. A provider may go on after it was asked, and what it
//! renders is billed. So the job stays open, its cost stays held and its place stays taken, until
//! it is known what became of the render.

use super::{Job, Moved, Processing, State};
use crate::failure::{Failure, FailureCode};
use crate::time::Timestamp;
use std::time::Duration;

/// That a job's provider is to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Since when.
    pub requested: Timestamp,
    /// What the job fails with once its provider has stopped.
    pub failure: Failure,
}

impl Stop {
    /// What the job fails with when its provider did not say in time whether it stopped.
    pub(super) fn unconfirmed(&self) -> Failure {
        let Failure { code, message, .. } = &self.failure;
        let message = format!(
            "{message}; the provider did not say within 24 hours what became of the render"
        );
        Failure { actor: self.failure.actor.clone(), ..Failure::new(*code, &message) }
    }

    /// Whether a caller or the operator wanted it, and not a deadline.
    pub fn is_wanted(&self) -> bool {
        self.failure.code == FailureCode::Cancelled
    }
}

impl Job {
    /// Its provider is to stop, and the job is to fail with this then. The first wish counts. Only
    /// a render that has no file can be stopped.
    pub fn stopping(self, failure: Failure, now: Timestamp) -> Moved {
        match &self.state {
            State::Processing(Processing { file: None, .. }) if self.stop.is_some() => {
                Moved::Already(self)
            }
            State::Processing(Processing { file: None, .. }) => {
                Self { stop: Some(Stop { requested: now, failure }), ..self }.rewritten()
            }
            _ => Moved::Illegal(self),
        }
    }

    /// The same in one write with the [early turn](Self::early_turn).
    pub fn stopping_early(self, failure: Failure, now: Timestamp, length: Duration) -> Moved {
        let stop = self.stop.clone().unwrap_or(Stop { requested: now, failure });
        match (&self.state, self.may_be_ended(now)) {
            (State::Processing(Processing { file: None, .. }), true) => {
                Self { stop: Some(stop), ..self }.early_turn(now, length)
            }
            (State::Processing(Processing { file: None, .. }), false) => Moved::Already(self),
            _ => Moved::Illegal(self),
        }
    }

    /// What the job fails with, now that its provider has given this verdict. A render that was
    /// stopped at our own wish failed for what made us wish it.
    pub fn cause_of(&self, verdict: Failure) -> Failure {
        match &self.stop {
            Some(stop) if verdict.code == FailureCode::Cancelled => stop.failure.clone(),
            _ => verdict,
        }
    }
}
