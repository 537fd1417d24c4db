//! What an audit finds wrong with one organization, as values and as sentences for the operator.
//!
//! The audit reads the account item, all ledger entries and all jobs. Then it computes the
//! account's numbers from entries and jobs, and compares. A job is *charged* by a consumption entry
//! in the ledger, and a refund entry gives that charge back.
//!
//! A read of many items is not a snapshot. A posting that commits meanwhile can make the numbers
//! differ although nothing is wrong. So the audit reads several times (`Store::audit`), and takes a
//! difference for real in two cases:
//!
//! - Two reads in a row find the same differences, and no money moved during either.
//! - No movement can explain it ([`Difference::stands_whatever_moves`]), and two reads in a row or
//!   the last read find it.

use crate::id::JobId;
use crate::job::LONGEST_OPEN;
use crate::money::Money;
use crate::status::Status;
use std::fmt;
use std::time::Duration;

/// One difference. `account` is what the account item says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The account's balance is not the sum of the ledger.
    Balance { account: Money, ledger: Money },
    /// The account counts another number of entries than the ledger has.
    Entries { account: u64, ledger: u64 },
    /// The first entry whose number is not its place, once the entries are sorted by number. An
    /// entry before it is missing, or two entries have the same number.
    Sequence {
        /// The place where it stands, from 1 on.
        place: u64,
        /// The number that the entry carries.
        sequence: u64,
    },
    /// The first entry whose `balance_after` is not the sum of all entries up to it.
    BalanceAfter {
        sequence: u64,
        /// The `balance_after` that the entry carries.
        entry: Money,
        /// The sum of the entries.
        sum: Money,
    },
    /// The account's hold is not the sum of the costs of the open jobs.
    Held {
        account: Money,
        /// The costs of the open jobs.
        jobs: Money,
    },
    /// The account counts another number of open jobs than there are.
    OpenJobs { account: i64, jobs: i64 },
    /// The account's `available`, which a submit is checked against, is not `balance − held +
    /// credit_limit`.
    Available {
        account: Money,
        /// `balance − held + credit_limit` of the same account item.
        sum: Money,
    },
    /// A job whose consumptions are wrong. A completed job has exactly one, of its cost. A job that
    /// is not completed has none, and a completed job that costs nothing has none.
    Charges {
        job: JobId,
        /// `None` when there is no such job.
        status: Option<Status>,
        /// The right charge: the cost of a completed job, else 0.
        due: Money,
        /// The number of its consumptions.
        times: u32,
        /// The sum of its consumptions.
        charged: Money,
    },
    /// A job whose refunds are wrong. Only a completed job may have a refund. It may have one, of
    /// the amount of its charge.
    Refunds {
        job: JobId,
        /// `None` when there is no such job.
        status: Option<Status>,
        /// The sum of its consumptions.
        charged: Money,
        /// The number of its refunds.
        times: u32,
        /// The sum of its refunds.
        refunded: Money,
    },
    /// An open job that is not in the index of open jobs, or a final job that is. The sweep finds
    /// jobs by that index.
    Index { job: JobId, status: Status, indexed: bool },
    /// A job that is open for longer than all deadlines together allow ([`LONGEST_OPEN`]). Whatever
    /// message or answer was lost, it should have ended.
    OpenTooLong {
        job: JobId,
        /// The time since it was accepted.
        since: Duration,
    },
}

impl Difference {
    /// Whether the difference is real even if money moved while the audit read. The audit reads the
    /// account first, then the entries, then the jobs, all consistently.
    ///
    /// - A difference within a single item is real: DynamoDB reads an item at one moment.
    /// - A difference that more entries could only make larger is real: entries never change.
    /// - Any other may be explained by an item that was written after its place was read. Then this
    ///   is `false`, and the audit reads again.
    pub const fn stands_whatever_moves(&self) -> bool {
        match *self {
            Self::Available { .. } | Self::Index { .. } | Self::OpenTooLong { .. } => true,
            // The sums stop at the first number that is missing, so every entry up to it was read.
            Self::BalanceAfter { .. } => true,
            // A lower number is a double. A higher one is a gap, and its entry may come into sight
            // yet.
            Self::Sequence { place, sequence } => sequence < place,
            // A query may show the consumption before it shows the completed job. Both are one
            // transaction. A second consumption is wrong in any case.
            Self::Charges { status: Some(Status::Pending | Status::Processing), times, .. } => {
                times > 1
            }
            Self::Charges { times, .. } => times > 0,
            // A refund comes after its charge, but the query may have passed the charge's place
            // before it was committed. A second refund is wrong in any case.
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
