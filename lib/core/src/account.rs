//! An organization's money: what it has, what is held for open jobs, and how each event changes
//! both. Pure; the store applies a [`Change`] in the same transaction as the job or ledger entry
//! that caused it.

use crate::actor::Deed;
use crate::id::OrgId;
use crate::money::{Money, MoneyOverflow};
use crate::time::Timestamp;
use std::time::Duration;

/// How many jobs an organization may have open at once unless the operator sets another number:
/// more than a self-served fal account renders at a time (40), few enough that one caller cannot
/// fill the provider's queue for all others.
pub const DEFAULT_OPEN_JOBS_LIMIT: u32 = 50;

/// The same for a sandbox: its jobs cost nothing, so that a loop that forgot to stop costs only us.
pub const SANDBOX_OPEN_JOBS_LIMIT: u32 = 20;

/// How many jobs a sandbox may submit in a day (UTC) unless the operator sets another number. Its
/// jobs cost the operator some USD 0.00002 each: 500 are a cent, and more than a test suite needs.
/// Without a limit a free key was a bill of USD 40 to 90 a day.
pub const SANDBOX_JOBS_PER_DAY: u32 = 500;

/// An organization's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The owner.
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
    /// The most of them at once.
    pub open_jobs_limit: u32,
    /// The most jobs of a day, as the operator set it.
    pub jobs_per_day: Option<u32>,
    /// The jobs of the last day that had any. Only a sandbox's are counted.
    pub daily: Option<Daily>,
    /// Set by the operator: nothing is served.
    pub suspended: bool,
    /// Counts the writes, so that an audit can tell whether the account moved while it looked.
    pub revision: u64,
    /// What the operator wrote down beside the money.
    pub about: About,
}

/// What the operator wrote down of an organization, and who decided what. All of it may be missing:
/// accounts are older than this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// What the operator calls it.
    pub name: Option<String>,
    /// Whom to write to.
    pub contact: Option<String>,
    /// Who made the account.
    pub created_by: Option<Deed>,
    /// Who set name and contact last.
    pub described_by: Option<Deed>,
    /// Who suspended it, or served it again, last.
    pub suspended_by: Option<Deed>,
    /// Who set the limit of open jobs last.
    pub open_jobs_limit_by: Option<Deed>,
    /// Who set the number of jobs per day last.
    pub jobs_per_day_by: Option<Deed>,
    /// Who set the credit limit last.
    pub credit_limit_by: Option<Deed>,
}

impl About {
    /// Nothing is known.
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
    /// So many.
    pub jobs: u32,
}

/// What one event does to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Added to the balance; the ledger entry of the same transaction carries the same amount.
    pub balance: Money,
    /// How many entries the same transaction adds to the ledger: one, or none where the balance
    /// stays as it is.
    pub entries: u64,
    /// Added to what is held.
    pub held: Money,
    /// Added to the number of open jobs.
    pub open_jobs: i32,
}

/// Why a job's cost cannot be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldRefused {
    /// The operator suspended the organization.
    Suspended,
    /// Nothing is available.
    InsufficientBalance {
        /// The ledger's sum.
        balance: Money,
        /// What open jobs will cost.
        held: Money,
        /// The least that makes the next submit possible.
        missing: Money,
    },
    /// As many jobs are open as may be.
    TooManyOpenJobs {
        /// That many.
        limit: u32,
    },
    /// As many jobs were submitted today as may be.
    TooManyJobsToday {
        /// That many.
        limit: u32,
        /// When the next day begins.
        resets_in: Duration,
    },
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

    /// `balance − held + credit_limit`: a job is accepted only while this is above 0.
    pub fn available(&self) -> Result<Money, MoneyOverflow> {
        self.balance.minus(self.held)?.plus(self.credit_limit)
    }

    /// How many jobs may be submitted in a day; `None` without a limit. Only a sandbox has one: a
    /// live job is paid for.
    pub fn daily_limit(&self) -> Option<u32> {
        self.org.is_sandbox().then(|| self.jobs_per_day.unwrap_or(SANDBOX_JOBS_PER_DAY))
    }

    /// How many jobs were submitted on this day, as far as they are counted.
    pub fn jobs_of(&self, day: i64) -> u32 {
        self.daily.filter(|daily| daily.day >= day).map_or(0, |daily| daily.jobs)
    }

    /// Why a hold of this cost would be refused now, in the order in which a caller is told; `None`
    /// when it would be taken. What costs nothing needs no balance.
    pub fn hold_refusal(
        &self,
        cost: Money,
        now: Timestamp,
    ) -> Result<Option<HoldRefused>, MoneyOverflow> {
        let available = self.available()?;
        Ok(if self.suspended {
            Some(HoldRefused::Suspended)
        } else if available <= Money::ZERO && cost != Money::ZERO {
            let missing = Money::from_micros(1).minus(available)?;
            Some(HoldRefused::InsufficientBalance {
                balance: self.balance,
                held: self.held,
                missing,
            })
        } else if self.open_jobs >= self.open_jobs_limit {
            Some(HoldRefused::TooManyOpenJobs { limit: self.open_jobs_limit })
        } else {
            let reached = self.daily_limit().filter(|limit| self.jobs_of(now.day()) >= *limit);
            reached.map(|limit| HoldRefused::TooManyJobsToday {
                limit,
                resets_in: now.until_tomorrow(),
            })
        })
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

impl Change {
    /// A job of this cost was accepted: the cost is held.
    pub const fn hold(cost: Money) -> Self {
        Self { balance: Money::ZERO, entries: 0, held: cost, open_jobs: 1 }
    }

    /// It completed: the hold becomes a charge. What cost nothing is no entry.
    pub fn settle(cost: Money) -> Result<Self, MoneyOverflow> {
        let back = cost.negated()?;
        Ok(Self {
            balance: back,
            entries: u64::from(cost != Money::ZERO),
            held: back,
            open_jobs: -1,
        })
    }

    /// It failed: the hold goes, nothing is charged.
    pub fn release(cost: Money) -> Result<Self, MoneyOverflow> {
        Ok(Self { balance: Money::ZERO, entries: 0, held: cost.negated()?, open_jobs: -1 })
    }

    /// Money came in or was corrected.
    pub const fn posting(amount: Money) -> Self {
        Self { balance: amount, entries: 1, held: Money::ZERO, open_jobs: 0 }
    }

    /// What is added to `available`.
    pub fn available(&self) -> Result<Money, MoneyOverflow> {
        self.balance.minus(self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    /// An hour past midnight, and the midnight after it.
    const NOW: Timestamp = Timestamp::from_unix_s(7 * 86_400 + 3_600);
    const TOMORROW: Timestamp = Timestamp::from_unix_s(8 * 86_400);

    fn mxn(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn account(balance: &str) -> Account {
        Account { balance: mxn(balance), ..Account::new(OrgId::from_uuid(Uuid::nil())) }
    }

    #[test]
    fn hold_then_settle_charges_once() {
        let held = account("50").after(Change::hold(mxn("4.20"))).unwrap();
        assert_eq!((held.balance, held.held, held.open_jobs), (mxn("50"), mxn("4.20"), 1));
        assert_eq!(held.available().unwrap(), mxn("45.80"));
        let settled = held.after(Change::settle(mxn("4.20")).unwrap()).unwrap();
        assert_eq!(
            (settled.balance, settled.held, settled.open_jobs),
            (mxn("45.80"), Money::ZERO, 0)
        );
        assert_eq!((held.entries, settled.entries), (0, 1), "a hold is no entry, a charge is one");
        assert_eq!(
            settled.available().unwrap(),
            mxn("45.80"),
            "settling a held cost leaves what is available as it was"
        );
    }

    #[test]
    fn hold_then_release_charges_nothing() {
        let held = account("50").after(Change::hold(mxn("4.20"))).unwrap();
        let released = held.after(Change::release(mxn("4.20")).unwrap()).unwrap();
        assert_eq!(released, Account { revision: 2, ..account("50") });
    }

    #[test]
    fn what_cost_nothing_is_no_entry() {
        let free = account("50").after(Change::hold(Money::ZERO)).unwrap();
        let settled = free.after(Change::settle(Money::ZERO).unwrap()).unwrap();
        assert_eq!(settled, Account { revision: 2, ..account("50") });
    }

    #[test]
    fn a_change_moves_available_by_what_it_says() {
        let before = account("7").after(Change::hold(mxn("1"))).unwrap();
        for change in [
            Change::hold(mxn("4.20")),
            Change::settle(mxn("1")).unwrap(),
            Change::release(mxn("1")).unwrap(),
            Change::posting(mxn("-3")),
        ] {
            let after = before.after(change).unwrap();
            let moved = after.available().unwrap().minus(before.available().unwrap()).unwrap();
            assert_eq!(moved, change.available().unwrap(), "{change:?}");
        }
    }

    #[test]
    fn a_hold_is_refused_at_zero_and_below_and_not_above() {
        assert_eq!(
            account("0.000001").hold_refusal(mxn("4.20"), NOW),
            Ok(None),
            "one job may take the balance below 0"
        );
        for (balance, missing) in [("0", "0.000001"), ("-4.20", "4.200001")] {
            let refused = HoldRefused::InsufficientBalance {
                balance: mxn(balance),
                held: Money::ZERO,
                missing: mxn(missing),
            };
            assert_eq!(account(balance).hold_refusal(mxn("4.20"), NOW), Ok(Some(refused)));
        }
        assert_eq!(
            account("-4.20").hold_refusal(Money::ZERO, NOW),
            Ok(None),
            "what costs nothing needs no balance"
        );
        let on_credit = Account { credit_limit: mxn("10"), ..account("-4.20") };
        assert_eq!(on_credit.hold_refusal(mxn("4.20"), NOW), Ok(None));
    }

    #[test]
    fn only_a_sandbox_has_a_limit_of_a_day_and_it_begins_anew() {
        let (limit, resets_in) = (SANDBOX_JOBS_PER_DAY, Duration::from_secs(86_400 - 3_600));
        let sandbox = Account::new(OrgId::from_uuid(Uuid::nil()).sandbox());
        let full =
            Account { daily: Some(Daily { day: NOW.day(), jobs: limit }), ..sandbox.clone() };
        assert_eq!(
            full.hold_refusal(Money::ZERO, NOW),
            Ok(Some(HoldRefused::TooManyJobsToday { limit, resets_in }))
        );
        assert_eq!(full.hold_refusal(Money::ZERO, TOMORROW), Ok(None));
        let nearly = Account { daily: Some(Daily { day: NOW.day(), jobs: limit - 1 }), ..sandbox };
        assert_eq!(nearly.hold_refusal(Money::ZERO, NOW), Ok(None));
        let closed = Account { jobs_per_day: Some(0), ..nearly };
        assert_eq!(
            closed.hold_refusal(Money::ZERO, TOMORROW),
            Ok(Some(HoldRefused::TooManyJobsToday {
                limit: 0,
                resets_in: Duration::from_secs(86_400)
            }))
        );
        let live = Account { daily: full.daily, jobs_per_day: Some(1), ..account("10") };
        assert_eq!(live.hold_refusal(mxn("4.20"), NOW), Ok(None), "a live job is paid for");
    }

    #[test]
    fn reasons_come_in_the_order_a_caller_can_act_on() {
        let full = Account { open_jobs: 50, ..account("10") };
        assert_eq!(
            full.hold_refusal(mxn("4.20"), NOW),
            Ok(Some(HoldRefused::TooManyOpenJobs { limit: 50 }))
        );
        let poor_and_full = Account { balance: Money::ZERO, ..full.clone() };
        assert!(matches!(
            poor_and_full.hold_refusal(mxn("4.20"), NOW),
            Ok(Some(HoldRefused::InsufficientBalance { .. }))
        ));
        let suspended = Account { suspended: true, ..poor_and_full };
        assert_eq!(suspended.hold_refusal(mxn("4.20"), NOW), Ok(Some(HoldRefused::Suspended)));
    }
}
