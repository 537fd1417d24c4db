//! The refund of a job: an entry that gives its charge back.

use super::{Entry, EntryKind};
use crate::error::BoxError;
use crate::id::{JobId, OrgId};
use crate::money::Money;
use crate::status::Status;
use crate::store::{Store, StoreError};

/// Whether a job can be refunded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refund {
    /// Not refunded yet: post this entry to refund it. The entry stays right, since a completed job
    /// and its consumption never change.
    Due(Entry),
    /// Refunded before, by this entry.
    Before(Entry),
    /// Never charged: the job is not completed, or costs nothing.
    NotCharged(Status),
    NoSuchJob,
}

impl Store {
    /// Reads the consumption of a job and its refund, those that exist.
    pub async fn entries_of(&self, org: OrgId, job: JobId) -> Result<Vec<Entry>, StoreError> {
        let (charge, refund) = (Entry::charge_of(job), format!("refund#{job}"));
        let (charge, refund) =
            futures::try_join!(self.entry(org, &charge), self.entry(org, &refund))?;
        Ok(charge.into_iter().chain(refund).collect())
    }

    /// Makes the entry that refunds a completed job's whole charge. It writes nothing:
    /// [`Store::post`] posts the entry, once for each job. The store needs the tables of jobs and
    /// of the ledger.
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
}
