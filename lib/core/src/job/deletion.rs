//! The deletion of a job. The receipt stays, for the books.
//!
//! A deletion has two steps, so that no caller is shown an address whose file does not answer.
//! First the job is hidden, then its file is removed. The hidden job keeps the address of the file
//! until then.

use super::{Job, Moved, State};
use crate::failure::Failure;
use crate::time::Timestamp;

/// A deletion and its progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// When the job was hidden.
    pub at: Timestamp,
    /// Whether its file is removed from storage.
    pub file_gone: bool,
}

impl Job {
    /// The job as its owner sees it: `None` once it was deleted. Code that shows a job to a caller,
    /// or acts for a caller, must go through here.
    pub fn shown(self) -> Option<Self> {
        self.deletion.is_none().then_some(self)
    }

    /// Deletes a final job: it is hidden, and the caller's order is removed from it.
    ///
    /// - State, times, price and cost stay. So does the provider's id of the job, by which the
    ///   operator checks the provider's bill.
    /// - The provider's texts go, since they may repeat the prompt. The codes of a failure stay.
    /// - The video's address goes later, with [its file](Self::file_gone).
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

    /// The file of a deleted job is removed from storage, or was never there. Its address is
    /// removed too.
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
