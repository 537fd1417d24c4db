//! A video job and the only ways in which it can move. Pure: the time comes in, the moved job goes
//! out, and the store writes it on the condition that nobody else wrote in between.

mod deadline;
mod deletion;
mod expiry;
mod look;
mod parts;
mod stop;
mod trace;
mod trouble;
mod turn;

pub use deadline::{Deadline, LONGEST_OPEN, RESULT_KEPT, STOPPING};
pub use deletion::Deletion;
pub use expiry::SANDBOX_KEPT;
pub use look::Seen;
pub use parts::Parts;
pub use stop::Stop;
pub use trace::Trace;
pub use trouble::Trouble;
pub use turn::{SUBMIT_LEASE, TURN_TOLERANCE};

use crate::adapter::Handle;
use crate::failure::Failure;
use crate::id::{JobId, OrgId};
use crate::status::Status;
use crate::terms::Terms;
use crate::time::Timestamp;
use std::time::Duration;

/// A job: the terms on which it was accepted, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    id: JobId,
    org: OrgId,
    terms: Terms,
    created: Timestamp,
    due: Timestamp,
    revision: u64,
    state: State,
    stop: Option<Stop>,
    trouble: Option<Trouble>,
    deletion: Option<Deletion>,
}

/// Where a job stands, with what is known only there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Stored here, not known to be at the provider.
    Pending {
        /// Somebody may be sending the submission until then; once it has passed, the outcome is
        /// unknown.
        lease_until: Option<Timestamp>,
    },
    /// At the provider, or on its way from there into storage.
    Processing(Processing),
    /// In storage and charged.
    Completed {
        /// Since when.
        at: Timestamp,
        /// Public and persistent; empty once the job was deleted and its file is gone.
        video_url: String,
        /// How it went at the provider; `None` if it ended before that was kept.
        trace: Option<Trace>,
    },
    /// Over, uncharged.
    Failed {
        /// Since when.
        at: Timestamp,
        /// Why.
        failure: Failure,
        /// How far it came at the provider; `None` if it never was there, or ended before that was
        /// kept.
        trace: Option<Trace>,
    },
}

/// What is known of a job that the provider took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processing {
    /// What the provider calls it.
    pub handle: Handle,
    /// When the provider took it.
    pub submitted: Timestamp,
    /// When it was first seen being rendered.
    pub rendering_since: Option<Timestamp>,
    /// When it was first seen to be over while its result could not be read.
    pub over_since: Option<Timestamp>,
    /// The finished file, once the provider has named it.
    pub file: Option<File>,
}

/// A finished file at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it can be fetched.
    pub url: String,
    /// When that was learnt.
    pub found: Timestamp,
    /// A resumable upload that was begun: where it goes on.
    pub upload_url: Option<String>,
    /// Whether an attempt to store it did not come to its end: further ones wait in a queue of
    /// their own.
    pub tried: bool,
}

/// What became of a move. Messages come twice, so "already there" is an ordinary answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// The job as it now has to be written.
    Applied(Job),
    /// It was there before; nothing is to be written.
    Already(Job),
    /// It cannot go there from where it stands; nothing is to be written.
    Illegal(Job),
}

impl Moved {
    /// The job to write, if the move changed anything.
    pub fn applied(self) -> Option<Job> {
        match self {
            Self::Applied(job) => Some(job),
            Self::Already(_) | Self::Illegal(_) => None,
        }
    }
}

impl Job {
    /// A new job on these terms. The function that accepts it sends it too: until the lease ends,
    /// no other function may.
    pub fn accept(id: JobId, org: OrgId, terms: Terms, now: Timestamp) -> Self {
        let lease_until = now.after(SUBMIT_LEASE);
        Self {
            id,
            org,
            terms,
            created: now,
            due: lease_until,
            revision: 0,
            state: State::Pending { lease_until: Some(lease_until) },
            stop: None,
            trouble: None,
            deletion: None,
        }
    }

    /// The word for where it stands.
    pub const fn status(&self) -> Status {
        match self.state {
            State::Pending { .. } => Status::Pending,
            State::Processing(_) => Status::Processing,
            State::Completed { .. } => Status::Completed,
            State::Failed { .. } => Status::Failed,
        }
    }

    /// Neither completed nor failed: its cost is held.
    pub const fn is_open(&self) -> bool {
        self.status().is_open()
    }

    /// Whether somebody should have acted by now: a message was lost, or its worker died.
    pub fn is_overdue(&self, now: Timestamp, grace: Duration) -> bool {
        self.is_open() && self.due.after(grace) < now
    }

    /// The provider took it: pending → processing. Its first check is due one cadence from now.
    pub fn accepted(self, handle: Handle, now: Timestamp) -> Moved {
        match &self.state {
            State::Pending { .. } => {
                let due = now.after(self.cadence(now));
                let processing = Processing {
                    handle,
                    submitted: now,
                    rendering_since: None,
                    over_since: None,
                    file: None,
                };
                self.written(due, State::Processing(processing))
            }
            State::Processing(known) if known.handle == handle => Moved::Already(self),
            _ => Moved::Illegal(self),
        }
    }

    /// The provider certainly did not take it, for this reason, and may be asked again `wait` from
    /// now: the lease goes, the job stays pending.
    pub fn not_taken(self, why: &str, now: Timestamp, wait: Duration) -> Moved {
        match self.state {
            State::Pending { lease_until: Some(_) } => self
                .troubled(why, now)
                .written(now.after(wait), State::Pending { lease_until: None }),
            State::Pending { lease_until: None } => Moved::Already(self),
            _ => Moved::Illegal(self),
        }
    }

    /// The provider named the finished file: it can be stored at once.
    pub fn file_found(mut self, url: String, now: Timestamp) -> Moved {
        match &mut self.state {
            State::Processing(Processing { file: Some(_), .. }) => Moved::Already(self),
            State::Processing(processing) => {
                processing.file = Some(File { url, found: now, upload_url: None, tried: false });
                self.due = now;
                self.rewritten()
            }
            _ => Moved::Illegal(self),
        }
    }

    /// A resumable upload was begun at this address, or given up (`None`).
    pub fn uploading(mut self, upload_url: Option<String>) -> Moved {
        match &mut self.state {
            State::Processing(Processing { file: Some(file), .. })
                if file.upload_url == upload_url =>
            {
                Moved::Already(self)
            }
            State::Processing(Processing { file: Some(file), .. }) => {
                file.upload_url = upload_url;
                self.rewritten()
            }
            _ => Moved::Illegal(self),
        }
    }

    /// The file is whole in storage: processing → completed. The store charges in the same write.
    pub fn completed(self, video_url: String, now: Timestamp) -> Moved {
        match self.state {
            State::Processing(Processing { file: Some(_), .. }) => {
                let (due, trace) = (self.due, self.trace());
                self.written(due, State::Completed { at: now, video_url, trace })
            }
            State::Completed { .. } => Moved::Already(self),
            _ => Moved::Illegal(self),
        }
    }

    /// It is over: pending or processing → failed. The store releases the hold in the same write.
    pub fn failed(self, failure: Failure, now: Timestamp) -> Moved {
        match self.state {
            State::Pending { .. } | State::Processing(_) => {
                let (due, trace) = (self.due, self.trace());
                self.written(due, State::Failed { at: now, failure, trace })
            }
            State::Failed { .. } => Moved::Already(self),
            State::Completed { .. } => Moved::Illegal(self),
        }
    }

    fn written(self, due: Timestamp, state: State) -> Moved {
        Self { due, state, ..self }.rewritten()
    }

    fn rewritten(self) -> Moved {
        Moved::Applied(Self { revision: self.revision + 1, ..self })
    }
}

#[cfg(test)]
mod tests;
