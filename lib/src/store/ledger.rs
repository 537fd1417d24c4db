//! The ledger: one entry for each thing that moved money, each in its place. Never updated, never
//! deleted.

use super::error::{Item, StoreError, trouble};
use super::posting::{Posting, Wanted};
use super::{Store, Table};
use crate::account::Change;
use crate::actor::Actor;
use crate::error::BoxError;
use crate::id::{JobId, OrgId, TransactionId};
use crate::job::Job;
use crate::money::Money;
use crate::status::Status;
use crate::time::Timestamp;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

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
    /// The operator's correction, up or down.
    Adjustment,
    /// A consumption given back.
    Refund,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Bonus, Self::Recharge, Self::Consumption, Self::Adjustment, Self::Refund];

    /// The word for it, as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bonus => "bonus",
            Self::Recharge => "recharge",
            Self::Consumption => "consumption",
            Self::Adjustment => "adjustment",
            Self::Refund => "refund",
        }
    }
}

/// One entry. Its key is made of what caused it, so that the same cause posts once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose.
    pub org: OrgId,
    /// What they call it.
    pub id: TransactionId,
    /// `bonus`, `recharge#<reference>`, `job#<id>`, `adjustment#<reference>` or `refund#<job id>`:
    /// unique within the organization.
    pub cause: String,
    /// When that was: Unix milliseconds in 15 digits, so that they can be compared as text, and the
    /// cause.
    pub posted: String,
    /// Why.
    pub kind: EntryKind,
    /// Added to the balance.
    pub amount: Money,
    /// The job of a consumption or a refund.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub job: Option<JobId>,
    /// The operator's words for an adjustment or a refund.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Who posted it by hand; callers are not shown it. Charges have none, nor have entries that
    /// are older than this.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor: Option<Actor>,
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// What was posted.
    #[serde(flatten)]
    pub entry: Entry,
    /// 1 for the organization's first entry, one more for each that was posted after it. There are
    /// no gaps.
    pub sequence: u64,
    /// The sum of all entries up to this one: the balance, once it was posted.
    pub balance_after: Money,
}

/// Whether a job can be refunded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refund {
    /// This entry refunds it, once it is posted. It stays right: neither a completed job nor its
    /// consumption changes any more.
    Due(Entry),
    /// This entry has refunded it.
    Before(Entry),
    /// It was charged nothing, for it is not completed, or costs nothing.
    NotCharged(Status),
    /// The organization has no such job.
    NoSuchJob,
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
    /// The charge for a job that completed at this moment; `amount` is negative. The same job gives
    /// the same entry, whoever writes it.
    pub(super) fn consumption(job: &Job, at: Timestamp, amount: Money) -> Self {
        let cause = Self::charge_of(job.id());
        let at_ms = u64::try_from(at.unix_s()).unwrap_or(0) * 1_000;
        Self {
            job: Some(job.id()),
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
        Self { org, id, cause, posted, kind, amount, job: None, reason: None, actor: None }
    }

    /// The cause of a job's charge.
    pub fn charge_of(job: JobId) -> String {
        format!("job#{job}")
    }

    /// When it was posted.
    pub fn posted_at(&self) -> Timestamp {
        let ms = self
            .posted
            .split('#')
            .next()
            .and_then(|digits| digits.parse::<i64>().ok())
            .unwrap_or(0);
        Timestamp::from_unix_s(ms / 1_000)
    }

    /// What the cause is called beside its kind: a recharge's or an adjustment's reference, a job's
    /// id; nothing for the bonus.
    pub fn reference(&self) -> &str {
        self.cause.split_once('#').map_or("", |(_, reference)| reference)
    }
}

impl Store {
    /// Posts money to the ledger and the balance, both or neither, once for each cause. The entry
    /// carries the name of who posts it.
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

    /// What this cause has posted, as it stands now.
    pub async fn entry(&self, org: OrgId, cause: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.line(org, &TransactionId::of(org, cause)).await?.map(|line| line.entry))
    }

    pub(super) async fn line(
        &self,
        org: OrgId,
        id: &TransactionId,
    ) -> Result<Option<LedgerLine>, StoreError> {
        let found = self
            .retried(|| async {
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

    /// The consumption of a job and its refund, as they stand now.
    pub async fn entries_of(&self, org: OrgId, job: JobId) -> Result<Vec<Entry>, StoreError> {
        let (charge, refund) = (Entry::charge_of(job), format!("refund#{job}"));
        let (charge, refund) =
            futures::try_join!(self.entry(org, &charge), self.entry(org, &refund))?;
        Ok(charge.into_iter().chain(refund).collect())
    }

    /// The entry that gives a completed job's charge back, whole; [`Store::post`] posts it, once
    /// for each job. Needs the tables of jobs and of the ledger.
    pub async fn refund(
        &self,
        org: OrgId,
        id: JobId,
        reason: Option<&str>,
        now_unix_ms: u64,
    ) -> Result<Refund, StoreError> {
        let Some(job) = self.job(org, id).await? else { return Ok(Refund::NoSuchJob) };
        if job.status() != Status::Completed || job.cost() == Money::ZERO {
            return Ok(Refund::NotCharged(job.status()));
        }
        let cause = format!("refund#{id}");
        if let Some(before) = self.entry(org, &cause).await? {
            return Ok(Refund::Before(before));
        }
        let broken = |error: BoxError| StoreError::Broken(error);
        let charge = self.entry(org, &Entry::charge_of(id)).await?;
        let charge =
            charge.ok_or_else(|| broken("the job is completed and has no consumption".into()))?;
        let amount = charge.amount.negated().map_err(|error| broken(error.into()))?;
        let entry = Entry::new(org, EntryKind::Refund, cause, amount, now_unix_ms);
        Ok(Refund::Due(Entry { job: Some(id), reason: reason.map(str::to_owned), ..entry }))
    }

    /// The organization's whole ledger, in the order of posting.
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

    /// Hands on each entry of an organization, in no order that means anything.
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
