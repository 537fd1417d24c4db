//! Compares an account with its ledger and its jobs. The code is pure: the store reads, and this
//! returns the differences.

mod difference;

pub use difference::Difference;

use crate::id::JobId;
use crate::job::LONGEST_OPEN;
use crate::money::{Money, MoneyOverflow};
use crate::status::Status;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// The numbers of an account item, as they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    /// Should be the sum of the ledger.
    pub balance: Money,
    /// Should be the number of the ledger's entries.
    pub entries: u64,
    /// Should be the sum of the costs of all open jobs.
    pub held: Money,
    /// Set by the operator.
    pub credit_limit: Money,
    /// Should be `balance − held + credit_limit`.
    pub available: Money,
    /// Should be the number of open jobs.
    pub open_jobs: i64,
    /// The number of the account's writes. If it is the same before and after a read, no money
    /// moved during it.
    pub revision: u64,
}

/// A ledger entry, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Added to the balance. A charge is negative.
    pub amount: Money,
    /// What it is for.
    pub of: Of,
    /// Should be its place among the entries, from 1 on.
    pub sequence: u64,
    /// Should be the sum of all entries up to this one.
    pub balance_after: Money,
}

/// What an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The charge of this job.
    Consumption(JobId),
    /// The charge of this job, given back.
    Refund(JobId),
    Other,
}

/// A job, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub job: JobId,
    pub status: Status,
    /// Frozen when it was accepted.
    pub cost: Money,
    /// When it was accepted.
    pub created: Timestamp,
    /// Whether it is in the index of open jobs. Should be so as long as it is open.
    pub indexed: bool,
}

/// The number of a job's entries, and their sum.
type Sum = (u32, Money);

/// The sums of ledger and jobs. The caller passes every entry first, in any order, then every job.
#[derive(Debug, Clone)]
pub struct Books {
    /// When the audit began.
    now: Timestamp,
    balance: Money,
    /// All entries, 48 bytes each: their order can be checked only when all are known.
    postings: Vec<Posting>,
    held: Money,
    open_jobs: i64,
    /// Consumptions whose job was not passed yet.
    charges: BTreeMap<JobId, Sum>,
    /// Refunds whose job was not passed yet.
    refunds: BTreeMap<JobId, Sum>,
    differences: Vec<Difference>,
}

impl Books {
    /// Empty sums. `now` is when the audit began.
    pub const fn at(now: Timestamp) -> Self {
        Self {
            now,
            balance: Money::ZERO,
            postings: Vec::new(),
            held: Money::ZERO,
            open_jobs: 0,
            charges: BTreeMap::new(),
            refunds: BTreeMap::new(),
            differences: Vec::new(),
        }
    }

    /// Adds a ledger entry.
    pub fn posted(&mut self, posting: Posting) -> Result<(), MoneyOverflow> {
        self.balance = self.balance.plus(posting.amount)?;
        self.postings.push(posting);
        let (times, sum) = match posting.of {
            Of::Consumption(job) => self.charges.entry(job).or_default(),
            Of::Refund(job) => self.refunds.entry(job).or_default(),
            Of::Other => return Ok(()),
        };
        (*times, *sum) = (times.saturating_add(1), sum.plus(posting.amount)?);
        Ok(())
    }

    /// Adds a job, after all entries.
    pub fn job(&mut self, standing: Standing) -> Result<(), MoneyOverflow> {
        let Standing { job, status, cost, created, indexed } = standing;
        let is_open = status.is_open();
        if is_open {
            self.held = self.held.plus(cost)?;
            self.open_jobs += 1;
        }
        let due = if status == Status::Completed { cost } else { Money::ZERO };
        let (times, sum) = self.charges.remove(&job).unwrap_or_default();
        let charged = sum.negated()?;
        if (times, charged) != (u32::from(due != Money::ZERO), due) {
            self.differences.push(Difference::Charges {
                job,
                status: Some(status),
                due,
                times,
                charged,
            });
        }
        if let Some((times, refunded)) = self.refunds.remove(&job)
            && (status, times, refunded) != (Status::Completed, 1, charged)
        {
            self.differences.push(Difference::Refunds {
                job,
                status: Some(status),
                charged,
                times,
                refunded,
            });
        }
        if indexed != is_open {
            self.differences.push(Difference::Index { job, status, indexed });
        }
        if is_open && self.now > created.after(LONGEST_OPEN) {
            self.differences.push(Difference::OpenTooLong { job, since: self.now.since(created) });
        }
        Ok(())
    }

    /// The differences, after all entries and jobs.
    pub fn differences(mut self, account: &Stated) -> Result<Vec<Difference>, MoneyOverflow> {
        for (job, (times, sum)) in &self.charges {
            let (job, times, charged) = (*job, *times, sum.negated()?);
            self.differences.push(Difference::Charges {
                job,
                status: None,
                due: Money::ZERO,
                times,
                charged,
            });
        }
        for (job, (times, refunded)) in self.refunds {
            let charged =
                self.charges.get(&job).map_or(Ok(Money::ZERO), |(_, sum)| sum.negated())?;
            self.differences.push(Difference::Refunds {
                job,
                status: None,
                charged,
                times,
                refunded,
            });
        }
        let sum = account.balance.minus(account.held)?.plus(account.credit_limit)?;
        let Stated { balance, entries, held, available, open_jobs, .. } = *account;
        let counted = u64::try_from(self.postings.len()).unwrap_or(u64::MAX);
        let [sequence, balance_after] = disorder(self.postings)?;
        let of_account = [
            (balance != self.balance)
                .then_some(Difference::Balance { account: balance, ledger: self.balance }),
            (entries != counted)
                .then_some(Difference::Entries { account: entries, ledger: counted }),
            sequence,
            balance_after,
            (held != self.held).then_some(Difference::Held { account: held, jobs: self.held }),
            (open_jobs != self.open_jobs)
                .then_some(Difference::OpenJobs { account: open_jobs, jobs: self.open_jobs }),
            (available != sum).then_some(Difference::Available { account: available, sum }),
        ];
        Ok(of_account.into_iter().flatten().chain(self.differences).collect())
    }
}

/// The first entry with a wrong number, and the first with a wrong `balance_after`. One wrong entry
/// makes all later ones wrong, so only the first is reported. The sums stop at the first wrong
/// number.
fn disorder(mut postings: Vec<Posting>) -> Result<[Option<Difference>; 2], MoneyOverflow> {
    postings.sort_by_key(|posting| posting.sequence);
    let (mut unsummed, mut sum) = (None, Money::ZERO);
    for (place, Posting { amount, sequence, balance_after: entry, .. }) in (1..).zip(postings) {
        if sequence != place {
            return Ok([Some(Difference::Sequence { place, sequence }), unsummed]);
        }
        sum = sum.plus(amount)?;
        if entry != sum {
            unsummed = unsummed.or(Some(Difference::BalanceAfter { sequence, entry, sum }));
        }
    }
    Ok([None, unsummed])
}

#[cfg(test)]
mod tests;
