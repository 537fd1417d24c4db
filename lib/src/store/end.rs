//! The end of a job: the one place that writes a final state. The job's item, the account and, for
//! a charge, the ledger entry are written in one transaction. So a job is completed exactly when it
//! is charged, and failed exactly when its hold is released.

use super::account::OnlyIf;
use super::error::StoreError;
use super::job::{CONDITION_FAILED, broken, overtaken_or_done, refused_items};
use super::posting::{Posting, Wanted};
use super::{Entry, Store, Written};
use crate::account::Change;
use crate::job::{Job, State};
use aws_sdk_dynamodb::types::TransactWriteItem;

impl Store {
    /// Writes a job that has just ended over the revision before it. A completed job is charged,
    /// and a failed one loses its hold, in the same transaction. What else must follow an end
    /// belongs here. A repeat is the same write.
    pub(super) async fn end(&self, job: &Job) -> Result<Written, StoreError> {
        let change = match job.state() {
            State::Completed { .. } => Change::settle(job.cost()),
            State::Failed { .. } => Change::release(job.cost()),
            State::Pending { .. } | State::Processing(_) => {
                return Err(broken("an open job was written as one that has ended"));
            }
        };
        let change = change.map_err(|error| StoreError::Broken(error.into()))?;
        let write = self.new_write();
        let written = self.settle_or_release(job, change, &write).await;
        let written = match written {
            Err(error) => self.find_after_loss(job, &write, error).await.map(|()| Written::Done),
            Ok(Posting::Done) => Ok(Written::Done),
            Ok(Posting::JobWritten(found)) => Ok(overtaken_or_done(found.as_ref(), &write)),
            Ok(Posting::EntryThere(_) | Posting::NoAccount) => {
                Err(broken("the account or the ledger contradicts the job"))
            }
        }?;
        if written == Written::Done {
            self.metrics.ended(job);
        }
        Ok(written)
    }

    async fn settle_or_release(
        &self,
        job: &Job,
        change: Change,
        write: &str,
    ) -> Result<Posting, StoreError> {
        let update = self.update_job(job, write).map_err(StoreError::Broken)?;
        match job.state() {
            State::Completed { at, .. } if change.entries > 0 => {
                let entry = Entry::consumption(job, *at, change.balance);
                let job = Some(&update);
                self.post_at_the_end(&Wanted { entry: &entry, change, job, name: write }).await
            }
            _ => self.write_uncharged(job, update, change, write).await,
        }
    }

    /// Writes an end that posts no entry: a failure, or a job that costs nothing.
    async fn write_uncharged(
        &self,
        job: &Job,
        update: TransactWriteItem,
        change: Change,
        write: &str,
    ) -> Result<Posting, StoreError> {
        let account =
            self.change_account(job.org(), change, OnlyIf::Exists).map_err(StoreError::Broken)?;
        let Some(reasons) = self.transact(&[update, account], write).await? else {
            return Ok(Posting::Done);
        };
        let job_refused =
            reasons.first().is_some_and(|reason| reason.code() == Some(CONDITION_FAILED));
        let [found, ..] = refused_items(reasons);
        Ok(if job_refused { Posting::JobWritten(found) } else { Posting::NoAccount })
    }
}
