//! How long a job may stay in each phase. A job ends by its provider's verdict or by one of these, never by a passing error.

use super::{Failure, FailureCode, Job, Processing, State};
use crate::time::Timestamp;
use std::time::Duration;

/// Ten minutes for a provider that cannot be reached or will not serve us: a caller should not wait longer for a video that
/// nobody has begun.
const PENDING: Duration = Duration::from_secs(10 * 60);
/// Six hours in the provider's queue: a new fal account renders two at a time, and a queue of hundreds is still served.
const QUEUED: Duration = Duration::from_secs(6 * 60 * 60);
/// One hour from the first sign of rendering: twelve times the longest usual one.
const RENDERING: Duration = Duration::from_secs(60 * 60);
/// A day to store a finished file: the render is paid for, and fal keeps the file for seven days.
const STORING: Duration = Duration::from_secs(24 * 60 * 60);

/// A provider keeps the result of a finished render for an hour (fal): so long a result that cannot be read is asked for again.
pub const RESULT_KEPT: Duration = Duration::from_secs(60 * 60);
/// No job is open for longer. In the worst case each phase lasts to its limit, and a provider that does not answer is asked for an hour more
/// at the end of the queue and of the rendering: 10 min, 6 + 1 h, 1 + 1 h and 24 h are 33 h 10 min. The rest is for what comes in between:
/// leases, turns, waits, and lost messages that a sweep replaces after five minutes.
pub const LONGEST_OPEN: Duration = Duration::from_secs(36 * 60 * 60);

/// Which limit a job has run into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// Never taken by the provider.
    Pending,
    /// Taken, never seen rendering.
    Queued,
    /// Rendering without end.
    Rendering,
    /// Finished, but the file could not be stored.
    Storing,
}

impl Job {
    /// The limit that the job has passed, if any. A final job passes none.
    pub fn deadline_passed(&self, now: Timestamp) -> Option<Deadline> {
        let (deadline, since, length) = match &self.state {
            State::Pending { .. } => (Deadline::Pending, self.created, PENDING),
            State::Processing(Processing { file: Some(file), .. }) => (Deadline::Storing, file.found, STORING),
            State::Processing(Processing { rendering_since: Some(since), .. }) => {
                (Deadline::Rendering, *since, RENDERING)
            }
            State::Processing(Processing { submitted, .. }) => (Deadline::Queued, *submitted, QUEUED),
            State::Completed { .. } | State::Failed { .. } => return None,
        };
        (now > since.after(length)).then_some(deadline)
    }
}

impl Deadline {
    /// What the caller is told.
    pub fn failure(self) -> Failure {
        let (code, message) = match self {
            Self::Pending => (FailureCode::ProviderUnavailable, "the provider did not take the job within 10 minutes"),
            Self::Queued => (FailureCode::TimedOut, "the provider did not begin to render within 6 hours"),
            Self::Rendering => {
                (FailureCode::TimedOut, "the provider did not finish within an hour of beginning to render")
            }
            Self::Storing => {
                (FailureCode::StorageUnavailable, "the finished video could not be stored within 24 hours")
            }
        };
        Failure::new(code, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_may_be_open_for_all_of_its_phases_and_two_hours_more() {
        let phases = PENDING + QUEUED + RESULT_KEPT + RENDERING + RESULT_KEPT + STORING;
        assert_eq!(phases, Duration::from_secs((33 * 60 + 10) * 60));
        assert!(phases + Duration::from_secs(2 * 60 * 60) < LONGEST_OPEN);
        assert_eq!(LONGEST_OPEN, Duration::from_secs(129_600), "36 h");
    }
}
