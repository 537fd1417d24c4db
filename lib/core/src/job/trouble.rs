//! What kept a job from getting on, for the operator. Callers are shown none of it.

use super::Job;
use crate::time::Timestamp;

/// The longest text that is kept: a line that says who answered what.
const LONGEST: usize = 200;

/// The last thing that went wrong on a job's way. It ended nothing: the job was tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What went wrong: one line of at most 200 characters.
    pub what: String,
    /// When.
    pub at: Timestamp,
    /// How often something went wrong on this job's way, this time included.
    pub count: u32,
}

impl Job {
    /// The job with one more trouble. It is not another write: the caller writes it with what else
    /// it changes.
    pub(super) fn troubled(self, why: &str, now: Timestamp) -> Self {
        let line = why.split_whitespace().collect::<Vec<_>>().join(" ");
        let what = line.chars().filter(|character| !character.is_control()).take(LONGEST).collect();
        let count = self.trouble.as_ref().map_or(0, |trouble| trouble.count).saturating_add(1);
        Self { trouble: Some(Trouble { what, at: now, count }), ..self }
    }
}
