//! What an audit finds, as values and as sentences.

use crate::id::JobId;
use crate::job::LONGEST_OPEN;
use crate::money::Money;
use crate::status::Status;
use std::fmt;
use std::time::Duration;

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
    /// The first of the ledger's entries that is not in its place: one before it is missing, or is
    /// there twice.
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
    /// A completed job without exactly one consumption of its cost, or another with any; what cost
    /// nothing is due none.
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
    /// A refund of a job that is not completed, or of another amount than its charge, or more than
    /// one of a job.
    Refunds {
        /// Which.
        job: JobId,
        /// Where it stands; `None` when there is no such job.
        status: Option<Status>,
        /// What its consumptions charged in all.
        charged: Money,
        /// How many refunds it has.
        times: u32,
        /// What they gave back in all.
        refunded: Money,
    },
    /// An open job that is not in the index of open jobs, where the sweep looks, or a final one
    /// that is.
    Index {
        /// Which.
        job: JobId,
        /// Where it stands.
        status: Status,
        /// Whether it is in there.
        indexed: bool,
    },
    /// A job that should have ended by now, whatever was lost.
    OpenTooLong {
        /// Which.
        job: JobId,
        /// How long ago it was accepted.
        since: Duration,
    },
}

impl Difference {
    /// Whether it is one even if money moved while it was found: it shows in a single item, which
    /// is read at one moment, or in entries that are there and never change, with the job that was
    /// read after them. A sum, or an entry that was not seen, says nothing then.
    pub const fn stands_whatever_moves(&self) -> bool {
        match *self {
            Self::Available { .. } | Self::Index { .. } | Self::OpenTooLong { .. } => true,
            Self::BalanceAfter { .. } => true, // every entry up to it was seen
            // twice the same place; a gap may be an entry that comes into sight yet
            Self::Sequence { place, sequence } => sequence < place,
            // One consumption of an open job may be the half that is seen first of its completion.
            Self::Charges { status: Some(Status::Pending | Status::Processing), times, .. } => {
                times > 1
            }
            Self::Charges { times, .. } => times > 0,
            // What is refunded was completed before, and its charge may have been posted behind the
            // place that was being read.
            Self::Refunds { status: Some(Status::Completed), times, .. } => times > 1,
            Self::Refunds { .. } => true,
            Self::Balance { .. }
            | Self::Entries { .. }
            | Self::Held { .. }
            | Self::OpenJobs { .. } => false,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balance { account, ledger } => {
                write!(f, "the balance is MXN {account}, the ledger's sum MXN {ledger}")
            }
            Self::Entries { account, ledger } => {
                write!(f, "{account} entries are counted, the ledger has {ledger}")
            }
            Self::Sequence { place, sequence } => {
                write!(
                    f,
                    "the entry in place {place} of the ledger says that it is entry {sequence}"
                )
            }
            Self::BalanceAfter { sequence, entry, sum } => {
                write!(
                    f,
                    "entry {sequence} of the ledger says that the balance was MXN {entry} then, the sum is MXN {sum}"
                )
            }
            Self::Held { account, jobs } => {
                write!(f, "MXN {account} is held, the open jobs cost MXN {jobs}")
            }
            Self::OpenJobs { account, jobs } => {
                write!(f, "{account} open jobs are counted, there are {jobs}")
            }
            Self::Available { account, sum } => {
                write!(f, "MXN {account} is available, balance − held + credit limit is MXN {sum}")
            }
            Self::Charges { job, status: None, times, charged, .. } => {
                write!(f, "job {job} is not there, and was charged {times} time(s), MXN {charged}")
            }
            Self::Charges { job, status: Some(status), due, times, charged } => {
                let status = status.as_str();
                write!(
                    f,
                    "job {job} is {status}: MXN {due} is due, charged were MXN {charged} by {times} entries"
                )
            }
            Self::Refunds { job, status, charged, times, refunded } => {
                let status = status.map_or("not there", Status::as_str);
                write!(
                    f,
                    "job {job} is {status} and was charged MXN {charged}, given back were MXN {refunded} by {times} refund(s)"
                )
            }
            Self::Index { job, status, indexed } => {
                let (status, index) = (status.as_str(), if *indexed { "still" } else { "not" });
                write!(f, "job {job} is {status} and {index} in the index of open jobs")
            }
            Self::OpenTooLong { job, since } => {
                let [hours, most] = [*since, LONGEST_OPEN].map(|length| length.as_secs() / 3_600);
                write!(
                    f,
                    "job {job} was accepted {hours} hours ago and is still open, every job ends within {most}"
                )
            }
        }
    }
}
