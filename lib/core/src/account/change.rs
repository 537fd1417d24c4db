//! How each event changes an account.

use crate::money::{Money, MoneyOverflow};

/// What one event adds to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Added to the balance; the ledger entry of the same transaction carries the same amount.
    pub balance: Money,
    /// The number of ledger entries in the same transaction: 1, or 0 if the balance stays as it is.
    pub entries: u64,
    /// Added to the hold.
    pub held: Money,
    /// Added to the number of open jobs.
    pub open_jobs: i32,
}

impl Change {
    /// The change of an accepted job: its cost is held.
    pub const fn hold(cost: Money) -> Self {
        Self { balance: Money::ZERO, entries: 0, held: cost, open_jobs: 1 }
    }

    /// The change of a completed job: the hold becomes a charge. A job that costs nothing makes no
    /// entry.
    pub fn settle(cost: Money) -> Result<Self, MoneyOverflow> {
        let back = cost.negated()?;
        Ok(Self {
            balance: back,
            entries: u64::from(cost != Money::ZERO),
            held: back,
            open_jobs: -1,
        })
    }

    /// The change of a failed job: the hold is released, and nothing is charged.
    pub fn release(cost: Money) -> Result<Self, MoneyOverflow> {
        Ok(Self { balance: Money::ZERO, entries: 0, held: cost.negated()?, open_jobs: -1 })
    }

    /// The change of a posting by hand: money came in, or was corrected.
    pub const fn posting(amount: Money) -> Self {
        Self { balance: amount, entries: 1, held: Money::ZERO, open_jobs: 0 }
    }

    /// The amount that the change adds to `available`.
    pub fn available(&self) -> Result<Money, MoneyOverflow> {
        self.balance.minus(self.held)
    }
}
