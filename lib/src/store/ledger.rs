//! The ledger: one entry for each thing that moved money. Never updated, never deleted.

use super::error::{StoreError, trouble};
use super::{Store, Table};
use crate::id::{JobId, OrgId};
use crate::job::Job;
use crate::money::Money;
use crate::outbound::BoxError;
use crate::time::Timestamp;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Why money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Given at sign-up.
    Bonus,
    /// Paid in.
    Recharge,
    /// A completed job.
    Consumption,
}

/// One entry. What caused it is its key, so that the same cause posts once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose.
    pub org: OrgId,
    /// `job#<id>`, `recharge#<reference>` or `bonus`: unique within the organization.
    pub cause: String,
    /// Orders the entries by the time of their posting: Unix milliseconds and the cause.
    pub posted: String,
    /// Why.
    pub kind: EntryKind,
    /// Added to the balance.
    pub amount: Money,
    /// The job of a consumption.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub job: Option<JobId>,
}

/// What became of a posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// It stands, by this write or by an earlier attempt of it.
    Now,
    /// The same cause had been posted before, by this entry; nothing was changed.
    Before(Entry),
    /// There is no such account.
    NoSuchOrganization,
}

impl Entry {
    /// The charge for a job that completed at this moment; `amount` is negative. The same job gives the same entry, whoever writes it.
    pub(super) fn consumption(job: &Job, at: Timestamp, amount: Money) -> Self {
        let cause = format!("job#{}", job.id);
        let at_ms = u64::try_from(at.unix_s()).unwrap_or(0) * 1_000;
        Self { job: Some(job.id), ..Self::new(job.org, EntryKind::Consumption, cause, amount, at_ms) }
    }

    /// Money paid in under a reference that is unique for the organization, such as a payment's id.
    pub fn recharge(org: OrgId, reference: &str, amount: Money, now_unix_ms: u64) -> Self {
        Self::new(org, EntryKind::Recharge, format!("recharge#{reference}"), amount, now_unix_ms)
    }

    /// The bonus at sign-up, once for an organization.
    pub fn bonus(org: OrgId, amount: Money, now_unix_ms: u64) -> Self {
        Self::new(org, EntryKind::Bonus, "bonus".to_owned(), amount, now_unix_ms)
    }

    fn new(org: OrgId, kind: EntryKind, cause: String, amount: Money, now_unix_ms: u64) -> Self {
        Self { org, posted: format!("{now_unix_ms:015}#{cause}"), cause, kind, amount, job: None }
    }

    /// When it was posted.
    pub fn posted_at(&self) -> Timestamp {
        let ms = self.posted.split('#').next().and_then(|digits| digits.parse::<i64>().ok()).unwrap_or(0);
        Timestamp::from_unix_s(ms / 1_000)
    }

    /// One token for one logical posting.
    pub(super) fn token(&self) -> String {
        let digest = Sha256::digest(format!("{}/{}/{}", self.org, self.cause, self.posted));
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Store {
    /// What this cause has posted, as it stands now.
    pub async fn entry(&self, org: OrgId, cause: &str) -> Result<Option<Entry>, StoreError> {
        let found = self
            .retried(|| async {
                let get = self.db.get_item().table_name(self.table(Table::Ledger)).consistent_read(true);
                let get = get.key("org", AttributeValue::S(org.to_string()));
                let get = get.key("cause", AttributeValue::S(cause.to_owned()));
                get.send().await.map(|answer| answer.item).map_err(trouble)
            })
            .await?;
        found.map(serde_dynamo::from_item).transpose().map_err(|error| StoreError::Broken(error.into()))
    }

    pub(super) fn put_entry(&self, entry: &Entry) -> Result<TransactWriteItem, BoxError> {
        let put = Put::builder()
            .table_name(self.table(Table::Ledger))
            .set_item(Some(serde_dynamo::to_item(entry)?))
            .condition_expression("attribute_not_exists(cause)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}
