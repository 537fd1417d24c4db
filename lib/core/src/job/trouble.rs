//! The last error on a job's way, for the operator. Callers are not shown it.

use super::Job;
use crate::time::Timestamp;

/// The longest text that is kept, in characters: one line that says which server answered what.
const LONGEST: usize = 200;

/// The last error on a job's way. It did not end the job: the job was tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// One line of at most 200 characters.
    pub what: String,
    pub at: Timestamp,
    /// How many errors the job met, this one included.
    pub count: u32,
}

impl Job {
    /// The job with one more trouble. The revision stays: the caller writes it together with its
    /// other changes.
    pub(super) fn troubled(self, why: &str, now: Timestamp) -> Self {
        let line = why.split_whitespace().collect::<Vec<_>>().join(" ");
        let what = line.chars().filter(|character| !character.is_control()).take(LONGEST).collect();
        let count = self.trouble.as_ref().map_or(0, |trouble| trouble.count).saturating_add(1);
        Self { trouble: Some(Trouble { what, at: now, count }), ..self }
    }
}
