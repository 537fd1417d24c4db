//! Accounts. Every change adds to the numbers of an account item, in one transaction with the job
//! or the entry that causes it.

use super::error::{Item, StoreError, Trouble, refused, trouble};
use super::{Store, Table, item};
use crate::account::{About, Account, Change};
use crate::error::BoxError;
use crate::id::OrgId;
use crate::money::Money;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};

/// The `ADD` clause of every change, with the placeholders that [`Store::add_to_account`] fills.
pub(super) const SUMS: &str = "balance :balance, entries :entries, held :held, available :available, open_jobs :open_jobs, revision :one";

/// The condition of a change to an account item.
#[derive(Debug, Clone, Copy)]
pub(super) enum OnlyIf {
    /// The account item exists.
    Exists,
    /// The ledger still has this many entries. Otherwise the new entry would not come right after
    /// them.
    Entries(u64),
}

impl Store {
    /// Reads the account, consistently. `None` when the organization has no account.
    pub async fn account(&self, org: OrgId) -> Result<Option<Account>, StoreError> {
        let found = self
            .retry(|| async {
                let get = self
                    .db
                    .get_item()
                    .table_name(self.table(Table::Accounts))
                    .set_key(Some(key(org)));
                get.consistent_read(true).send().await.map(|answer| answer.item).map_err(trouble)
            })
            .await?;
        found.map(item::to_account).transpose().map_err(StoreError::Broken)
    }

    /// Stores the account of a new organization. An account that exists is left as it is, so a
    /// repeat is safe.
    pub async fn create_account(&self, account: &Account) -> Result<(), StoreError> {
        let about = About { created_by: self.deed(), ..account.about.clone() };
        let account = Account { about, ..account.clone() };
        self.retry(|| async {
            let put = self.db.put_item().table_name(self.table(Table::Accounts));
            let put = put.set_item(Some(item::from_account(&account).map_err(Trouble::Final)?));
            match put.condition_expression("attribute_not_exists(org)").send().await {
                Ok(_) => Ok(()),
                Err(error) => match error.as_service_error() {
                    Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(()),
                    _ => Err(trouble(error)),
                },
            }
        })
        .await
    }

    pub(super) fn change_account(
        &self,
        org: OrgId,
        change: Change,
        only_if: OnlyIf,
    ) -> Result<TransactWriteItem, BoxError> {
        let update = self.add_to_account(org, change)?.update_expression(format!("ADD {SUMS}"));
        let update = match only_if {
            OnlyIf::Exists => update.condition_expression("attribute_exists(org)"),
            OnlyIf::Entries(before) => update
                .condition_expression("entries = :before")
                .expression_attribute_values(":before", number(before)),
        };
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    /// An update of the account item with the values that [`SUMS`] adds. The caller sets the update
    /// expression and the condition.
    pub(super) fn add_to_account(
        &self,
        org: OrgId,
        change: Change,
    ) -> Result<UpdateBuilder, BoxError> {
        let update = Update::builder()
            .table_name(self.table(Table::Accounts))
            .set_key(Some(key(org)))
            .expression_attribute_values(":balance", micros(change.balance))
            .expression_attribute_values(":entries", number(change.entries))
            .expression_attribute_values(":held", micros(change.held))
            .expression_attribute_values(":available", micros(change.available()?))
            .expression_attribute_values(":open_jobs", number(change.open_jobs))
            .expression_attribute_values(":one", number(1))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(update)
    }

    /// Commits all writes or none. `Some` holds the reasons why a condition refused them. Conflicts
    /// with other transactions are retried. A repeat under the same token is one transaction.
    pub(super) async fn transact(
        &self,
        writes: &[TransactWriteItem],
        token: &str,
    ) -> Result<Option<Vec<CancellationReason>>, StoreError> {
        self.retry(|| async {
            let transaction =
                self.db.transact_write_items().set_transact_items(Some(writes.to_vec()));
            match transaction.client_request_token(token).send().await {
                Ok(_) => Ok(None),
                Err(error) => refused(error).map(Some),
            }
        })
        .await
    }
}

pub(super) fn key(org: OrgId) -> Item {
    Item::from([("org".to_owned(), AttributeValue::S(org.to_string()))])
}

pub(super) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn micros(amount: Money) -> AttributeValue {
    AttributeValue::N(amount.micros().to_string())
}
