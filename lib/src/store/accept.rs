//! Accepting a new job: one transaction stores the job, takes its hold and records its idempotency
//! key.
//!
//! If the answer to an attempt is lost, the attempt may be committed later. If the caller is told
//! meanwhile that nothing was accepted, that job would have a lease that no function holds. So
//! before the store returns a refusal or an error, it writes a void item under the job's id. The
//! late transaction fails on it. If the job is there already, it counts as accepted.

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

/// How long the store tries to write the void item: two attempts of 3 s without an answer, and a
/// third. The submit function lives for 28 s. The accept before it takes 4 s at most, or 8 s where
/// a sandbox's job is the first of its day.
const VOIDING: Duration = Duration::from_secs(10);

/// How a submit's transaction ended.
#[derive(Debug)]
pub enum Accepted {
    /// The job is stored and its cost held.
    Stored,
    /// The account refused the hold; nothing was written.
    Refused(HoldRefused),
    /// The same request was accepted before under this idempotency key, as this job. Nothing was
    /// written now.
    Replayed(JobId),
    /// The idempotency key was used for another request; nothing was written.
    KeyReused,
}

/// The item that has the job's id after the void item was tried.
#[derive(Debug, PartialEq, Eq)]
enum Voided {
    /// The void item: the job can no longer be stored.
    Void,
    /// The job itself: an attempt whose answer was lost was committed.
    JobIsThere,
}

impl Store {
    /// Stores a new job, holds its cost and records its idempotency key, all or nothing. A repeat
    /// of the same job is one job and one hold.
    ///
    /// If several conditions failed, the idempotency key decides first, then the job, then the
    /// account. After a refusal or an error no late attempt can be committed, unless DynamoDB does
    /// not answer for 14 s.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the budget ends first. Nothing was accepted then.
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

    /// Sets `unanswered` when an attempt ends and DynamoDB did not say whether it was committed.
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

    /// As [`Store::transact`], and sets `unanswered`. An attempt that is cut off in the middle
    /// leaves it set.
    async fn transact_noting(
        &self,
        writes: &[TransactWriteItem],
        token: &str,
        unanswered: &AtomicBool,
    ) -> Result<Option<Vec<CancellationReason>>, StoreError> {
        self.retry(|| async {
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
            .retry(|| async {
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
            // An earlier attempt of this write put it there.
            Some(found) if item::is_void(&found) => Ok(Voided::Void),
            Some(found) if is_by(&found, write) => Ok(Voided::JobIsThere),
            Some(_) => Err(broken("a new job's id is taken")),
        }
    }
}

/// Which condition refused a submit's transaction.
enum Refusal {
    /// The job's or the key's, which decides how the submit ended.
    Final(Accepted),
    /// The account's, with the account as it is now.
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
