//! The hold of a new job. One update of the account item reserves the job's cost, takes a place
//! among the open jobs, and counts a sandbox's job for its day.

use super::Store;
use super::account::{SUMS, micros, number};
use crate::account::{Account, Change, SANDBOX_JOBS_PER_DAY};
use crate::error::BoxError;
use crate::job::Job;
use crate::money::Money;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

/// The condition of a hold that costs something.
const HAS_ROOM: &str = "available > :zero AND open_jobs < open_jobs_limit AND suspended = :no";

/// The condition of a hold that costs nothing: it needs no balance.
const HAS_A_PLACE: &str = "open_jobs < open_jobs_limit AND suspended = :no";

/// The account counts today's jobs, and there is room for one more. If the operator set no limit,
/// the default applies. Another process may have begun the next day already: its clock is ahead, or
/// this job waited over midnight. Then the job counts for that day.
const DAY_HAS_ROOM: &str = "#day >= :today AND (day_jobs < jobs_per_day OR (attribute_not_exists(jobs_per_day) AND day_jobs < :usual))";

/// The account counts the jobs of an earlier day, and the limit is not 0.
const NEW_DAY_HAS_ROOM: &str = "(attribute_not_exists(#day) OR #day < :today) AND \
     (attribute_not_exists(jobs_per_day) OR jobs_per_day > :zero)";

/// How a new job is counted for its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// Not counted: a live job is paid for.
    Not,
    /// Adds 1 to the day that the account counts.
    OneMore,
    /// Begins the count of a new day with 1.
    First,
}

impl Counted {
    /// The first guess, without a read. The account item of a refused transaction tells whether it
    /// was right.
    pub(super) const fn at_first(job: &Job) -> Self {
        if job.org().is_sandbox() { Self::OneMore } else { Self::Not }
    }

    /// The right way to count the job on this account, if it is another one.
    pub(super) fn corrected(self, job: &Job, account: &Account) -> Option<Self> {
        let today = account.daily.is_some_and(|daily| daily.day >= job.created().day());
        let right = match self {
            Self::Not => Self::Not,
            Self::OneMore | Self::First if today => Self::OneMore,
            Self::OneMore | Self::First => Self::First,
        };
        (right != self).then_some(right)
    }
}

impl Store {
    pub(super) fn hold(&self, job: &Job, counted: Counted) -> Result<TransactWriteItem, BoxError> {
        let (is_free, today) = (job.cost() == Money::ZERO, number(job.created().day()));
        let room = if is_free { HAS_A_PLACE } else { HAS_ROOM };
        let values = [
            (":no", Some(AttributeValue::Bool(false))),
            (":zero", (!is_free || counted == Counted::First).then(|| micros(Money::ZERO))),
            (":today", (counted != Counted::Not).then_some(today)),
            (":usual", (counted == Counted::OneMore).then(|| number(SANDBOX_JOBS_PER_DAY))),
        ];
        let used = values.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let update = self.add_to_account(job.org(), Change::hold(job.cost()))?;
        let update = used
            .fold(update, |update, (name, value)| update.expression_attribute_values(name, value));
        let (expression, condition) = match counted {
            Counted::Not => (format!("ADD {SUMS}"), room.to_owned()),
            Counted::OneMore => {
                (format!("ADD {SUMS}, day_jobs :one"), format!("{room} AND {DAY_HAS_ROOM}"))
            }
            Counted::First => (
                format!("SET #day = :today, day_jobs = :one ADD {SUMS}"),
                format!("{room} AND {NEW_DAY_HAS_ROOM}"),
            ),
        };
        let update = match counted {
            Counted::Not => update,
            Counted::OneMore | Counted::First => update.expression_attribute_names("#day", "day"),
        };
        let update = update.update_expression(expression).condition_expression(condition);
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }
}
