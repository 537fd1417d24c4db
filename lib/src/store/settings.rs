//! What the operator decides about an account: whether it is served, how many jobs may be open, how far below 0 it may go.

use super::account::{key, micros};
use super::error::{StoreError, trouble};
use super::{Store, Table, item};
use crate::account::Account;
use crate::id::OrgId;
use crate::money::Money;
use crate::outbound::BoxError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

/// A decision. Setting what is set already changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Whether the organization is refused everything, from the next request on.
    Suspended(bool),
    /// How many jobs may be open at once; those that are open stay.
    OpenJobsLimit(u32),
    /// How far below 0 the balance may go.
    CreditLimit(Money),
    /// How many jobs a sandbox may submit in a day (UTC).
    JobsPerDay(u32),
}

impl Setting {
    /// The account with this decision.
    pub fn applied(self, account: &Account) -> Account {
        let account = account.clone();
        match self {
            Self::Suspended(suspended) => Account { suspended, ..account },
            Self::OpenJobsLimit(open_jobs_limit) => Account { open_jobs_limit, ..account },
            Self::CreditLimit(credit_limit) => Account { credit_limit, ..account },
            Self::JobsPerDay(jobs) => Account { jobs_per_day: Some(jobs), ..account },
        }
    }
}

impl Store {
    /// Sets it, and returns the account before and after; `None` when there is no such account.
    pub async fn set(&self, org: OrgId, setting: Setting) -> Result<Option<(Account, Account)>, StoreError> {
        let Some(before) = self.account(org).await? else { return Ok(None) };
        let mut read = before.clone();
        loop {
            let wanted = setting.applied(&read);
            if wanted == read {
                return Ok(Some((before, read)));
            }
            // Nothing is compared with `available` before it is written, so what it will be must fit.
            wanted.available().map_err(|error| StoreError::Broken(error.into()))?;
            match self.set_over(&read, setting).await? {
                Ok(after) => return Ok(Some((before, after))),
                Err(Some(found)) => read = found, // somebody else set the same, or this is our own write whose answer was lost
                Err(None) => return Ok(None),
            }
        }
    }

    /// Sets it over what was read of it; otherwise says what stands there. `available` moves by as much as the credit limit does, in the
    /// same write, whatever jobs and payments do to it meanwhile.
    async fn set_over(&self, read: &Account, setting: Setting) -> Result<Result<Account, Option<Account>>, StoreError> {
        let change = match setting {
            Setting::CreditLimit(limit) => limit.minus(read.credit_limit),
            Setting::Suspended(_) | Setting::OpenJobsLimit(_) | Setting::JobsPerDay(_) => Ok(Money::ZERO),
        };
        let change = change.map_err(|error| StoreError::Broken(error.into()))?;
        let (name, was, will) = match setting {
            Setting::Suspended(will) => ("suspended", AttributeValue::Bool(read.suspended), AttributeValue::Bool(will)),
            Setting::OpenJobsLimit(will) => ("open_jobs_limit", number(read.open_jobs_limit), number(will)),
            Setting::CreditLimit(will) => ("credit_limit", micros(read.credit_limit), micros(will)),
            Setting::JobsPerDay(will) => ("jobs_per_day", number(read.jobs_per_day.unwrap_or(will)), number(will)),
        };
        // An account of the version before has no number of jobs per day.
        let condition = match read.jobs_per_day {
            None if name == "jobs_per_day" => {
                "attribute_exists(org) AND (attribute_not_exists(#setting) OR #setting = :was)"
            }
            _ => "#setting = :was",
        };
        let answered = self
            .retried(|| async {
                let update = self.db.update_item().table_name(self.table(Table::Accounts)).set_key(Some(key(read.org)));
                let update = update
                    .update_expression("SET #setting = :will ADD available :change, revision :one")
                    .condition_expression(condition)
                    .expression_attribute_names("#setting", name)
                    .expression_attribute_values(":was", was.clone())
                    .expression_attribute_values(":will", will.clone())
                    .expression_attribute_values(":change", micros(change))
                    .expression_attribute_values(":one", number(1))
                    .return_values(ReturnValue::AllNew)
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
                match update.send().await {
                    Ok(answer) => Ok(Ok(answer.attributes)),
                    Err(error) => match error.as_service_error() {
                        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                            Ok(Err(failed.item().cloned()))
                        }
                        _ => Err(trouble(error)),
                    },
                }
            })
            .await?;
        match answered {
            Ok(after) => {
                let after = after.ok_or_else(|| StoreError::Broken(BoxError::from("the update came back empty")))?;
                Ok(Ok(item::to_account(after).map_err(StoreError::Broken)?))
            }
            Err(found) => Ok(Err(found.map(item::to_account).transpose().map_err(StoreError::Broken)?)),
        }
    }
}

fn number(value: u32) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
