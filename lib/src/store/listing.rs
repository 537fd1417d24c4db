//! What an operator looks through: all organizations, an organization's keys, its jobs.

use super::error::{StoreError, Trouble, trouble};
use super::{ApiKey, Store, Table, item};
use crate::account::Account;
use crate::id::{JobId, OrgId};
use crate::job::{Job, Status};
use aws_sdk_dynamodb::types::AttributeValue;
use std::ops::ControlFlow;

impl Store {
    /// Every account, ordered by organization. It reads the whole table: one item for each organization.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let mut accounts = self
            .all_items(
                |from| async move {
                    let scan = self.db.scan().table_name(self.table(Table::Accounts)).set_exclusive_start_key(from);
                    let answer = scan.send().await.map_err(trouble)?;
                    Ok::<_, Trouble>((answer.items.unwrap_or_default(), answer.last_evaluated_key))
                },
                item::to_account,
            )
            .await?;
        accounts.sort_by_key(|account| account.org);
        Ok(accounts)
    }

    /// An organization's keys, revoked ones too, the oldest first. Keys are found by their hash, and no index knows whose they are: this
    /// reads the keys of all organizations, which is for an operator and never for a request.
    pub async fn keys(&self, org: OrgId) -> Result<Vec<ApiKey>, StoreError> {
        let mut keys = self
            .all_items(
                |from| async move {
                    let scan = self.db.scan().table_name(self.table(Table::Keys)).filter_expression("org = :org");
                    let scan = scan.expression_attribute_values(":org", AttributeValue::S(org.to_string()));
                    let answer = scan.set_exclusive_start_key(from).send().await.map_err(trouble)?;
                    Ok::<_, Trouble>((answer.items.unwrap_or_default(), answer.last_evaluated_key))
                },
                |item| Ok(serde_dynamo::from_item::<_, ApiKey>(item)?),
            )
            .await?;
        keys.sort_by_key(|key| key.created);
        Ok(keys)
    }

    /// At most `most` jobs of an organization, the newest first: those of one status, and older than a job, if these are given.
    pub async fn jobs(
        &self,
        org: OrgId,
        status: Option<Status>,
        older_than: Option<JobId>,
        most: usize,
    ) -> Result<Vec<Job>, StoreError> {
        let mut jobs = Vec::new();
        self.each_item(
            |from| async move {
                let query = self.db.query().table_name(self.table(Table::Jobs)).scan_index_forward(false);
                let query = query.expression_attribute_values(":org", AttributeValue::S(org.to_string()));
                let query = match older_than {
                    None => query.key_condition_expression("org = :org"),
                    Some(job) => query
                        .key_condition_expression("org = :org AND job < :job")
                        .expression_attribute_values(":job", AttributeValue::S(job.to_string())),
                };
                let query = match status {
                    None => query,
                    Some(status) => query
                        .filter_expression("#status = :status")
                        .expression_attribute_names("#status", "status")
                        .expression_attribute_values(":status", AttributeValue::S(status.as_str().to_owned())),
                };
                let answer = query.set_exclusive_start_key(from).send().await.map_err(trouble)?;
                Ok::<_, Trouble>((answer.items.unwrap_or_default(), answer.last_evaluated_key))
            },
            |item| {
                if jobs.len() == most {
                    return Ok(ControlFlow::Break(()));
                }
                jobs.push(item::to_job(item)?);
                Ok(ControlFlow::Continue(()))
            },
        )
        .await?;
        Ok(jobs)
    }

    /// Whose job this is. Jobs are stored under their organization, so without it the whole table is read: a minute for a million jobs.
    pub async fn owner(&self, job: JobId) -> Result<Option<OrgId>, StoreError> {
        let mut found = None;
        self.each_item(
            |from| async move {
                let scan = self.db.scan().table_name(self.table(Table::Jobs)).filter_expression("job = :job");
                let scan = scan.expression_attribute_values(":job", AttributeValue::S(job.to_string()));
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
