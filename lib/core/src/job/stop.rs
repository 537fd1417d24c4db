//! The request that a provider stop a render. A provider may go on after the request, and bills
//! what it renders. So the job stays open, with its hold and its place, until the end of the render
//! is known.

use super::{Job, Moved, Processing, State};
use crate::failure::{Failure, FailureCode};
use crate::time::Timestamp;
use std::time::Duration;

/// A request that the provider stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    pub requested: Timestamp,
    /// The failure of the job once its provider has stopped.
    pub failure: Failure,
}

impl Stop {
    /// The failure of the job when its provider did not say in time whether it stopped.
    pub(super) fn unconfirmed(&self) -> Failure {
        let Failure { code, message, .. } = &self.failure;
        let message = format!(
            "{message}; the provider did not say within 24 hours what became of the render"
        );
        Failure { actor: self.failure.actor.clone(), ..Failure::new(*code, &message) }
    }

    /// Whether a caller or the operator requested it, and not a deadline.
    pub fn is_wanted(&self) -> bool {
        self.failure.code == FailureCode::Cancelled
    }
}

impl Job {
    /// Requests that the provider stop. The job fails with `failure` then. The first request
    /// counts. Only a render that has no file can be stopped.
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

    /// As [`Self::stopping`], in one write with the [early turn](Self::early_turn).
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

    /// The failure of the job after the provider's verdict. If the provider stopped at our request,
    /// it is the failure of that request.
    pub fn cause_of(&self, verdict: Failure) -> Failure {
        match &self.stop {
            Some(stop) if verdict.code == FailureCode::Cancelled => stop.failure.clone(),
            _ => verdict,
        }
    }
}
