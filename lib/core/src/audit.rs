//! Whether an account agrees with its ledger and its jobs. Pure: what was read comes in, the
//! differences go out; `store` reads.

mod difference;

pub use difference::Difference;

use crate::id::JobId;
use crate::job::LONGEST_OPEN;
use crate::money::{Money, MoneyOverflow};
use crate::status::Status;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// What an account says of itself.
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
    /// Counts the account's writes: the same before and after a look means that no money moved
    /// during it.
    pub revision: u64,
}

/// What an entry of the ledger says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Added to the balance; a charge is below 0.
    pub amount: Money,
    /// What it is for.
    pub of: Of,
    /// Should be its place among the ledger's entries, from 1 on.
    pub sequence: u64,
    /// Should be the sum of all entries up to it.
    pub balance_after: Money,
}

/// What an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A job that completed.
    Consumption(JobId),
    /// A consumption of this job, which is given back.
    Refund(JobId),
    /// No job.
    Other,
}

/// What a job says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub job: JobId,
    /// Where it stands.
    pub status: Status,
    /// Frozen when it was accepted.
    pub cost: Money,
    /// When it was accepted.
    pub created: Timestamp,
    /// Whether it is in the index of open jobs; it should be as long as it is open.
    pub indexed: bool,
}

/// How many entries of a job there are, and what they add to the balance.
type Sum = (u32, Money);

/// What ledger and jobs say: first every entry is told, in whatever order, then every job.
#[derive(Debug, Clone)]
pub struct Books {
    /// When the audit began.
    now: Timestamp,
    balance: Money,
    /// All of them, 48 bytes each: what is wrong with an order shows only once it is known.
    postings: Vec<Posting>,
    held: Money,
    open_jobs: i64,
    /// Consumptions whose job has not been told yet.
    charges: BTreeMap<JobId, Sum>,
    /// Refunds whose job has not been told yet.
    refunds: BTreeMap<JobId, Sum>,
    differences: Vec<Difference>,
}

impl Books {
    /// Empty ones, at this moment.
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

    /// An entry of the ledger.
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

    /// A job, after all entries were told.
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

    /// Where the account differs, after all entries and jobs were told.
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

/// What is wrong with the entries' places, and with their balances. One that is off puts all after
/// it off, so the first is told; the sums are of entries that are all in their places.
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
