//! The parts of a job, for the store, and read access to each.

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
    /// The number of writes. The store writes only over the revision that was read.
    pub revision: u64,
    pub state: State,
    /// The request that the provider stop.
    pub stop: Option<Stop>,
    /// The last error on its way.
    pub trouble: Option<Trouble>,
    /// Set once its owner deleted it.
    pub deletion: Option<Deletion>,
}

impl Job {
    /// Makes the job of parts that the store has read.
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

    /// The id, unique within the organization.
    pub const fn id(&self) -> JobId {
        self.id
    }

    /// The organization that it belongs to.
    pub const fn org(&self) -> OrgId {
        self.org
    }

    /// The key of its item: organization and id.
    pub const fn key(&self) -> JobKey {
        JobKey { org: self.org, job: self.id }
    }

    /// The order and its price, frozen at the submit.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The amount that is held while the job is open and charged when it completes.
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

    /// How many times the job was written.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// The state, with the facts that exist only in it.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The request that the provider stop, if there is one.
    pub const fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// The last error on its way.
    pub const fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// The deletion by its owner, if there was one.
    pub const fn deletion(&self) -> Option<Deletion> {
        self.deletion
    }
}
