//! What a job consists of: for the store, which writes it and reads it back, and for reading.

use super::{Deletion, Job, State, Stop, Trouble};
use crate::id::{JobId, JobKey, OrgId};
use crate::money::Money;
use crate::terms::Terms;
use crate::time::Timestamp;

/// A job's parts, as the store keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    pub id: JobId,
    pub org: OrgId,
    pub terms: Terms,
    /// When it was accepted.
    pub created: Timestamp,
    /// While the job is open, no function acts on it before this moment.
    pub due: Timestamp,
    /// Counts the writes: the store writes only over the revision that was read.
    pub revision: u64,
    pub state: State,
    /// Its provider is to stop.
    pub stop: Option<Stop>,
    /// What went wrong last on its way.
    pub trouble: Option<Trouble>,
    /// Its owner deleted it.
    pub deletion: Option<Deletion>,
}

impl Job {
    /// The job of these parts, which the store has read.
    pub fn from_parts(parts: Parts) -> Self {
        let Parts { id, org, terms, created, due, revision, state, stop, trouble, deletion } =
            parts;
        Self { id, org, terms, created, due, revision, state, stop, trouble, deletion }
    }

    /// The parts to store.
    pub fn into_parts(self) -> Parts {
        let Self { id, org, terms, created, due, revision, state, stop, trouble, deletion } = self;
        Parts { id, org, terms, created, due, revision, state, stop, trouble, deletion }
    }

    /// Which job.
    pub const fn id(&self) -> JobId {
        self.id
    }

    /// Whose.
    pub const fn org(&self) -> OrgId {
        self.org
    }

    /// Which job, and whose.
    pub const fn key(&self) -> JobKey {
        JobKey { org: self.org, job: self.id }
    }

    /// What was ordered and priced.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What is held while the job is open, and charged once it is completed.
    pub const fn cost(&self) -> Money {
        self.terms.cost()
    }

    /// When it was accepted.
    pub const fn created(&self) -> Timestamp {
        self.created
    }

    /// While the job is open, no function acts on it before this moment.
    pub const fn due(&self) -> Timestamp {
        self.due
    }

    /// How often it was written.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Where it stands.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// That its provider is to stop.
    pub const fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// What went wrong last on its way.
    pub const fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// That its owner deleted it.
    pub const fn deletion(&self) -> Option<Deletion> {
        self.deletion
    }
}
