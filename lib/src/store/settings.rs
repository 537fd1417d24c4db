//! The operator's settings of an account: suspension, limits, credit, name and contact. Beside each
//! setting stands the person who changed it last.

use super::account::{key, micros};
use super::error::{Item, StoreError, trouble};
use super::{Store, Table, item};
use crate::account::Account;
use crate::error::BoxError;
use crate::id::OrgId;
use crate::money::{Money, MoneyOverflow};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

/// One setting. A value that is set already is not written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Whether all requests of the organization are refused, from the next one on.
    Suspended(bool),
    /// How many jobs may be open at once. Jobs that are open already go on.
    OpenJobsLimit(u32),
    /// How far below 0 the balance may go.
    CreditLimit(Money),
    /// How many jobs a sandbox may submit in a day (UTC).
    JobsPerDay(u32),
}

impl Setting {
    /// The account with this setting.
    pub fn applied(self, account: &Account) -> Account {
        let account = account.clone();
        match self {
            Self::Suspended(suspended) => Account { suspended, ..account },
            Self::OpenJobsLimit(open_jobs_limit) => Account { open_jobs_limit, ..account },
            Self::CreditLimit(credit_limit) => Account { credit_limit, ..account },
            Self::JobsPerDay(jobs) => Account { jobs_per_day: Some(jobs), ..account },
        }
    }

    /// The amount that the setting adds to the account's `available`.
    fn added_to_available(self, read: &Account) -> Result<Money, MoneyOverflow> {
        match self {
            Self::CreditLimit(limit) => limit.minus(read.credit_limit),
            Self::Suspended(_) | Self::OpenJobsLimit(_) | Self::JobsPerDay(_) => Ok(Money::ZERO),
        }
    }

    /// The attribute that the setting replaces in this account.
    fn replaced(self, read: &Account) -> Replaced {
        let (name, by, was, will) = match self {
            Self::Suspended(will) => (
                "suspended",
                "suspended_by",
                AttributeValue::Bool(read.suspended),
                AttributeValue::Bool(will),
            ),
            Self::OpenJobsLimit(will) => (
                "open_jobs_limit",
                "open_jobs_limit_by",
                number(read.open_jobs_limit),
                number(will),
            ),
            Self::CreditLimit(will) => {
                ("credit_limit", "credit_limit_by", micros(read.credit_limit), micros(will))
            }
            Self::JobsPerDay(will) => (
                "jobs_per_day",
                "jobs_per_day_by",
                number(read.jobs_per_day.unwrap_or(will)),
                number(will),
            ),
        };
        Replaced { name, by, was, will }
    }
}

/// An attribute of an account that a setting replaces.
struct Replaced {
    name: &'static str,
    /// The attribute that names the person who changed it last.
    by: &'static str,
    was: AttributeValue,
    will: AttributeValue,
}

/// The operator's notes on an organization. `None` leaves a note as it is. An empty text removes
/// it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    pub name: Option<String>,
    pub contact: Option<String>,
}

impl Store {
    /// Writes the notes, and returns the account after that. `None` when there is no such account.
    /// A repeat is safe.
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
            .retry(|| async {
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

    /// The person who makes a change by hand, as an attribute.
    fn deed_value(&self) -> Result<Option<AttributeValue>, StoreError> {
        let value = self.deed().map(serde_dynamo::to_attribute_value).transpose();
        value.map_err(|error| StoreError::Broken(error.into()))
    }

    /// Changes a setting, and returns the account before and after. `None` when there is no such
    /// account.
    ///
    /// The write is over the value that was read. If another operator changes the same setting
    /// meanwhile, this reads the new value and tries again. A repeat is safe, and so is a write
    /// whose answer is lost: the value is then set already.
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
            // The update adds to `available` without a check, so the sum is checked here.
            wanted.available().map_err(|error| StoreError::Broken(error.into()))?;
            match self.set_over(&read, setting).await? {
                Ok(after) => return Ok(Some((before, after))),
                // Another operator changed this setting, or an earlier attempt of ours was
                // committed.
                Err(Some(found)) => read = found,
                Err(None) => return Ok(None),
            }
        }
    }

    /// Changes a setting if it still has the value that was read. Otherwise returns the account
    /// that is there, if there is one.
    ///
    /// The same update adds the change of the credit limit to `available`. So jobs and payments
    /// may change `available` meanwhile. A change that no person makes removes the last person's
    /// name.
    async fn set_over(
        &self,
        read: &Account,
        setting: Setting,
    ) -> Result<Result<Account, Option<Account>>, StoreError> {
        let change = setting.added_to_available(read);
        let change = change.map_err(|error| StoreError::Broken(error.into()))?;
        let Replaced { name, by, was, will } = setting.replaced(read);
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
            .retry(|| async {
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
        read_answer(answered).map_err(StoreError::Broken)
    }
}

/// The account after an update, or the account on which its condition failed.
fn read_answer(
    answered: Result<Option<Item>, Option<Item>>,
) -> Result<Result<Account, Option<Account>>, BoxError> {
    match answered {
        Ok(after) => Ok(Ok(item::to_account(after.ok_or("the update came back empty")?)?)),
        Err(found) => Ok(Err(found.map(item::to_account).transpose()?)),
    }
}

fn number(value: u32) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
