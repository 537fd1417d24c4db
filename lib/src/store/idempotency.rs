//! Idempotency keys: which request a caller sent under a key, and which job came of it. Written in
//! the submit's transaction, so a key stands exactly when its job does; refusals leave none.

use super::error::Item;
use super::{Accepted, Store, Table};
use crate::id::{JobId, OrgId};
use crate::job::Job;
use crate::outbound::BoxError;
use crate::time::Timestamp;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How long a key stands for its request. A client that sends again does so within minutes.
const STANDS: Duration = Duration::from_secs(24 * 60 * 60);

/// A caller's key and the request that it was sent with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// 1 to 255 visible ASCII characters.
    pub key: String,
    /// The request as it was understood, so that a blank more or less in the JSON is the same
    /// request.
    pub request_hash: String,
}

impl Idempotency {
    /// The key with what the request asked for.
    pub fn new(key: &str, job: &Job) -> Self {
        let asked = serde_json::json!([job.model, job.prompt, job.seconds, job.aspect_ratio]);
        let digest = Sha256::digest(asked.to_string());
        Self {
            key: key.to_owned(),
            request_hash: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    org: OrgId,
    key: String,
    request_hash: String,
    job: JobId,
    /// DynamoDB removes it some time after this; until then it is this comparison that counts.
    expires: Timestamp,
}

impl Store {
    pub(super) fn put_record(
        &self,
        job: &Job,
        idempotency: &Idempotency,
    ) -> Result<TransactWriteItem, BoxError> {
        let record = Record {
            org: job.org,
            key: idempotency.key.clone(),
            request_hash: idempotency.request_hash.clone(),
            job: job.id,
            expires: job.created.after(STANDS),
        };
        let put = Put::builder()
            .table_name(self.table(Table::Idempotency))
            .set_item(Some(serde_dynamo::to_item(record)?))
            .condition_expression("attribute_not_exists(#key) OR expires < :now")
            .expression_attribute_names("#key", "key")
            .expression_attribute_values(
                ":now",
                AttributeValue::N(job.created.unix_s().to_string()),
            )
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// What a record that stood in the way means for the submit of this job.
pub(super) fn replay(
    found: Item,
    job: &Job,
    idempotency: &Idempotency,
) -> Result<Accepted, BoxError> {
    let record: Record = serde_dynamo::from_item(found)?;
    Ok(if record.job == job.id {
        Accepted::Stored // ours: an earlier attempt's answer was lost
    } else if record.request_hash == idempotency.request_hash {
        Accepted::Replayed(record.job)
    } else {
        Accepted::KeyReused
    })
}
