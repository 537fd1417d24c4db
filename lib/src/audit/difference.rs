//! What an audit finds, as values and as sentences.

use crate::id::JobId;
use crate::job::Status;
use crate::money::Money;
use std::fmt;

/// Something that is not as the rest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The balance is not the ledger's sum.
    Balance {
        /// What the account says.
        account: Money,
        /// The sum.
        ledger: Money,
    },
    /// The account counts other than the ledger has entries.
    Entries {
        /// What the account says.
        account: u64,
        /// How many there are.
        ledger: u64,
    },
    /// The first of the ledger's entries that is not in its place: one before it is missing, or is there twice.
    Sequence {
        /// Its place among the entries.
        place: u64,
        /// The place that it says it has.
        sequence: u64,
    },
    /// The first of the ledger's entries whose balance is not the sum of the entries up to it.
    BalanceAfter {
        /// The place that it says it has.
        sequence: u64,
        /// What it says.
        entry: Money,
        /// The sum.
        sum: Money,
    },
    /// What is held is not what the open jobs cost.
    Held {
        /// What the account says.
        account: Money,
        /// The sum.
        jobs: Money,
    },
    /// The account counts other than there are open jobs.
    OpenJobs {
        /// What the account says.
        account: i64,
        /// How many there are.
        jobs: i64,
    },
    /// What a submit is checked against is not what balance, hold and credit limit make.
    Available {
        /// What the account says.
        account: Money,
        /// The sum.
        sum: Money,
    },
    /// A completed job without exactly one consumption of its cost, or another with any; what cost nothing is due none.
    Charges {
        /// Which.
        job: JobId,
        /// Where it stands; `None` when there is no such job.
        status: Option<Status>,
        /// What it should have been charged: its cost when it is completed, else nothing.
        due: Money,
        /// How many consumptions it has.
        times: u32,
        /// What they charged in all.
        charged: Money,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balance { account, ledger } => {
                write!(f, "the balance is MXN {account}, the ledger's sum MXN {ledger}")
            }
            Self::Entries { account, ledger } => write!(f, "{account} entries are counted, the ledger has {ledger}"),
            Self::Sequence { place, sequence } => {
                write!(f, "the entry in place {place} of the ledger says that it is entry {sequence}")
            }
            Self::BalanceAfter { sequence, entry, sum } => {
                write!(
                    f,
                    "entry {sequence} of the ledger says that the balance was MXN {entry} then, the sum is MXN {sum}"
                )
            }
            Self::Held { account, jobs } => write!(f, "MXN {account} is held, the open jobs cost MXN {jobs}"),
            Self::OpenJobs { account, jobs } => write!(f, "{account} open jobs are counted, there are {jobs}"),
            Self::Available { account, sum } => {
                write!(f, "MXN {account} is available, balance − held + credit limit is MXN {sum}")
            }
            Self::Charges { job, status: None, times, charged, .. } => {
                write!(f, "job {job} is not there, and was charged {times} time(s), MXN {charged}")
            }
            Self::Charges { job, status: Some(status), due, times, charged } => {
                let status = status.as_str();
                write!(f, "job {job} is {status}: MXN {due} is due, charged were MXN {charged} by {times} entries")
            }
        }
    }
}
