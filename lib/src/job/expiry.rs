//! How long a job is kept. A live one stays: it is part of the books. One of a sandbox costs nothing and moves no money, so it leaves after
//! a while, by DynamoDB's time to live. An open job never expires.

use super::{Job, State};
use crate::time::Timestamp;
use std::time::Duration;

/// A test is looked at within a week; a key that costs nothing does not fill the table for ever.
pub const SANDBOX_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Job {
    /// From when on the job is no longer kept; never, for one that is open or live.
    pub fn expires(&self) -> Option<Timestamp> {
        match &self.state {
            State::Completed { at, .. } | State::Failed { at, .. } if self.org.is_sandbox() => {
                Some(at.after(SANDBOX_KEPT))
            }
            _ => None,
        }
    }

    /// Whether it is only there because DynamoDB, which takes up to some days for that, has not removed it yet.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires().is_some_and(|expires| expires <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::tests::{at, in_every_state};

    #[test]
    fn only_a_final_job_of_a_sandbox_expires_a_week_after_its_end() {
        for (state, job) in in_every_state() {
            let sandbox = Job { org: job.org.sandbox(), ..job.clone() };
            let week = at(240).after(SANDBOX_KEPT); // both final ones ended at 240 s
            assert_eq!((job.expires(), sandbox.expires()), (None, (!job.is_open()).then_some(week)), "{state}");
            assert!(!job.has_expired(at(1 << 40)) && !sandbox.has_expired(week.before(Duration::from_secs(1))));
            assert_eq!(sandbox.has_expired(week), !job.is_open(), "{state}");
        }
    }
}
