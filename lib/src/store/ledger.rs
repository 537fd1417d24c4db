//! The ledger: one entry for each movement of money, numbered without gaps. Entries are never
//! updated and never deleted.

mod refund;

pub use refund::Refund;

use super::error::{Item, StoreError, trouble};
use super::posting::{Posting, Wanted};
use super::{Store, Table};
use crate::account::Change;
use crate::actor::Actor;
use crate::error::BoxError;
use crate::id::{JobId, OrgId, TransactionId};
use crate::job::Job;
use crate::money::Money;
use crate::time::Timestamp;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use strum::IntoStaticStr;

/// The kind of an entry: why money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum EntryKind {
    Bonus,
    /// Money paid in by the organization.
    Recharge,
    /// The charge of a completed job.
    Consumption,
    /// The operator's correction, up or down.
    Adjustment,
    /// The charge of a job, given back.
    Refund,
}

impl EntryKind {
    pub const ALL: [Self; 5] =
        [Self::Bonus, Self::Recharge, Self::Consumption, Self::Adjustment, Self::Refund];

    /// The kind as it is stored.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// One entry of the ledger. Its key is made of its cause, so each cause posts once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub org: OrgId,
    /// The id that the organization sees.
    pub id: TransactionId,
    /// What moved the money, unique within the organization: `bonus`, `recharge#<reference>`,
    /// `job#<id>`, `adjustment#<reference>` or `refund#<job id>`.
    pub cause: String,
    /// `<time>#<cause>`. The time is Unix milliseconds in 15 digits, so texts sort by time.
    pub posted: String,
    pub kind: EntryKind,
    /// Added to the balance. A charge is negative.
    pub amount: Money,
    /// The job of a consumption or a refund.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub job: Option<JobId>,
    /// The row of the catalog that a consumption was priced by. Entries that are older than this
    /// attribute have none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub price_row: Option<String>,
    /// The operator's words for an adjustment or a refund.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The person who posted it by hand. Callers are not shown it. Charges have none, and neither
    /// have entries that are older than this attribute.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor: Option<Actor>,
}

/// An entry with its place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    #[serde(flatten)]
    pub entry: Entry,
    /// 1 for the organization's first entry, and one more for each later one. There are no gaps.
    pub sequence: u64,
    /// The sum of all entries up to this one, so the balance right after it.
    pub balance_after: Money,
}

/// How a posting ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// Posted by this call or by an earlier attempt of it.
    Now,
    /// The same cause was posted before, by this entry. Nothing was changed.
    Before(Entry),
    NoSuchOrganization,
}

impl Entry {
    /// The charge for a job that completed at this moment; `amount` is negative. Every worker makes
    /// the same entry for the same job.
    pub(super) fn consumption(job: &Job, at: Timestamp, amount: Money) -> Self {
        let cause = Self::charge_of(job.id());
        let at_ms = u64::try_from(at.unix_s()).unwrap_or(0) * 1_000;
        Self {
            job: Some(job.id()),
            price_row: job.terms().price_row().map(str::to_owned),
            ..Self::new(job.org(), EntryKind::Consumption, cause, amount, at_ms)
        }
    }

    /// Money paid in under a reference that is unique for the organization, such as a payment's id.
    pub fn recharge(org: OrgId, reference: &str, amount: Money, now_unix_ms: u64) -> Self {
        Self::new(org, EntryKind::Recharge, format!("recharge#{reference}"), amount, now_unix_ms)
    }

    /// A correction, up or down, under a reference that is unique for the organization.
    pub fn adjustment(
        org: OrgId,
        reference: &str,
        amount: Money,
        reason: &str,
        now_unix_ms: u64,
    ) -> Self {
        let entry = Self::new(
            org,
            EntryKind::Adjustment,
            format!("adjustment#{reference}"),
            amount,
            now_unix_ms,
        );
        Self { reason: Some(reason.to_owned()), ..entry }
    }

    /// The bonus at sign-up, once for an organization.
    pub fn bonus(org: OrgId, amount: Money, now_unix_ms: u64) -> Self {
        Self::new(org, EntryKind::Bonus, "bonus".to_owned(), amount, now_unix_ms)
    }

    fn new(org: OrgId, kind: EntryKind, cause: String, amount: Money, now_unix_ms: u64) -> Self {
        let (id, posted) = (TransactionId::of(org, &cause), format!("{now_unix_ms:015}#{cause}"));
        let (job, price_row, reason, actor) = (None, None, None, None);
        Self { org, id, cause, posted, kind, amount, job, price_row, reason, actor }
    }

    /// The cause of a job's charge.
    pub fn charge_of(job: JobId) -> String {
        format!("job#{job}")
    }

    /// The time of the posting.
    pub fn posted_at(&self) -> Timestamp {
        let ms = self
            .posted
            .split('#')
            .next()
            .and_then(|digits| digits.parse::<i64>().ok())
            .unwrap_or(0);
        Timestamp::from_unix_s(ms / 1_000)
    }

    /// The part of the cause after its kind: the reference of a recharge or an adjustment, or a
    /// job's id. Empty for the bonus.
    pub fn reference(&self) -> &str {
        self.cause.split_once('#').map_or("", |(_, reference)| reference)
    }
}

impl Store {
    /// Posts an entry to the ledger and the balance, both or neither. One cause posts once, so a
    /// repeat is safe. The entry carries the name of the person who posts it, if a person does.
    pub async fn post(&self, entry: &Entry) -> Result<Posted, StoreError> {
        let entry =
            &Entry { actor: self.actor.clone().or_else(|| entry.actor.clone()), ..entry.clone() };
        let name = format!("{}/{}/{}", entry.org, entry.cause, entry.posted);
        let wanted =
            Wanted { entry, change: Change::posting(entry.amount), job: None, name: &name };
        match self.post_at_the_end(&wanted).await? {
            Posting::Done => Ok(Posted::Now),
            Posting::EntryThere(found) => {
                let found: Entry = serde_dynamo::from_item(found)
                    .map_err(|error| StoreError::Broken(error.into()))?;
                Ok(if found == *entry { Posted::Now } else { Posted::Before(found) })
            }
            Posting::NoAccount => Ok(Posted::NoSuchOrganization),
            Posting::JobWritten(_) => {
                Err(StoreError::Broken("a posting without a job was refused for one".into()))
            }
        }
    }

    /// Reads the entry of this cause, consistently.
    pub async fn entry(&self, org: OrgId, cause: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.line(org, &TransactionId::of(org, cause)).await?.map(|line| line.entry))
    }

    pub(super) async fn line(
        &self,
        org: OrgId,
        id: &TransactionId,
    ) -> Result<Option<LedgerLine>, StoreError> {
        let found = self
            .retry(|| async {
                let get =
                    self.db.get_item().table_name(self.table(Table::Ledger)).consistent_read(true);
                let get = get.key("org", AttributeValue::S(org.to_string()));
                let get = get.key("id", AttributeValue::S(id.to_string()));
                get.send().await.map(|answer| answer.item).map_err(trouble)
            })
            .await?;
        found
            .map(serde_dynamo::from_item)
            .transpose()
            .map_err(|error| StoreError::Broken(error.into()))
    }

    /// Reads the organization's whole ledger, in the order of posting.
    pub async fn ledger(&self, org: OrgId) -> Result<Vec<LedgerLine>, StoreError> {
        let mut lines: Vec<LedgerLine> = Vec::new();
        self.each_entry(org, |item| {
            lines.push(serde_dynamo::from_item(item)?);
            Ok(ControlFlow::Continue(()))
        })
        .await?;
        lines.sort_by_key(|line| line.sequence);
        Ok(lines)
    }

    /// Calls `take` for each entry of an organization, in any order.
    pub(super) async fn each_entry(
        &self,
        org: OrgId,
        take: impl FnMut(Item) -> Result<ControlFlow<()>, BoxError>,
    ) -> Result<(), StoreError> {
        self.each_item(
            |from| async move {
                let query =
                    self.db.query().table_name(self.table(Table::Ledger)).consistent_read(true);
                let query =
                    query.key_condition_expression("org = :org").set_exclusive_start_key(from);
                let query =
                    query.expression_attribute_values(":org", AttributeValue::S(org.to_string()));
                let answer = query.send().await.map_err(trouble)?;
                Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
            },
            take,
        )
        .await
    }

    pub(super) fn put_line(&self, line: &LedgerLine) -> Result<TransactWriteItem, BoxError> {
        let put = Put::builder()
            .table_name(self.table(Table::Ledger))
            .set_item(Some(serde_dynamo::to_item(line)?))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}
