//! A void item has the key of a job that was never accepted. The submit function writes it when the
//! answer to its transaction is lost. A transaction that arrives later fails on it. So no job can
//! be stored that no function will send.

use crate::error::BoxError;
use crate::id::{JobId, OrgId};
use crate::job::Job;
use crate::store::error::Item;
use crate::time::Timestamp;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use std::time::Duration;

/// The attribute that only a void item has.
pub(in crate::store) const VOID: &str = "void";

/// The filter that leaves void items out of queries.
pub(in crate::store) const NOT_VOID: &str = "attribute_not_exists(#void)";

/// How long a void item is kept. A request to DynamoDB arrives within seconds, and a day is far
/// beyond that. DynamoDB removes the item after it.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Serialize)]
struct VoidItem {
    org: OrgId,
    job: JobId,
    void: bool,
    /// For the version before: it leaves items with this attribute out of its lists. It would fail
    /// on any other item that is not a job.
    deleted: Timestamp,
    expires: Timestamp,
}

pub(in crate::store) fn from_void(job: &Job) -> Result<Item, BoxError> {
    let expires = job.created().after(KEPT);
    Ok(serde_dynamo::to_item(VoidItem {
        org: job.org(),
        job: job.id(),
        void: true,
        deleted: job.created(),
        expires,
    })?)
}

pub(in crate::store) fn is_void(item: &Item) -> bool {
    matches!(item.get(VOID), Some(AttributeValue::Bool(true)))
}
