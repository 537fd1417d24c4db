//! A new job: stored together with its hold and its idempotency key, or not at all.
//!
//! An attempt whose answer is lost may be committed later. If the caller is then told that nothing
//! was accepted, that job would stand with a lease that no function holds. So before a refusal or
//! an error is returned, a void item is written under the job's id: the late transaction fails on
//! it. If the job is there already, it counts as accepted.

use super::error::{StoreError, Trouble, may_stand, refused, trouble};
use super::hold::Counted;
use super::idempotency::replay;
use super::job::{broken, is_by, refused_items};
use super::{Idempotency, Store, Table, item};
use crate::account::{Account, HoldRefused};
use crate::error::{BoxError, causes};
use crate::id::JobId;
use crate::job::Job;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long the void item is tried. Two attempts of 3 s may stay without an answer, and a third
/// takes its place. The submit function lives for 28 s; the accept before it takes 4 s at most, and
/// 8 s where a sandbox's job is the first of its day.
const VOIDING: Duration = Duration::from_secs(10);

/// What became of a submit's transaction.
#[derive(Debug)]
pub enum Accepted {
    /// The job is stored and its cost held.
    Stored,
    /// The account refused the hold; nothing was written.
    Refused(HoldRefused),
    /// The same request was accepted before under this idempotency key, as this job; nothing was
    /// written.
    Replayed(JobId),
    /// The idempotency key was used for another request; nothing was written.
    KeyReused,
}

/// What the void item found in its place.
#[derive(Debug, PartialEq, Eq)]
enum Voided {
    /// Nothing: the job can no longer come to be.
    Void,
    /// The job itself: an attempt whose answer was lost was committed.
    JobIsThere,
}

impl Store {
    /// Stores a new job, holds its cost and records its idempotency key, all or nothing. A repeat
    /// of the same job is one job and one hold. A refusal is read in this order: the key was used
    /// before, then the account. After a refusal or an error no late attempt can be committed,
    /// unless the store does not answer for 14 s.
    pub async fn accept(
        &self,
        job: &Job,
        idempotency: Option<&Idempotency>,
    ) -> Result<Accepted, StoreError> {
        let write = self.new_write();
        let unanswered = AtomicBool::new(false);
        let accepted = self.try_accept(job, idempotency, &write, &unanswered).await;
        if matches!(accepted, Ok(Accepted::Stored)) || !unanswered.load(Ordering::Relaxed) {
            return accepted;
        }
        match self.trying_for(VOIDING).void(job, &write).await {
            Ok(Voided::JobIsThere) => Ok(Accepted::Stored),
            Ok(Voided::Void) => accepted,
            Err(error) => {
                let why = causes(&error);
                tracing::error!(job.id = %job.id(), org.id = %job.org(), why, "an attempt to accept the job may be committed late");
                accepted
            }
        }
    }

    /// `unanswered` becomes true when an attempt ends without DynamoDB's word on whether it was
    /// committed.
    async fn try_accept(
        &self,
        job: &Job,
        idempotency: Option<&Idempotency>,
        write: &str,
        unanswered: &AtomicBool,
    ) -> Result<Accepted, StoreError> {
        let (mut counted, mut token) = (Counted::at_first(job), write.to_owned());
        loop {
            let mut writes = vec![
                self.put_new_job(job, write).map_err(StoreError::Broken)?,
                self.hold(job, counted).map_err(StoreError::Broken)?,
            ];
            if let Some(idempotency) = idempotency {
                writes.push(self.put_record(job, idempotency).map_err(StoreError::Broken)?);
            }
            let Some(reasons) = self.transact_noting(&writes, &token, unanswered).await? else {
                return Ok(Accepted::Stored);
            };
            match read_refusal(reasons, job, idempotency, write)? {
                Refusal::Final(accepted) => return Ok(accepted),
                Refusal::OfTheAccount(account) => match counted.corrected(job, &account) {
                    // Another way to count is another transaction, and needs another token.
                    Some(other) => (counted, token) = (other, self.new_write()),
                    None => return refused_by(&account, job),
                },
            }
        }
    }

    /// As [`Store::transact`]. An attempt that is cut off in the middle leaves `unanswered` set.
    async fn transact_noting(
        &self,
        writes: &[TransactWriteItem],
        token: &str,
        unanswered: &AtomicBool,
    ) -> Result<Option<Vec<CancellationReason>>, StoreError> {
        self.retried(|| async {
            let transaction =
                self.db.transact_write_items().set_transact_items(Some(writes.to_vec()));
            let before = unanswered.swap(true, Ordering::Relaxed);
            match transaction.client_request_token(token).send().await {
                Ok(_) => Ok(None),
                Err(error) => {
                    if !may_stand(&error) {
                        unanswered.store(before, Ordering::Relaxed);
                    }
                    refused(error).map(Some)
                }
            }
        })
        .await
    }

    fn put_new_job(&self, job: &Job, write: &str) -> Result<TransactWriteItem, BoxError> {
        let put = Put::builder()
            .table_name(self.table(Table::Jobs))
            .set_item(Some(item::from_job(job, write)?))
            .condition_expression("attribute_not_exists(job)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    async fn void(&self, job: &Job, write: &str) -> Result<Voided, StoreError> {
        let there = self
            .retried(|| async {
                let put = self.db.put_item().table_name(self.table(Table::Jobs));
                let put = put.set_item(Some(item::from_void(job).map_err(Trouble::Final)?));
                let put = put.condition_expression("attribute_not_exists(job)");
                let put = put.return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                );
                match put.send().await {
                    Ok(_) => Ok(None),
                    Err(error) => match error.as_service_error() {
                        Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                            Ok(failed.item().cloned())
                        }
                        _ => Err(trouble(error)),
                    },
                }
            })
            .await?;
        match there {
            None => Ok(Voided::Void),
            // an earlier attempt of this write
            Some(found) if item::is_void(&found) => Ok(Voided::Void),
            Some(found) if is_by(&found, write) => Ok(Voided::JobIsThere),
            Some(_) => Err(broken("a new job's id is taken")),
        }
    }
}

/// What refused a submit's transaction.
enum Refusal {
    /// The job or the key, which say what became of it.
    Final(Accepted),
    /// The account, as it stands.
    OfTheAccount(Box<Account>),
}

fn read_refusal(
    reasons: Vec<CancellationReason>,
    job: &Job,
    idempotency: Option<&Idempotency>,
    write: &str,
) -> Result<Refusal, StoreError> {
    let [job_refused, account_refused, key_refused] = refused_items(reasons);
    if let (Some(found), Some(idempotency)) = (key_refused, idempotency) {
        return replay(found, job, idempotency).map(Refusal::Final).map_err(StoreError::Broken);
    }
    if let Some(found) = job_refused {
        let is_ours = is_by(&found, write);
        return if is_ours {
            Ok(Refusal::Final(Accepted::Stored))
        } else {
            Err(broken("a new job's id is taken"))
        };
    }
    let account = account_refused.ok_or_else(|| broken("the organization has no account"))?;
    let account = item::to_account(account).map_err(StoreError::Broken)?;
    Ok(Refusal::OfTheAccount(Box::new(account)))
}

fn refused_by(account: &Account, job: &Job) -> Result<Accepted, StoreError> {
    match account.hold_refusal(job.cost(), job.created()) {
        Ok(Some(why)) => Ok(Accepted::Refused(why)),
        _ => Err(broken("the account refused a hold that it has room for")),
    }
}
