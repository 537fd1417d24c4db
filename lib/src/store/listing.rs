//! Lists for the operator alone: all organizations, an organization's keys, the owner of any job.

use super::error::{StoreError, Trouble, trouble};
use super::{ApiKey, Store, Table, item};
use crate::account::Account;
use crate::id::{JobId, OrgId};
use aws_sdk_dynamodb::types::AttributeValue;
use std::ops::ControlFlow;

impl Store {
    /// Lists every account, ordered by organization. It reads the whole table: one item for each
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

    /// Lists an organization's keys, also revoked ones, the oldest first. No index has keys by
    /// organization, so this reads the keys of all organizations. It is for an operator and never
    /// for a request.
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

    /// Finds the organization of a job. Jobs are stored under their organization, so this reads the
    /// whole table: a minute for a million jobs.
    pub async fn owner(&self, job: JobId) -> Result<Option<OrgId>, StoreError> {
        let mut found = None;
        self.each_item(
            |from| async move {
                let scan = self
                    .db
                    .scan()
                    .table_name(self.table(Table::Jobs))
                    // A void item is not a job.
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
