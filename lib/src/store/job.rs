//! Jobs: written over the revision that was read, ended together with their money, and read.
//! `accept` stores new ones.

use super::error::{Item, StoreError, Trouble, trouble};
use super::item::{self, JobUpdate};
use super::{Store, Table};
use crate::account::Account;
use crate::error::BoxError;
use crate::id::JobKey;
use crate::id::{JobId, OrgId};
use crate::job::Job;
use crate::time::Timestamp;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};
use std::time::Duration;

/// DynamoDB's word for a write whose condition did not hold.
pub(super) const CONDITION_FAILED: &str = "ConditionalCheckFailed";

/// How long the store looks for a write whose answers were all lost. The budget is used up by then,
/// and the caller waits.
const LAST_READ: Duration = Duration::from_secs(1);

/// The index of open jobs by the moment they are due.
const OPEN_BY_DUE: &str = "open-by-due";

/// What became of a write over a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It stands, by this write or by an earlier attempt of it.
    Done,
    /// Another worker wrote the job first. Nothing was changed.
    Overtaken,
}

impl Store {
    /// Writes a moved job over the revision before it. A job that has just ended is written by
    /// [`Store::end`], together with its money. A repeat is the same write.
    pub async fn write(&self, job: &Job) -> Result<Written, StoreError> {
        if job.is_open() || job.deletion().is_some() {
            self.write_alone(job).await
        } else {
            self.end(job).await
        }
    }

    async fn write_alone(&self, job: &Job) -> Result<Written, StoreError> {
        let write = self.new_write();
        match self.update(job, &write).await {
            Err(error) => self.find_after_loss(job, &write, error).await.map(|()| Written::Done),
            Ok(found) => Ok(found),
        }
    }

    /// Writes a moved job over the revision before it, as the write of this name. A repeat is the
    /// same write.
    pub(super) async fn update(&self, job: &Job, write: &str) -> Result<Written, StoreError> {
        let JobUpdate { expression, names, values } =
            JobUpdate::of(job, write).map_err(StoreError::Broken)?;
        self.retry(|| async {
            let update = self.db.update_item().table_name(self.table(Table::Jobs));
            let update =
                update.set_key(Some(key(job.org(), job.id()))).update_expression(&expression);
            let update = update.condition_expression(JobUpdate::CONDITION);
            let update = update.set_expression_attribute_names(Some(names.clone()));
            let update = update.set_expression_attribute_values(Some(values.clone()));
            let update = update.return_values_on_condition_check_failure(
                ReturnValuesOnConditionCheckFailure::AllOld,
            );
            match update.send().await {
                Ok(_) => Ok(Written::Done),
                Err(error) => match error.as_service_error() {
                    Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                        Ok(overtaken_or_done(failed.item(), write))
                    }
                    _ => Err(trouble(error)),
                },
            }
        })
        .await
    }

    /// A write whose answers were all lost may stand all the same: the item is read once more, and
    /// tells by the write's name.
    pub(super) async fn find_after_loss(
        &self,
        job: &Job,
        write: &str,
        error: StoreError,
    ) -> Result<(), StoreError> {
        if let StoreError::Broken(_) = error {
            return Err(error);
        }
        let found = self.trying_for(LAST_READ).item(job.org(), job.id()).await?;
        if found.is_some_and(|found| is_by(&found, write)) { Ok(()) } else { Err(error) }
    }

    /// The job, as it stands now.
    pub async fn job(&self, org: OrgId, job: JobId) -> Result<Option<Job>, StoreError> {
        let item = self.item(org, job).await?;
        Ok(item.map(|item| self.there(item)).transpose()?.flatten())
    }

    /// The item's job, unless it is none or has expired.
    fn there(&self, item: Item) -> Result<Option<Job>, StoreError> {
        if item::is_void(&item) || item::has_expired(&item, self.ambient.now()) {
            return Ok(None);
        }
        item::to_job(item).map(Some).map_err(StoreError::Broken)
    }

    pub(super) async fn item(&self, org: OrgId, job: JobId) -> Result<Option<Item>, StoreError> {
        self.retry(|| async {
            let get =
                self.db.get_item().table_name(self.table(Table::Jobs)).set_key(Some(key(org, job)));
            get.consistent_read(true).send().await.map(|answer| answer.item).map_err(trouble)
        })
        .await
    }

    /// The job and its organization's account, in one round trip.
    pub async fn job_and_account(
        &self,
        org: OrgId,
        job: JobId,
    ) -> Result<(Option<Job>, Option<Account>), StoreError> {
        let (jobs, accounts) = (self.table(Table::Jobs), self.table(Table::Accounts));
        let wanted = |key: Item| {
            KeysAndAttributes::builder()
                .keys(key)
                .consistent_read(true)
                .build()
                .map_err(|error| Trouble::Final(error.into()))
        };
        let mut found = self
            .retry(|| async {
                let get = self.db.batch_get_item();
                let get = get.request_items(jobs, wanted(key(org, job))?);
                let get = get.request_items(accounts, wanted(super::account::key(org))?);
                let answer = get.send().await.map_err(trouble)?;
                if answer.unprocessed_keys().is_some_and(|keys| !keys.is_empty()) {
                    return Err(Trouble::Passing("DynamoDB left keys unprocessed".into()));
                }
                Ok(answer.responses.unwrap_or_default())
            })
            .await?;
        let mut first = |table: &str| found.remove(table).and_then(|mut items| items.pop());
        let job = first(jobs).map(|item| self.there(item)).transpose()?.flatten();
        let account =
            first(accounts).map(item::to_account).transpose().map_err(StoreError::Broken)?;
        Ok((job, account))
    }

    /// At most `most` open jobs of one shard of the index that were due before a moment, the most
    /// overdue first. The index lags a little: what it names is read again before anything is done.
    pub async fn overdue(
        &self,
        shard: &str,
        before: Timestamp,
        most: i32,
    ) -> Result<Vec<JobKey>, StoreError> {
        let items = self
            .retry(|| async {
                let query =
                    self.db.query().table_name(self.table(Table::Jobs)).index_name(OPEN_BY_DUE);
                let query = query.key_condition_expression("#open = :shard AND due < :before");
                let query = query.expression_attribute_names("#open", "open");
                let query = query
                    .expression_attribute_values(":shard", AttributeValue::S(shard.to_owned()));
                let query = query.expression_attribute_values(
                    ":before",
                    AttributeValue::N(before.unix_s().to_string()),
                );
                query
                    .limit(most)
                    .send()
                    .await
                    .map(|answer| answer.items.unwrap_or_default())
                    .map_err(trouble)
            })
            .await?;
        let message =
            |item| self.readable(Table::Jobs, item, |item| Ok(serde_dynamo::from_item(item)?));
        Ok(items.into_iter().filter_map(message).collect())
    }

    /// Names one logical write, whatever is retried of it. Two workers may want to write the very
    /// same job: the name tells whose stands.
    pub(super) fn new_write(&self) -> String {
        hex::encode(self.ambient.bytes::<16>())
    }

    pub(super) fn update_job(&self, job: &Job, write: &str) -> Result<TransactWriteItem, BoxError> {
        let JobUpdate { expression, names, values } = JobUpdate::of(job, write)?;
        let update = Update::builder()
            .table_name(self.table(Table::Jobs))
            .set_key(Some(key(job.org(), job.id())))
            .update_expression(expression)
            .condition_expression(JobUpdate::CONDITION)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// The condition of the write failed. Either an earlier attempt of ours was committed and its
/// answer was lost, or another worker wrote the job.
pub(super) fn overtaken_or_done(found: Option<&Item>, write: &str) -> Written {
    if found.is_some_and(|found| is_by(found, write)) { Written::Done } else { Written::Overtaken }
}

pub(super) fn is_by(found: &Item, write: &str) -> bool {
    found.get(item::WRITE).and_then(|value| value.as_s().ok()).is_some_and(|by| by == write)
}

/// The items that failed their conditions: of the job, of the account, and of the idempotency
/// record or the ledger.
pub(super) fn refused_items(
    reasons: Vec<aws_sdk_dynamodb::types::CancellationReason>,
) -> [Option<Item>; 3] {
    let mut reasons = reasons.into_iter().map(|reason| match reason.code.as_deref() {
        Some(CONDITION_FAILED) => reason.item,
        _ => None,
    });
    std::array::from_fn(|_| reasons.next().flatten())
}

pub(super) fn broken(why: &'static str) -> StoreError {
    StoreError::Broken(why.into())
}

fn key(org: OrgId, job: JobId) -> Item {
    Item::from([
        ("org".to_owned(), AttributeValue::S(org.to_string())),
        ("job".to_owned(), AttributeValue::S(job.to_string())),
    ])
}
