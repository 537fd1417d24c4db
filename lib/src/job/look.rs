//! What a look at the provider adds to a job that goes on.

use super::{Job, Moved, Processing, State};
use crate::time::Timestamp;

/// What a look has seen of a render that has no verdict yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It waits its turn.
    Queued,
    /// It is being rendered.
    Rendering,
    /// It is over, and its result cannot be read yet: for this reason.
    Over(String),
    /// Nothing: for this reason.
    Trouble(String),
}

impl Job {
    /// The job after a look that brought no verdict. The first sighting of a render counts, and the first of its end. A render that is
    /// over counts as seen, so that the hour for its result runs and not the six hours in the queue.
    pub fn looked_at(mut self, seen: &Seen, now: Timestamp) -> Moved {
        let State::Processing(Processing { rendering_since, over_since, file: None, .. }) = &mut self.state else {
            return Moved::Illegal(self);
        };
        let before = (*rendering_since, *over_since);
        match seen {
            Seen::Queued | Seen::Trouble(_) => {}
            Seen::Rendering => {
                rendering_since.get_or_insert(now);
                *over_since = None; // what renders again is not over
            }
            Seen::Over(_) => {
                rendering_since.get_or_insert(now);
                over_since.get_or_insert(now);
            }
        }
        let is_new = (*rendering_since, *over_since) != before;
        match seen {
            Seen::Over(why) | Seen::Trouble(why) => self.troubled(why, now).rewritten(),
            Seen::Queued | Seen::Rendering if is_new => self.rewritten(),
            Seen::Queued | Seen::Rendering => Moved::Already(self),
        }
    }
}
