//! Idempotency keys: which request a caller sent under a key, and which job it became. The record
//! is part of the submit's transaction, so it exists exactly when its job does. A refused submit
//! leaves none.

use super::error::{Item, StoreError, trouble};
use super::{Accepted, Store, Table};
use crate::error::BoxError;
use crate::id::{JobId, OrgId};
use crate::job::Job;
use crate::order::Order;
use crate::terms::Terms;
use crate::time::Timestamp;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a record is valid. A client that sends a request again does so within minutes.
const STANDS: Duration = Duration::from_secs(24 * 60 * 60);

/// A caller's key and the request that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    key: String,
    /// The hash of the order as it was sent: [`Order::request_hash`].
    sent: String,
    /// The hash of the terms made of it: [`Terms::resolved_hash`]. The version before compares this
    /// one.
    resolved: String,
}

impl Idempotency {
    /// A key of 1 to 255 visible ASCII characters, with what the request asked for.
    pub fn new(key: &str, order: &Order, terms: &Terms) -> Self {
        let (sent, resolved) = (order.request_hash(), terms.resolved_hash(order));
        Self { key: key.to_owned(), sent, resolved }
    }
}

/// What a key was used for before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownKey {
    /// The same request, which became this job.
    Replayed(JobId),
    /// Another request: its hash differs.
    Reused,
}

/// A record as it is stored. During a deployment the old and the new version write and read it.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    org: OrgId,
    key: String,
    /// The hash of the resolved terms, the only one that the version before knows.
    request_hash: String,
    /// The hash of what was sent, which decides. A record of the version before has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_hash: Option<String>,
    job: JobId,
    /// DynamoDB removes the record some time after this. Until then the condition compares it.
    expires: Timestamp,
}

impl Record {
    fn is_of(&self, idempotency: &Idempotency) -> bool {
        match &self.sent_hash {
            Some(sent) => *sent == idempotency.sent,
            None => self.request_hash == idempotency.resolved,
        }
    }
}

impl Store {
    /// What this key of the organization was used for in the last 24 hours. A submit asks when its
    /// order cannot be accepted any more: the same order may have been accepted before a model was
    /// switched off, or before its price rose.
    pub async fn look_up_key(
        &self,
        org: OrgId,
        key: &str,
        order: &Order,
    ) -> Result<Option<KnownKey>, StoreError> {
        let found = self
            .retry(|| async {
                let get = self.db.get_item().table_name(self.table(Table::Idempotency));
                get.key("org", AttributeValue::S(org.to_string()))
                    .key("key", AttributeValue::S(key.to_owned()))
                    .consistent_read(true)
                    .send()
                    .await
                    .map(|answer| answer.item)
                    .map_err(trouble)
            })
            .await?;
        let Some(found) = found else { return Ok(None) };
        let record: Record =
            serde_dynamo::from_item(found).map_err(|error| StoreError::Broken(error.into()))?;
        if record.expires < self.ambient.now() {
            return Ok(None);
        }
        let same = record.sent_hash.is_some_and(|sent| sent == order.request_hash());
        Ok(Some(if same { KnownKey::Replayed(record.job) } else { KnownKey::Reused }))
    }

    pub(super) fn put_record(
        &self,
        job: &Job,
        idempotency: &Idempotency,
    ) -> Result<TransactWriteItem, BoxError> {
        let record = Record {
            org: job.org(),
            key: idempotency.key.clone(),
            request_hash: idempotency.resolved.clone(),
            sent_hash: Some(idempotency.sent.clone()),
            job: job.id(),
            expires: job.created().after(STANDS),
        };
        let put = Put::builder()
            .table_name(self.table(Table::Idempotency))
            .set_item(Some(serde_dynamo::to_item(record)?))
            .condition_expression("attribute_not_exists(#key) OR expires < :now")
            .expression_attribute_names("#key", "key")
            .expression_attribute_values(
                ":now",
                AttributeValue::N(job.created().unix_s().to_string()),
            )
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// How the submit of this job ends if a record with its key is there.
pub(super) fn replay(
    found: Item,
    job: &Job,
    idempotency: &Idempotency,
) -> Result<Accepted, BoxError> {
    let record: Record = serde_dynamo::from_item(found)?;
    Ok(if record.job == job.id() {
        Accepted::Stored // ours: an earlier attempt's answer was lost
    } else if record.is_of(idempotency) {
        Accepted::Replayed(record.job)
    } else {
        Accepted::KeyReused
    })
}
