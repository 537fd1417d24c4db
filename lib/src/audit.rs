//! Whether an account agrees with its ledger and its jobs. Pure: what was read comes in, the differences go out; `store` reads.

use crate::id::JobId;
use crate::job::Status;
use crate::money::{Money, MoneyOverflow};
use std::collections::BTreeMap;
use std::fmt;

/// What an account says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    /// Should be the sum of the ledger.
    pub balance: Money,
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

/// What ledger and jobs say: first every entry is told, then every job.
#[derive(Debug, Clone, Default)]
pub struct Books {
    balance: Money,
    held: Money,
    open_jobs: i64,
    /// Consumptions whose job has not been told yet: how many, and what they add to the balance.
    charges: BTreeMap<JobId, (u32, Money)>,
    differences: Vec<Difference>,
}

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
    /// A completed job without exactly one consumption of its cost, or another with any.
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

impl Books {
    /// An entry of the ledger that is no consumption.
    pub fn posted(&mut self, amount: Money) -> Result<(), MoneyOverflow> {
        self.balance = self.balance.plus(amount)?;
        Ok(())
    }

    /// A consumption of this job; a charge is below 0.
    pub fn consumed(&mut self, job: JobId, amount: Money) -> Result<(), MoneyOverflow> {
        self.posted(amount)?;
        let (times, sum) = self.charges.entry(job).or_default();
        (*times, *sum) = (times.saturating_add(1), sum.plus(amount)?);
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
        let wanted = u32::from(status == Status::Completed);
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
        let Stated { balance, held, available, open_jobs, .. } = *account;
        let of_account = [
            (balance != self.balance).then_some(Difference::Balance { account: balance, ledger: self.balance }),
            (held != self.held).then_some(Difference::Held { account: held, jobs: self.held }),
            (open_jobs != self.open_jobs).then_some(Difference::OpenJobs { account: open_jobs, jobs: self.open_jobs }),
            (available != sum).then_some(Difference::Available { account: available, sum }),
        ];
        Ok(of_account.into_iter().flatten().chain(self.differences).collect())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balance { account, ledger } => {
                write!(f, "the balance is MXN {account}, the ledger's sum MXN {ledger}")
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

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn mxn(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn id(number: u128) -> JobId {
        JobId::from_uuid(Uuid::from_u128(number))
    }

    const COMPLETED: u128 = 1;
    const FAILED: u128 = 2;
    const OPEN: u128 = 3;

    /// MXN 50 paid in; one job charged, one failed, one open, MXN 4.20 each.
    fn sound() -> (Stated, Books) {
        let account = Stated {
            balance: mxn("45.80"),
            held: mxn("4.20"),
            credit_limit: mxn("10"),
            available: mxn("51.60"),
            open_jobs: 1,
            revision: 5,
        };
        let mut books = Books::default();
        books.posted(mxn("50")).unwrap();
        books.consumed(id(COMPLETED), mxn("-4.20")).unwrap();
        (account, books)
    }

    fn differences(account: &Stated, mut books: Books) -> Vec<Difference> {
        for (job, status) in [(COMPLETED, Status::Completed), (FAILED, Status::Failed), (OPEN, Status::Processing)] {
            books.job(id(job), status, mxn("4.20")).unwrap();
        }
        books.differences(account).unwrap()
    }

    #[test]
    fn what_agrees_has_no_difference() {
        let (account, books) = sound();
        assert_eq!(differences(&account, books), []);
    }

    #[test]
    fn each_number_of_the_account_is_checked_to_the_millionth() {
        let (sound, books) = sound();
        let said = |account: Stated| {
            let found = differences(&account, books.clone());
            found.iter().map(Difference::to_string).collect::<Vec<_>>()
        };
        let off = Stated { balance: mxn("45.800001"), available: mxn("51.600001"), ..sound };
        assert_eq!(said(off), ["the balance is MXN 45.800001, the ledger's sum MXN 45.80"]);
        let off = Stated { held: mxn("4.199999"), available: mxn("51.600001"), ..sound };
        assert_eq!(said(off), ["MXN 4.199999 is held, the open jobs cost MXN 4.20"]);
        assert_eq!(said(Stated { open_jobs: 0, ..sound }), ["0 open jobs are counted, there are 1"]);
        let off = Stated { available: mxn("51.599999"), ..sound };
        assert_eq!(said(off), ["MXN 51.599999 is available, balance − held + credit limit is MXN 51.60"]);
    }

    #[test]
    fn each_job_is_charged_as_its_end_wants() {
        let (account, books) = sound();
        // What the account says follows the ledger, so that only the charges differ.
        let with = |job: u128, amount: &str| {
            let (mut account, mut books) = (account, books.clone());
            books.consumed(id(job), mxn(amount)).unwrap();
            account.balance = account.balance.plus(mxn(amount)).unwrap();
            account.available = account.available.plus(mxn(amount)).unwrap();
            differences(&account, books)
        };
        let charges = |job, status, due: &str, times, charged: &str| {
            vec![Difference::Charges { job: id(job), status, due: mxn(due), times, charged: mxn(charged) }]
        };
        let completed = Some(Status::Completed);
        assert_eq!(with(COMPLETED, "-4.20"), charges(COMPLETED, completed, "4.20", 2, "8.40"), "doubled");
        assert_eq!(with(COMPLETED, "0"), charges(COMPLETED, completed, "4.20", 2, "4.20"), "in two parts");
        assert_eq!(with(FAILED, "-4.20"), charges(FAILED, Some(Status::Failed), "0", 1, "4.20"));
        assert_eq!(with(OPEN, "-0.000001"), charges(OPEN, Some(Status::Processing), "0", 1, "0.000001"));
        assert_eq!(with(9, "-1"), charges(9, None, "0", 1, "1"), "a job that is not there");

        let mut bare = Books::default();
        bare.posted(mxn("45.80")).unwrap();
        assert_eq!(differences(&account, bare.clone()), charges(COMPLETED, completed, "4.20", 0, "0"), "missing");
        bare.consumed(id(COMPLETED), mxn("-4.199999")).unwrap();
        bare.posted(mxn("4.199999")).unwrap();
        assert_eq!(differences(&account, bare), charges(COMPLETED, completed, "4.20", 1, "4.199999"), "another amount");
    }

    #[test]
    fn sums_that_fit_nowhere_are_an_error() {
        let mut books = Books::default();
        books.posted(Money::from_micros(i64::MAX)).unwrap();
        assert_eq!(books.posted(Money::from_micros(1)), Err(MoneyOverflow));
    }
}
