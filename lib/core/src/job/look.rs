//! A look: one request for the status of a render, and what it changes on the job.

use super::{Job, Moved, Processing, State};
use crate::time::Timestamp;

/// What a look saw of a render that has no verdict yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It waits in the provider's queue.
    Queued,
    /// It is being rendered.
    Rendering,
    /// It is over, and its result cannot be read yet, for this reason.
    Over(String),
    /// The look failed, for this reason.
    Trouble(String),
}

impl Job {
    /// The job after a look without a verdict. `Already` if the look changed nothing.
    pub fn looked_at(self, seen: &Seen, now: Timestamp) -> Moved {
        if !matches!(self.state, State::Processing(Processing { file: None, .. })) {
            return Moved::Illegal(self);
        }
        let after = self.clone().seen(seen, now);
        if after == self { Moved::Already(self) } else { after.rewritten() }
    }

    /// As [`Self::looked_at`], without a new revision: the caller writes the job later. The first
    /// sighting of a render counts, and the first of its end. A render that is over also counts as
    /// seen. So the deadline of one hour for its result runs, and not that of six hours in the
    /// queue.
    pub fn seen(mut self, seen: &Seen, now: Timestamp) -> Self {
        let State::Processing(Processing { rendering_since, over_since, file: None, .. }) =
            &mut self.state
        else {
            return self;
        };
        match seen {
            Seen::Queued | Seen::Trouble(_) => {}
            Seen::Rendering => {
                rendering_since.get_or_insert(now);
                *over_since = None; // it renders again, so it is not over
            }
            Seen::Over(_) => {
                rendering_since.get_or_insert(now);
                over_since.get_or_insert(now);
            }
        }
        match seen {
            Seen::Over(why) | Seen::Trouble(why) => self.troubled(why, now),
            Seen::Queued | Seen::Rendering => self,
        }
    }
}
