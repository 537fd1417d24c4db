//! What is left of a job that its owner deleted: the receipt, for the books. It is hidden before its file goes, so that no address is ever
//! shown whose file does not answer.

use super::{Failure, Job, Moved, State};
use crate::time::Timestamp;

/// That a job was deleted, and how far that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// Since when its owner sees it no more.
    pub at: Timestamp,
    /// Whether its file has left storage.
    pub file_gone: bool,
}

impl Job {
    /// The job as its owner sees it: none once it was deleted. Whoever shows a job to a caller, or does what a caller asks, asks here.
    pub fn shown(self) -> Option<Self> {
        self.deletion.is_none().then_some(self)
    }

    /// Deletes a final job: it is hidden, and what the caller asked for and got leaves it. Its state, times, price and cost stay,
    /// and what the provider called it, by which its bill is checked. A provider's words go, for they may repeat the prompt; the codes of a
    /// failure stay.
    pub fn deleted(mut self, now: Timestamp) -> Moved {
        if self.deletion.is_some() {
            return Moved::Already(self);
        }
        match &mut self.state {
            State::Pending { .. } | State::Processing(_) => return Moved::Illegal(self),
            State::Completed { video_url, .. } => video_url.clear(),
            State::Failed { failure: Failure { message, .. }, .. } => message.clear(),
        }
        self.prompt.clear();
        self.deletion = Some(Deletion { at: now, file_gone: false });
        self.rewritten()
    }

    /// The file of a deleted job has left storage, or was never there.
    pub fn file_gone(mut self) -> Moved {
        match &mut self.deletion {
            None => Moved::Illegal(self),
            Some(Deletion { file_gone: true, .. }) => Moved::Already(self),
            Some(deletion) => {
                deletion.file_gone = true;
                self.rewritten()
            }
        }
    }
}
