//! Whether an account agrees with its ledger and its jobs. Pure: what was read comes in, the differences go out; `store` reads.

mod difference;

pub use difference::Difference;

use crate::id::JobId;
use crate::job::Status;
use crate::money::{Money, MoneyOverflow};
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
    /// Counts the account's writes: the same before and after a look means that no money moved during it.
    pub revision: u64,
}

/// What an entry of the ledger says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Added to the balance; a charge is below 0.
    pub amount: Money,
    /// The job, if it is a consumption.
    pub consumed: Option<JobId>,
    /// Should be its place among the ledger's entries, from 1 on.
    pub sequence: u64,
    /// Should be the sum of all entries up to it.
    pub balance_after: Money,
}

/// What ledger and jobs say: first every entry is told, in whatever order, then every job.
#[derive(Debug, Clone, Default)]
pub struct Books {
    balance: Money,
    /// All of them, 40 bytes each: what is wrong with an order shows only once it is known.
    postings: Vec<Posting>,
    held: Money,
    open_jobs: i64,
    /// Consumptions whose job has not been told yet: how many, and what they add to the balance.
    charges: BTreeMap<JobId, (u32, Money)>,
    differences: Vec<Difference>,
}

impl Books {
    /// An entry of the ledger.
    pub fn posted(&mut self, posting: Posting) -> Result<(), MoneyOverflow> {
        self.balance = self.balance.plus(posting.amount)?;
        self.postings.push(posting);
        let Some(job) = posting.consumed else { return Ok(()) };
        let (times, sum) = self.charges.entry(job).or_default();
        (*times, *sum) = (times.saturating_add(1), sum.plus(posting.amount)?);
        Ok(())
    }

    /// A job, after all entries were told.
    pub fn job(&mut self, id: JobId, status: Status, cost: Money) -> Result<(), MoneyOverflow> {
        let due = match status {
            Status::Completed => cost,
            Status::Pending | Status::Processing => {
                self.held = self.held.plus(cost)?;
                self.open_jobs += 1;
                Money::ZERO
            }
            Status::Failed => Money::ZERO,
        };
        let (times, sum) = self.charges.remove(&id).unwrap_or_default();
        let charged = sum.negated()?;
        let wanted = u32::from(status == Status::Completed && cost != Money::ZERO);
        if (times, charged) != (wanted, due) {
            self.differences.push(Difference::Charges { job: id, status: Some(status), due, times, charged });
        }
        Ok(())
    }

    /// Where the account differs, after all entries and jobs were told.
    pub fn differences(mut self, account: &Stated) -> Result<Vec<Difference>, MoneyOverflow> {
        for (job, (times, sum)) in self.charges {
            let charged = sum.negated()?;
            self.differences.push(Difference::Charges { job, status: None, due: Money::ZERO, times, charged });
        }
        let sum = account.balance.minus(account.held)?.plus(account.credit_limit)?;
        let Stated { balance, entries, held, available, open_jobs, .. } = *account;
        let counted = u64::try_from(self.postings.len()).unwrap_or(u64::MAX);
        let [sequence, balance_after] = disorder(self.postings)?;
        let of_account = [
            (balance != self.balance).then_some(Difference::Balance { account: balance, ledger: self.balance }),
            (entries != counted).then_some(Difference::Entries { account: entries, ledger: counted }),
            sequence,
            balance_after,
            (held != self.held).then_some(Difference::Held { account: held, jobs: self.held }),
            (open_jobs != self.open_jobs).then_some(Difference::OpenJobs { account: open_jobs, jobs: self.open_jobs }),
            (available != sum).then_some(Difference::Available { account: available, sum }),
        ];
        Ok(of_account.into_iter().flatten().chain(self.differences).collect())
    }
}

/// What is wrong with the entries' places, and with their balances. One that is off puts all after it off, so the first is told.
fn disorder(mut postings: Vec<Posting>) -> Result<[Option<Difference>; 2], MoneyOverflow> {
    postings.sort_by_key(|posting| posting.sequence);
    let (mut misplaced, mut unsummed, mut sum) = (None, None, Money::ZERO);
    for (place, Posting { amount, sequence, balance_after: entry, .. }) in (1..).zip(postings) {
        sum = sum.plus(amount)?;
        if sequence != place {
            misplaced = misplaced.or(Some(Difference::Sequence { place, sequence }));
        }
        if entry != sum {
            unsummed = unsummed.or(Some(Difference::BalanceAfter { sequence, entry, sum }));
        }
    }
    Ok([misplaced, unsummed])
}

#[cfg(test)]
mod tests;
