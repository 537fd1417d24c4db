//! An organization's money: what it has, what is held for open jobs, and how each event changes both. Pure; the store applies
//! a [`Change`] in the same transaction as the job or ledger entry that caused it.

use crate::id::OrgId;
use crate::money::{Money, MoneyOverflow};

/// How many jobs an organization may have open at once unless the operator sets another number: more than a self-served fal
/// account renders at a time (40), few enough that one caller cannot fill the provider's queue for all others.
pub const DEFAULT_OPEN_JOBS_LIMIT: u32 = 50;

/// The same for a sandbox: its jobs cost nothing, so that a loop that forgot to stop costs only us.
pub const SANDBOX_OPEN_JOBS_LIMIT: u32 = 20;

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
    /// Set by the operator: nothing is served.
    pub suspended: bool,
    /// Counts the writes, so that an audit can tell whether the account moved while it looked.
    pub revision: u64,
}

/// What one event does to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Added to the balance; the ledger entry of the same transaction carries the same amount.
    pub balance: Money,
    /// How many entries the same transaction adds to the ledger: one, or none where the balance stays as it is.
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
            open_jobs_limit: if org.is_sandbox() { SANDBOX_OPEN_JOBS_LIMIT } else { DEFAULT_OPEN_JOBS_LIMIT },
            suspended: false,
            revision: 0,
        }
    }

    /// `balance − held + credit_limit`: a job is accepted only while this is above 0.
    pub fn available(&self) -> Result<Money, MoneyOverflow> {
        self.balance.minus(self.held)?.plus(self.credit_limit)
    }

    /// Why a hold of this cost would be refused now, in the order in which a caller is told; `None` when it would be taken. What costs
    /// nothing needs no balance.
    pub fn hold_refusal(&self, cost: Money) -> Result<Option<HoldRefused>, MoneyOverflow> {
        let available = self.available()?;
        Ok(if self.suspended {
            Some(HoldRefused::Suspended)
        } else if available <= Money::ZERO && cost != Money::ZERO {
            let missing = Money::from_micros(1).minus(available)?;
            Some(HoldRefused::InsufficientBalance { balance: self.balance, held: self.held, missing })
        } else if self.open_jobs >= self.open_jobs_limit {
            Some(HoldRefused::TooManyOpenJobs { limit: self.open_jobs_limit })
        } else {
            None
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
        Ok(Self { balance: back, entries: u64::from(cost != Money::ZERO), held: back, open_jobs: -1 })
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
        assert_eq!((settled.balance, settled.held, settled.open_jobs), (mxn("45.80"), Money::ZERO, 0));
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
        assert_eq!(account("0.000001").hold_refusal(mxn("4.20")), Ok(None), "one job may take the balance below 0");
        for (balance, missing) in [("0", "0.000001"), ("-4.20", "4.200001")] {
            let refused =
                HoldRefused::InsufficientBalance { balance: mxn(balance), held: Money::ZERO, missing: mxn(missing) };
            assert_eq!(account(balance).hold_refusal(mxn("4.20")), Ok(Some(refused)));
        }
        assert_eq!(account("-4.20").hold_refusal(Money::ZERO), Ok(None), "what costs nothing needs no balance");
        let on_credit = Account { credit_limit: mxn("10"), ..account("-4.20") };
        assert_eq!(on_credit.hold_refusal(mxn("4.20")), Ok(None));
    }

    #[test]
    fn reasons_come_in_the_order_a_caller_can_act_on() {
        let full = Account { open_jobs: 50, ..account("10") };
        assert_eq!(full.hold_refusal(mxn("4.20")), Ok(Some(HoldRefused::TooManyOpenJobs { limit: 50 })));
        let poor_and_full = Account { balance: Money::ZERO, ..full.clone() };
        assert!(matches!(poor_and_full.hold_refusal(mxn("4.20")), Ok(Some(HoldRefused::InsufficientBalance { .. }))));
        let suspended = Account { suspended: true, ..poor_and_full };
        assert_eq!(suspended.hold_refusal(mxn("4.20")), Ok(Some(HoldRefused::Suspended)));
    }
}
