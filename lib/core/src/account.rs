//! The account of an organization: its balance, the hold for its open jobs, and how each event
//! changes both. The code is pure. The store applies a [`Change`] in one transaction with the job
//! or the entry that causes it.

mod change;
mod hold;

pub use change::Change;
pub use hold::{
    DEFAULT_OPEN_JOBS_LIMIT, HoldRefused, SANDBOX_JOBS_PER_DAY, SANDBOX_OPEN_JOBS_LIMIT,
};

use crate::actor::Deed;
use crate::id::OrgId;
use crate::money::{Money, MoneyOverflow};

/// The account of an organization, or of its sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub org: OrgId,
    /// The sum of the ledger.
    pub balance: Money,
    /// How many entries the ledger has.
    pub entries: u64,
    /// The sum of the costs of all open jobs.
    pub held: Money,
    /// How far below 0 the organization may go before submits are refused.
    pub credit_limit: Money,
    /// Jobs that are neither completed nor failed.
    pub open_jobs: u32,
    /// The limit of `open_jobs`.
    pub open_jobs_limit: u32,
    /// The limit of a sandbox's jobs per day (UTC), if the operator set one.
    pub jobs_per_day: Option<u32>,
    /// The jobs of the last day that had any. Only a sandbox's jobs are counted.
    pub daily: Option<Daily>,
    /// Set by the operator: all requests are refused.
    pub suspended: bool,
    /// The number of writes. An audit compares it to see whether money moved during a read.
    pub revision: u64,
    pub about: About,
}

/// The operator's notes on an organization, and who changed which setting last. Any of it may be
/// missing: accounts are older than these attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub name: Option<String>,
    pub contact: Option<String>,
    pub created_by: Option<Deed>,
    /// Who changed `name` or `contact` last.
    pub described_by: Option<Deed>,
    /// Who suspended it, or ended the suspension, last.
    pub suspended_by: Option<Deed>,
    pub open_jobs_limit_by: Option<Deed>,
    pub jobs_per_day_by: Option<Deed>,
    pub credit_limit_by: Option<Deed>,
}

impl About {
    pub const NOTHING: Self = Self {
        name: None,
        contact: None,
        created_by: None,
        described_by: None,
        suspended_by: None,
        open_jobs_limit_by: None,
        jobs_per_day_by: None,
        credit_limit_by: None,
    };
}

/// How many jobs were submitted in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daily {
    /// The day, counted from 1970-01-01 in UTC.
    pub day: i64,
    pub jobs: u32,
}

impl Account {
    /// A new organization's account, with nothing on it.
    pub const fn new(org: OrgId) -> Self {
        Self {
            org,
            balance: Money::ZERO,
            entries: 0,
            held: Money::ZERO,
            credit_limit: Money::ZERO,
            open_jobs: 0,
            open_jobs_limit: if org.is_sandbox() {
                SANDBOX_OPEN_JOBS_LIMIT
            } else {
                DEFAULT_OPEN_JOBS_LIMIT
            },
            jobs_per_day: None,
            daily: None,
            suspended: false,
            revision: 0,
            about: About::NOTHING,
        }
    }

    /// `balance − held + credit_limit`. A job that costs something is accepted only while this is
    /// above 0.
    pub fn available(&self) -> Result<Money, MoneyOverflow> {
        self.balance.minus(self.held)?.plus(self.credit_limit)
    }

    /// The account after a change.
    pub fn after(&self, change: Change) -> Result<Self, MoneyOverflow> {
        Ok(Self {
            balance: self.balance.plus(change.balance)?,
            entries: self.entries + change.entries,
            held: self.held.plus(change.held)?,
            open_jobs: self.open_jobs.checked_add_signed(change.open_jobs).ok_or(MoneyOverflow)?,
            revision: self.revision + 1,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests;
