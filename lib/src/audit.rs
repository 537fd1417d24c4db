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
            entries: 2,
            held: mxn("4.20"),
            credit_limit: mxn("10"),
            available: mxn("51.60"),
            open_jobs: 1,
            revision: 5,
        };
        let mut books = Books::default();
        post(&mut books, "50", None);
        post(&mut books, "-4.20", Some(COMPLETED));
        (account, books)
    }

    /// Posts after what is there.
    fn post(books: &mut Books, amount: &str, job: Option<u128>) {
        let (amount, sequence) = (mxn(amount), u64::try_from(books.postings.len()).unwrap() + 1);
        let balance_after = books.balance.plus(amount).unwrap();
        books.posted(Posting { amount, consumed: job.map(id), sequence, balance_after }).unwrap();
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
            post(&mut books, amount, Some(job));
            account.entries += 1;
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
        post(&mut bare, "45.80", None);
        let counting = |entries| Stated { entries, ..account };
        assert_eq!(differences(&counting(1), bare.clone()), charges(COMPLETED, completed, "4.20", 0, "0"), "missing");
        post(&mut bare, "-4.199999", Some(COMPLETED));
        post(&mut bare, "4.199999", None);
        let other = charges(COMPLETED, completed, "4.20", 1, "4.199999");
        assert_eq!(differences(&counting(3), bare), other, "another amount");
    }

    #[test]
    fn a_completed_job_that_cost_nothing_is_due_no_consumption() {
        let books = |consumed: bool| {
            let mut books = Books::default();
            if consumed {
                post(&mut books, "0", Some(COMPLETED));
            }
            books.job(id(COMPLETED), Status::Completed, Money::ZERO).unwrap();
            books
        };
        let account = |entries| Stated {
            entries,
            balance: mxn("0"),
            held: mxn("0"),
            available: mxn("10"),
            open_jobs: 0,
            ..sound().0
        };
        assert_eq!(books(false).differences(&account(0)).unwrap(), []);
        assert_eq!(books(true).differences(&account(1)).unwrap().len(), 1);
    }

    #[test]
    fn every_entry_is_in_its_place_and_carries_the_sum_up_to_it() {
        let (account, _) = sound();
        // Told in no order that means anything: place, amount, balance after.
        let found = |entries: &[(u64, &str, &str)]| {
            let mut books = Books::default();
            for (sequence, amount, balance_after) in entries.iter().rev() {
                let consumed = amount.starts_with('-').then(|| id(COMPLETED));
                let (amount, balance_after) = (mxn(amount), mxn(balance_after));
                books.posted(Posting { amount, consumed, sequence: *sequence, balance_after }).unwrap();
            }
            let found = differences(&account, books);
            found.iter().map(Difference::to_string).collect::<Vec<_>>()
        };
        assert_eq!(found(&[(1, "50", "50"), (2, "-4.20", "45.80")]), [""; 0]);
        let misplaced =
            |place, sequence| format!("the entry in place {place} of the ledger says that it is entry {sequence}");
        assert_eq!(found(&[(1, "50", "50"), (3, "-4.20", "45.80")]), [misplaced(2, 3)], "a gap");
        assert_eq!(found(&[(1, "50", "50"), (1, "-4.20", "45.80")]).len(), 2, "twice the first place, in either order");
        assert_eq!(found(&[(0, "50", "50"), (1, "-4.20", "45.80")]), [misplaced(1, 0)], "no place at all");
        assert_eq!(
            found(&[(1, "50", "50"), (2, "-4.20", "45.800001")]),
            ["entry 2 of the ledger says that the balance was MXN 45.800001 then, the sum is MXN 45.80"]
        );
        assert_eq!(
            found(&[(1, "-4.20", "-4.20"), (2, "25", "20.80"), (3, "25", "45.80")]),
            ["2 entries are counted, the ledger has 3"]
        );
    }

    #[test]
    fn sums_that_fit_nowhere_are_an_error() {
        let mut books = Books::default();
        let posting = |micros| Posting {
            amount: Money::from_micros(micros),
            consumed: None,
            sequence: 1,
            balance_after: Money::ZERO,
        };
        books.posted(posting(i64::MAX)).unwrap();
        assert_eq!(books.posted(posting(1)), Err(MoneyOverflow));
    }
}
