//! What is left of a job that its owner deleted: the receipt, for the books. The job is hidden
//! before its file goes, so that callers are never shown an address whose file does not answer. The
//! address stays on the hidden job until the file is gone: it says where that is.

use super::{Job, Moved, State};
use crate::failure::Failure;
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
    /// The job as its owner sees it: none once it was deleted. Whoever shows a job to a caller, or
    /// does what a caller asks, asks here.
    pub fn shown(self) -> Option<Self> {
        self.deletion.is_none().then_some(self)
    }

    /// Deletes a final job: it is hidden, and what the caller asked for leaves it. Its state,
    /// times, price and cost stay, and what the provider called it, by which its bill is checked. A
    /// provider's words go, a trouble's too, for they may repeat the prompt; the codes of a failure
    /// stay. The video's address goes with [its file](Self::file_gone).
    pub fn deleted(mut self, now: Timestamp) -> Moved {
        if self.deletion.is_some() {
            return Moved::Already(self);
        }
        match &mut self.state {
            State::Pending { .. } | State::Processing(_) => return Moved::Illegal(self),
            State::Completed { .. } => {}
            State::Failed { failure: Failure { message, .. }, .. } => message.clear(),
        }
        self.terms = self.terms.erased();
        self.trouble = None;
        self.deletion = Some(Deletion { at: now, file_gone: false });
        self.rewritten()
    }

    /// The file of a deleted job has left storage, or was never there: its address goes too.
    pub fn file_gone(mut self) -> Moved {
        match &mut self.deletion {
            None => Moved::Illegal(self),
            Some(Deletion { file_gone: true, .. }) => Moved::Already(self),
            Some(deletion) => {
                deletion.file_gone = true;
                if let State::Completed { video_url, .. } = &mut self.state {
                    video_url.clear();
                }
                self.rewritten()
            }
        }
    }
}
