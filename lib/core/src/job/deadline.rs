//! How long a job may stay in each phase. A job ends by its provider's verdict or by one of these
//! deadlines. A passing error ends no job.

use super::{Job, Processing, State};
use crate::failure::{Failure, FailureCode};
use crate::time::Timestamp;
use std::time::Duration;

/// 10 minutes for a provider that cannot be reached or refuses to serve us. A caller should not
/// wait longer for a video that was not begun.
const PENDING: Duration = Duration::from_secs(10 * 60);
/// 6 hours in the provider's queue. A new fal account renders two at a time, and a queue of
/// hundreds is still served.
const QUEUED: Duration = Duration::from_secs(6 * 60 * 60);
/// 1 hour from the first sight of rendering: twelve times the longest usual render.
const RENDERING: Duration = Duration::from_secs(60 * 60);
/// 24 hours to store a finished file. The render is paid for, and fal keeps the file for seven
/// days.
const STORING: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a result that cannot be read is asked for again. fal keeps the result of a finished
/// render for an hour.
pub const RESULT_KEPT: Duration = Duration::from_secs(60 * 60);
/// How long we wait for the end of a render after the request to stop. The provider may finish all
/// the same, and the video is stored then. A day is four times the longest that fal lets a request
/// wait. It is also the longest that a caller's money may be held for a render that it does not
/// want.
pub const STOPPING: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest time that a job can be open. In the worst case each phase lasts to its limit:
///
/// - 10 min pending,
/// - 6 h queued,
/// - 1 h rendering,
/// - 24 h until the provider has stopped,
/// - 1 h for a result that cannot be read,
/// - 24 h for the file.
///
/// These are 56 h 10 min. The rest is for leases, turns, waits, and lost messages that a sweep
/// replaces after five minutes.
pub const LONGEST_OPEN: Duration = Duration::from_secs(60 * 60 * 60);

/// The limit of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// The provider has not taken the job.
    Pending,
    /// Taken, and not seen rendering.
    Queued,
    /// Rendering, and not over.
    Rendering,
    /// Over, and its result could not be read.
    Result,
    /// Asked to stop, and the provider has not said that it did.
    Stopping,
    /// Finished, but the file could not be stored.
    Storing,
}

impl Job {
    /// The limit that the job has passed, if any. A final job passes none.
    pub fn deadline_passed(&self, now: Timestamp) -> Option<Deadline> {
        let (deadline, since, length) = self.phase()?;
        (now > since.after(length)).then_some(deadline)
    }

    /// The limit of an open job's phase, the moment when the phase began, and the moment of the
    /// limit.
    pub fn waits_for(&self) -> Option<(Deadline, Timestamp, Timestamp)> {
        self.phase().map(|(deadline, since, length)| (deadline, since, since.after(length)))
    }

    fn phase(&self) -> Option<(Deadline, Timestamp, Duration)> {
        Some(match &self.state {
            State::Pending { .. } => (Deadline::Pending, self.created, PENDING),
            State::Processing(Processing { file: Some(file), .. }) => {
                (Deadline::Storing, file.found, STORING)
            }
            State::Processing(Processing { over_since: Some(since), .. }) => {
                (Deadline::Result, *since, RESULT_KEPT)
            }
            State::Processing(_) if let Some(stop) = &self.stop => {
                (Deadline::Stopping, stop.requested, STOPPING)
            }
            State::Processing(Processing { rendering_since: Some(since), .. }) => {
                (Deadline::Rendering, *since, RENDERING)
            }
            State::Processing(Processing { submitted, .. }) => {
                (Deadline::Queued, *submitted, QUEUED)
            }
            State::Completed { .. } | State::Failed { .. } => return None,
        })
    }
}

impl Job {
    /// The failure of the job at a deadline.
    pub fn failure_at(&self, deadline: Deadline) -> Failure {
        let (code, message) = match deadline {
            Deadline::Stopping if let Some(stop) = &self.stop => return stop.unconfirmed(),
            _ => deadline.says(),
        };
        Failure::new(code, message)
    }
}

impl Deadline {
    /// The code and the message for the caller.
    const fn says(self) -> (FailureCode, &'static str) {
        match self {
            Self::Pending => (
                FailureCode::ProviderUnavailable,
                "the provider did not take the job within 10 minutes",
            ),
            Self::Queued => {
                (FailureCode::TimedOut, "the provider did not begin to render within 6 hours")
            }
            Self::Rendering => (
                FailureCode::TimedOut,
                "the provider did not finish within an hour of beginning to render",
            ),
            Self::Result => (
                FailureCode::ProviderNoOutput,
                "the provider finished the render, and its result could not be read within an hour",
            ),
            Self::Stopping => (FailureCode::TimedOut, "the provider did not stop within 24 hours"),
            Self::Storing => (
                FailureCode::StorageUnavailable,
                "the finished video could not be stored within 24 hours",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_may_be_open_for_all_of_its_phases_and_two_hours_more() {
        let phases = PENDING + QUEUED + RENDERING + STOPPING + RESULT_KEPT + STORING;
        assert_eq!(phases, Duration::from_secs((56 * 60 + 10) * 60));
        assert!(phases + Duration::from_secs(2 * 60 * 60) < LONGEST_OPEN);
        assert_eq!(LONGEST_OPEN, Duration::from_secs(216_000), "60 h");
    }
}
