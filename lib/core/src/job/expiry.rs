//! How long a job is kept. A live job stays for good: it is part of the books. A sandbox's job
//! costs nothing and moves no money. DynamoDB's time to live removes it some time after its end. An
//! open job never expires.

use super::{Job, State};
use crate::time::Timestamp;
use std::time::Duration;

/// How long a sandbox's job is kept after its end. A test is looked at within a week, and the jobs
/// of a free key do not fill the table for ever.
pub const SANDBOX_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Job {
    /// The moment after which DynamoDB may remove the job. `None` for an open or a live job. A job
    /// with a file of its own is kept until its owner has deleted it, since only the job knows of
    /// the file.
    pub fn expires(&self) -> Option<Timestamp> {
        match &self.state {
            State::Completed { video_url, .. } if video_url.contains(&self.id.to_string()) => None,
            State::Completed { at, .. } | State::Failed { at, .. } if self.org.is_sandbox() => {
                Some(at.after(SANDBOX_KEPT))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, in_every_state};

    #[test]
    fn only_a_final_job_of_a_sandbox_expires_a_week_after_its_end() {
        for (state, job) in in_every_state() {
            let sandbox = Job { org: job.org.sandbox(), ..job.clone() };
            let week = at(240).after(SANDBOX_KEPT); // both final ones ended at 240 s
            assert_eq!(
                (job.expires(), sandbox.expires()),
                (None, (!job.is_open()).then_some(week)),
                "{state}"
            );
        }
    }

    #[test]
    fn a_file_of_its_own_keeps_a_job_until_it_is_gone() {
        let (_, job) = in_every_state()
            .into_iter()
            .find(|(_, job)| matches!(job.state, State::Completed { .. }))
            .unwrap();
        let video_url = format!("https://storage.test/org/{}/video.mp4", job.id);
        let state = State::Completed { at: at(240), video_url, trace: job.trace() };
        let own = Job { org: job.org.sandbox(), state, ..job };
        assert_eq!(own.expires(), None);
        let deleted = own.deleted(at(900_000)).applied().unwrap();
        assert_eq!(deleted.expires(), None, "its file is there still");
        assert_eq!(
            deleted.file_gone().applied().unwrap().expires(),
            Some(at(240).after(SANDBOX_KEPT))
        );
    }
}
