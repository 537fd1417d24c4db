//! A video job and the only ways in which it can change.
//!
//! The room is pure. A move takes the time as an argument and returns the changed job, with a
//! revision one higher. The store then writes that job over the revision that was read. If another
//! function has written the job meanwhile, the write fails.

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

/// A job: its terms, which never change after the submit, and its state.
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

/// The state of a job, with the facts that exist only in that state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Accepted, and not known to be at the provider.
    Pending {
        /// The end of the lease. Until then one function may be sending the submission. After it
        /// the outcome is unknown.
        lease_until: Option<Timestamp>,
    },
    /// Taken by the provider: it renders, or its file is being stored.
    Processing(Processing),
    /// The file is in storage, and the job is charged.
    Completed {
        at: Timestamp,
        /// A public and permanent URL. Empty once the job is deleted and its file is removed.
        video_url: String,
        /// How it went at the provider. `None` if it ended before this was stored.
        trace: Option<Trace>,
    },
    /// The job failed, and its hold was released.
    Failed {
        at: Timestamp,
        failure: Failure,
        /// How far it came at the provider. `None` if it was never there, or ended before this was
        /// stored.
        trace: Option<Trace>,
    },
}

/// The facts about a job that the provider took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processing {
    /// The provider's id of the job.
    pub handle: Handle,
    /// When the provider took it.
    pub submitted: Timestamp,
    /// When a look first saw it render.
    pub rendering_since: Option<Timestamp>,
    /// When a look first saw that it was over and its result could not be read.
    pub over_since: Option<Timestamp>,
    /// The finished file, once the provider has named it.
    pub file: Option<File>,
}

/// A finished file at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it can be downloaded.
    pub url: String,
    /// When the provider named it.
    pub found: Timestamp,
    /// The address of a resumable upload that was begun.
    pub upload_url: Option<String>,
    /// Whether an attempt to store it has failed. Further attempts have a queue of their own.
    pub tried: bool,
}

/// The result of a move. Messages come twice, so `Already` is an ordinary result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// The changed job, which the caller must write.
    Applied(Job),
    /// The job is there already. Do not write it.
    Already(Job),
    /// The move is not allowed from this state. Do not write it.
    Illegal(Job),
}

impl Moved {
    /// The job to write, if the move changed it.
    pub fn applied(self) -> Option<Job> {
        match self {
            Self::Applied(job) => Some(job),
            Self::Already(_) | Self::Illegal(_) => None,
        }
    }
}

impl Job {
    /// A new job. The function that accepts it also sends it: until its lease ends, no other
    /// function may.
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

    /// The state without its facts.
    pub const fn status(&self) -> Status {
        match self.state {
            State::Pending { .. } => Status::Pending,
            State::Processing(_) => Status::Processing,
            State::Completed { .. } => Status::Completed,
            State::Failed { .. } => Status::Failed,
        }
    }

    /// Whether it is neither completed nor failed. Until then its cost is held.
    pub const fn is_open(&self) -> bool {
        self.status().is_open()
    }

    /// Whether the job should have been acted on by now: a message was lost, or a worker died.
    pub fn is_overdue(&self, now: Timestamp, grace: Duration) -> bool {
        self.is_open() && self.due.after(grace) < now
    }

    /// The provider took it: pending → processing. The first look is due one cadence from now.
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
                let terms = self.terms.clone().told();
                Self { terms, ..self }.written(due, State::Processing(processing))
            }
            State::Processing(known) if known.handle == handle => Moved::Already(self),
            _ => Moved::Illegal(self),
        }
    }

    /// The provider certainly did not take it, for this reason. The lease ends, the job stays
    /// pending, and the provider may be asked again `wait` from now.
    pub fn not_taken(self, why: &str, now: Timestamp, wait: Duration) -> Moved {
        match self.state {
            State::Pending { lease_until: Some(_) } => self
                .troubled(why, now)
                .written(now.after(wait), State::Pending { lease_until: None }),
            State::Pending { lease_until: None } => Moved::Already(self),
            _ => Moved::Illegal(self),
        }
    }

    /// The provider named the finished file. It can be stored at once.
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

    /// The job failed: pending or processing → failed. The store releases the hold in the same
    /// write.
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
