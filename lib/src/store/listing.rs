//! What only an operator looks through: all organizations, an organization's keys, everybody's
//! jobs.

use super::error::{StoreError, Trouble, trouble};
use super::{ApiKey, Store, Table, item};
use crate::account::Account;
use crate::id::{JobId, OrgId};
use aws_sdk_dynamodb::types::AttributeValue;
use std::ops::ControlFlow;

impl Store {
    /// Every account, ordered by organization. It reads the whole table: one item for each
    /// organization.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let mut accounts = self
            .all_items(
                Table::Accounts,
                |from| async move {
                    let scan = self
                        .db
                        .scan()
                        .table_name(self.table(Table::Accounts))
                        .set_exclusive_start_key(from);
                    let answer = scan.send().await.map_err(trouble)?;
                    Ok::<_, Trouble>((answer.items.unwrap_or_default(), answer.last_evaluated_key))
                },
                item::to_account,
            )
            .await?;
        accounts.sort_by_key(|account| account.org);
        Ok(accounts)
    }

    /// An organization's keys, revoked ones too, the oldest first. Keys are found by their hash,
    /// and no index knows whose they are: this reads the keys of all organizations, which is for an
    /// operator and never for a request.
    pub async fn keys(&self, org: OrgId) -> Result<Vec<ApiKey>, StoreError> {
        let mut keys = self
            .all_items(
                Table::Keys,
                |from| async move {
                    let scan = self
                        .db
                        .scan()
                        .table_name(self.table(Table::Keys))
                        .filter_expression("org = :org");
                    let scan = scan
                        .expression_attribute_values(":org", AttributeValue::S(org.to_string()));
                    let answer =
                        scan.set_exclusive_start_key(from).send().await.map_err(trouble)?;
                    Ok::<_, Trouble>((answer.items.unwrap_or_default(), answer.last_evaluated_key))
                },
                |item| Ok(serde_dynamo::from_item::<_, ApiKey>(item)?),
            )
            .await?;
        keys.sort_by_key(|key| key.created);
        Ok(keys)
    }

    /// Whose job this is. Jobs are stored under their organization, so without it the whole table
    /// is read: a minute for a million jobs.
    pub async fn owner(&self, job: JobId) -> Result<Option<OrgId>, StoreError> {
        let mut found = None;
        self.each_item(
            |from| async move {
                let scan = self
                    .db
                    .scan()
                    .table_name(self.table(Table::Jobs))
                    // a void item is no job
                    .filter_expression("job = :job AND attribute_exists(created)");
                let scan =
                    scan.expression_attribute_values(":job", AttributeValue::S(job.to_string()));
                let scan = scan.projection_expression("org").set_exclusive_start_key(from);
                let answer = scan.send().await.map_err(trouble)?;
                Ok::<_, Trouble>((answer.items.unwrap_or_default(), answer.last_evaluated_key))
            },
            |item| {
                found = Some(item::to_org(item)?);
                Ok(ControlFlow::Break(()))
            },
        )
        .await?;
        Ok(found)
    }
}
