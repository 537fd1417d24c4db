//! When a job's cost is held, and why a hold is refused.

use super::Account;
use crate::money::{Money, MoneyOverflow};
use crate::time::Timestamp;
use std::time::Duration;

/// The default limit of an organization's open jobs. It is more than a self-served fal account
/// renders at a time (40). It is few enough that one caller cannot fill the provider's queue for
/// all others.
pub const DEFAULT_OPEN_JOBS_LIMIT: u32 = 50;

/// The default limit of a sandbox's open jobs. They cost the caller nothing, so a loop that never
/// stops costs only us.
pub const SANDBOX_OPEN_JOBS_LIMIT: u32 = 20;

/// The default limit of a sandbox's jobs per day (UTC). A job costs the operator some USD 0.00002:
/// 500 are a cent, and more than a test suite needs. Without a limit, a free key could cost USD 40
/// to 90 a day.
pub const SANDBOX_JOBS_PER_DAY: u32 = 500;

/// Why a job's cost cannot be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldRefused {
    /// The operator suspended the organization.
    Suspended,
    /// `available` is 0 or less.
    InsufficientBalance {
        balance: Money,
        held: Money,
        /// The least amount that makes the next submit possible.
        missing: Money,
    },
    /// The limit of open jobs is reached.
    TooManyOpenJobs { limit: u32 },
    /// The limit of today's jobs is reached.
    TooManyJobsToday {
        limit: u32,
        /// The time until the next day (UTC) begins.
        resets_in: Duration,
    },
}

impl Account {
    /// The limit of jobs per day (UTC), or `None`. Only a sandbox has a limit: a live job is paid
    /// for.
    pub fn daily_limit(&self) -> Option<u32> {
        self.org.is_sandbox().then(|| self.jobs_per_day.unwrap_or(SANDBOX_JOBS_PER_DAY))
    }

    /// The counted jobs of this day.
    pub fn jobs_of(&self, day: i64) -> u32 {
        self.daily.filter(|daily| daily.day >= day).map_or(0, |daily| daily.jobs)
    }

    /// Why a hold of this cost would be refused now, or `None` if it would be taken. If there are
    /// several reasons, the order is: suspended, balance, open jobs, jobs of the day. A hold of 0
    /// needs no balance.
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
}
