//! What the operator decides about an account: whether it is served, how many jobs may be open, how
//! far below 0 it may go; and what they write down of it. Beside each stands who did it last.

use super::account::{key, micros};
use super::error::{StoreError, trouble};
use super::{Store, Table, item};
use crate::account::Account;
use crate::error::BoxError;
use crate::id::OrgId;
use crate::money::Money;
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

/// What the operator writes down of an organization. An empty text takes away what stands there;
/// what is not given stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// What the operator calls it.
    pub name: Option<String>,
    /// Whom to write to.
    pub contact: Option<String>,
}

impl Store {
    /// Writes it down, and returns the account after it; `None` when there is no such account. A
    /// repeat writes the same.
    pub async fn describe(
        &self,
        org: OrgId,
        description: &Description,
    ) -> Result<Option<Account>, StoreError> {
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        let mut names = Vec::from([("#by", "described_by")]);
        let mut values = Vec::from([(":one", number(1))]);
        for (name, value, attribute, text) in [
            ("#name", ":name", "name", &description.name),
            ("#contact", ":contact", "contact", &description.contact),
        ] {
            let Some(text) = text else { continue };
            names.push((name, attribute));
            if text.is_empty() {
                remove.push(name);
            } else {
                set.push(format!("{name} = {value}"));
                values.push((value, AttributeValue::S(text.clone())));
            }
        }
        match self.deed_value()? {
            Some(deed) => {
                set.push("#by = :by".to_owned());
                values.push((":by", deed));
            }
            None => remove.push("#by"),
        }
        let part = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        let remove: Vec<_> = remove.into_iter().map(str::to_owned).collect();
        let change = format!("{}{}ADD revision :one", part("SET", &set), part("REMOVE", &remove));
        let described = self
            .retried(|| async {
                let update = self
                    .db
                    .update_item()
                    .table_name(self.table(Table::Accounts))
                    .set_key(Some(key(org)));
                let update =
                    update.update_expression(&change).condition_expression("attribute_exists(org)");
                let update = names.iter().fold(update, |update, (name, attribute)| {
                    update.expression_attribute_names(*name, *attribute)
                });
                let update = values.iter().fold(update, |update, (name, value)| {
                    update.expression_attribute_values(*name, value.clone())
                });
                match update.return_values(ReturnValue::AllNew).send().await {
                    Ok(answer) => Ok(Some(answer.attributes.unwrap_or_default())),
                    Err(error) => match error.as_service_error() {
                        Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                        _ => Err(trouble(error)),
                    },
                }
            })
            .await?;
        described.map(item::to_account).transpose().map_err(StoreError::Broken)
    }

    /// Who makes a change by hand, as an attribute.
    fn deed_value(&self) -> Result<Option<AttributeValue>, StoreError> {
        let value = self.deed().map(serde_dynamo::to_attribute_value).transpose();
        value.map_err(|error| StoreError::Broken(error.into()))
    }

    /// Sets it, and returns the account before and after; `None` when there is no such account.
    pub async fn set(
        &self,
        org: OrgId,
        setting: Setting,
    ) -> Result<Option<(Account, Account)>, StoreError> {
        let Some(before) = self.account(org).await? else { return Ok(None) };
        let mut read = before.clone();
        loop {
            let wanted = setting.applied(&read);
            if wanted == read {
                return Ok(Some((before, read)));
            }
            // Nothing is compared with `available` before it is written, so what it will be must
            // fit.
            wanted.available().map_err(|error| StoreError::Broken(error.into()))?;
            match self.set_over(&read, setting).await? {
                Ok(after) => return Ok(Some((before, after))),
                // somebody else set the same, or this is our own write whose answer was lost
                Err(Some(found)) => read = found,
                Err(None) => return Ok(None),
            }
        }
    }

    /// Sets it over what was read of it; otherwise says what stands there. `available` moves by as
    /// much as the credit limit does, in the same write, whatever jobs and payments do to it
    /// meanwhile. A change by no person takes away who made the one before.
    async fn set_over(
        &self,
        read: &Account,
        setting: Setting,
    ) -> Result<Result<Account, Option<Account>>, StoreError> {
        let change = match setting {
            Setting::CreditLimit(limit) => limit.minus(read.credit_limit),
            Setting::Suspended(_) | Setting::OpenJobsLimit(_) | Setting::JobsPerDay(_) => {
                Ok(Money::ZERO)
            }
        };
        let change = change.map_err(|error| StoreError::Broken(error.into()))?;
        let (name, by, was, will) = match setting {
            Setting::Suspended(will) => (
                "suspended",
                "suspended_by",
                AttributeValue::Bool(read.suspended),
                AttributeValue::Bool(will),
            ),
            Setting::OpenJobsLimit(will) => (
                "open_jobs_limit",
                "open_jobs_limit_by",
                number(read.open_jobs_limit),
                number(will),
            ),
            Setting::CreditLimit(will) => {
                ("credit_limit", "credit_limit_by", micros(read.credit_limit), micros(will))
            }
            Setting::JobsPerDay(will) => (
                "jobs_per_day",
                "jobs_per_day_by",
                number(read.jobs_per_day.unwrap_or(will)),
                number(will),
            ),
        };
        // An account of the version before has no number of jobs per day.
        let condition = match read.jobs_per_day {
            None if name == "jobs_per_day" => {
                "attribute_exists(org) AND (attribute_not_exists(#setting) OR #setting = :was)"
            }
            _ => "#setting = :was",
        };
        let deed = self.deed_value()?;
        let set = match &deed {
            Some(_) => "SET #setting = :will, #by = :by ADD available :change, revision :one",
            None => "SET #setting = :will REMOVE #by ADD available :change, revision :one",
        };
        let answered = self
            .retried(|| async {
                let update = self
                    .db
                    .update_item()
                    .table_name(self.table(Table::Accounts))
                    .set_key(Some(key(read.org)));
                let update = update
                    .update_expression(set)
                    .condition_expression(condition)
                    .expression_attribute_names("#setting", name)
                    .expression_attribute_names("#by", by)
                    .expression_attribute_values(":was", was.clone())
                    .expression_attribute_values(":will", will.clone())
                    .expression_attribute_values(":change", micros(change))
                    .expression_attribute_values(":one", number(1))
                    .return_values(ReturnValue::AllNew)
                    .return_values_on_condition_check_failure(
                        ReturnValuesOnConditionCheckFailure::AllOld,
                    );
                let update = deed.iter().fold(update, |update, deed| {
                    update.expression_attribute_values(":by", deed.clone())
                });
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
                let after = after.ok_or_else(|| {
                    StoreError::Broken(BoxError::from("the update came back empty"))
                })?;
                Ok(Ok(item::to_account(after).map_err(StoreError::Broken)?))
            }
            Err(found) => {
                Ok(Err(found.map(item::to_account).transpose().map_err(StoreError::Broken)?))
            }
        }
    }
}

fn number(value: u32) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
