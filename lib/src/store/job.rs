//! Jobs: accepted together with their hold, written over the revision that was read, ended together with their money.

use super::account::OnlyIf;
use super::error::{Item, StoreError, Trouble, trouble};
use super::idempotency::replay;
use super::posting::{Posting, Wanted};
use super::{Entry, Idempotency, Store, Table, item};
use crate::account::{Account, Change, HoldRefused};
use crate::id::{JobId, OrgId};
use crate::job::{Job, State};
use crate::outbound::BoxError;
use crate::queue::Message;
use crate::time::Timestamp;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use std::time::Duration;

/// The index of open jobs is spread over this many partitions, so that a busy gateway does not write to one.
pub const SHARDS: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

/// DynamoDB's word for a write whose condition did not hold.
const CONDITION_FAILED: &str = "ConditionalCheckFailed";

/// How long a write whose answers were lost is looked for: the budget is used up by then, and somebody waits.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// The index of open jobs by the moment they are due.
const OPEN_BY_DUE: &str = "open-by-due";

/// What became of a submit's transaction.
#[derive(Debug)]
pub enum Accepted {
    /// The job is stored and its cost held.
    Stored,
    /// The account refused the hold; nothing was written.
    Refused(HoldRefused),
    /// The same request was accepted before under this idempotency key, as this job; nothing was written.
    Replayed(JobId),
    /// The idempotency key was used for another request; nothing was written.
    KeyReused,
}

/// What became of a write over a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It stands, by this write or by an earlier attempt of it.
    Done,
    /// Somebody else wrote the job first; nothing was changed.
    Overtaken,
}

/// The partition of the index of open jobs: the last hex digit, which is random in every UUID version.
pub(super) fn shard(job: JobId) -> String {
    let text = job.to_string();
    text[text.len() - 1..].to_owned()
}

impl Store {
    /// Stores a new job, holds its cost and records its idempotency key, all or nothing. A repeat of the same job is one job and one
    /// hold. A refusal is read in this order: the key was used before, then the account.
    pub async fn accept(&self, job: &Job, idempotency: Option<&Idempotency>) -> Result<Accepted, StoreError> {
        let write = self.new_write();
        let mut writes = vec![
            self.put_job(job, &write, None).map_err(StoreError::Broken)?,
            self.change_account(job.org, Change::hold(job.cost), OnlyIf::HasRoom).map_err(StoreError::Broken)?,
        ];
        if let Some(idempotency) = idempotency {
            writes.push(self.put_record(job, idempotency).map_err(StoreError::Broken)?);
        }
        let [job_refused, account_refused, key_refused] = match self.transact(&writes, &write).await {
            Ok(None) => return Ok(Accepted::Stored),
            Ok(Some(reasons)) => refused_items(reasons),
            Err(error) => return self.landed(job, &write, error).await.map(|()| Accepted::Stored),
        };
        if let (Some(found), Some(idempotency)) = (key_refused, idempotency) {
            return replay(found, job, idempotency).map_err(StoreError::Broken);
        }
        if let Some(found) = job_refused {
            return if is_by(&found, &write) { Ok(Accepted::Stored) } else { Err(broken("a new job's id is taken")) };
        }
        let account = account_refused.ok_or_else(|| broken("the organization has no account"))?;
        let account = item::to_account(account).map_err(StoreError::Broken)?;
        match account.hold_refusal(job.cost) {
            Ok(Some(why)) => Ok(Accepted::Refused(why)),
            _ => Err(broken("the account refused a hold that it has room for")),
        }
    }

    /// Writes a moved job over the revision before it. A job that has just ended takes its hold with it, and a completed one is
    /// charged, in the same transaction. A deleted one had ended before, and moves no money. A repeat is the same write.
    pub async fn write(&self, job: &Job) -> Result<Written, StoreError> {
        let change = match job.state {
            _ if job.deletion.is_some() => return self.write_alone(job).await,
            State::Pending { .. } | State::Processing(_) => return self.write_alone(job).await,
            State::Completed { .. } => Change::settle(job.cost),
            State::Failed { .. } => Change::release(job.cost),
        };
        let change = change.map_err(|error| StoreError::Broken(error.into()))?;
        let written = self.write_ended(job, change).await?;
        if written == Written::Done {
            self.metrics.ended(job);
        }
        Ok(written)
    }

    async fn write_ended(&self, job: &Job, change: Change) -> Result<Written, StoreError> {
        let write = self.new_write();
        let put = self.put_job(job, &write, Some(job.revision - 1)).map_err(StoreError::Broken)?;
        let written = match job.state {
            State::Completed { at, .. } if change.entries > 0 => {
                let entry = Entry::consumption(job, at, change.balance);
                self.post_at_the_end(&Wanted { entry: &entry, change, job: Some(&put), name: &write }).await
            }
            _ => self.write_uncharged(job, put, change, &write).await,
        };
        match written {
            Err(error) => self.landed(job, &write, error).await.map(|()| Written::Done),
            Ok(Posting::Done) => Ok(Written::Done),
            Ok(Posting::JobWritten(found)) => Ok(overtaken_or_done(found.as_ref(), &write)),
            Ok(Posting::EntryThere(_) | Posting::NoAccount) => {
                Err(broken("the account or the ledger contradicts the job"))
            }
        }
    }

    /// A job that ends without a charge takes its hold with it, wherever the ledger ends.
    async fn write_uncharged(
        &self,
        job: &Job,
        put: TransactWriteItem,
        change: Change,
        write: &str,
    ) -> Result<Posting, StoreError> {
        let account = self.change_account(job.org, change, OnlyIf::Exists).map_err(StoreError::Broken)?;
        let Some(reasons) = self.transact(&[put, account], write).await? else { return Ok(Posting::Done) };
        let job_refused = reasons.first().is_some_and(|reason| reason.code() == Some(CONDITION_FAILED));
        let [found, ..] = refused_items(reasons);
        Ok(if job_refused { Posting::JobWritten(found) } else { Posting::NoAccount })
    }

    async fn write_alone(&self, job: &Job) -> Result<Written, StoreError> {
        let write = self.new_write();
        let refused = self
            .retried(|| async {
                let put = self.db.put_item().table_name(self.table(Table::Jobs));
                let put = put.set_item(Some(item::from_job(job, &write).map_err(Trouble::Final)?));
                let put = put.condition_expression("revision = :read");
                let put = put.expression_attribute_values(":read", number(job.revision - 1));
                let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
                match put.send().await {
                    Ok(_) => Ok(None),
                    Err(error) => match error.as_service_error() {
                        Some(PutItemError::ConditionalCheckFailedException(failed)) => Ok(Some(failed.item().cloned())),
                        _ => Err(trouble(error)),
                    },
                }
            })
            .await;
        match refused {
            Err(error) => self.landed(job, &write, error).await.map(|()| Written::Done),
            Ok(None) => Ok(Written::Done),
            Ok(Some(found)) => Ok(overtaken_or_done(found.as_ref(), &write)),
        }
    }

    /// A write whose answers were all lost may stand all the same: the item is read once more, and tells by the write's name.
    async fn landed(&self, job: &Job, write: &str, error: StoreError) -> Result<(), StoreError> {
        if let StoreError::Broken(_) = error {
            return Err(error);
        }
        let found = self.trying_for(LAST_LOOK).item(job.org, job.id).await?;
        if found.is_some_and(|found| is_by(&found, write)) { Ok(()) } else { Err(error) }
    }

    /// The job, as it stands now.
    pub async fn job(&self, org: OrgId, job: JobId) -> Result<Option<Job>, StoreError> {
        self.item(org, job).await?.map(item::to_job).transpose().map_err(StoreError::Broken)
    }

    async fn item(&self, org: OrgId, job: JobId) -> Result<Option<Item>, StoreError> {
        self.retried(|| async {
            let get = self.db.get_item().table_name(self.table(Table::Jobs)).set_key(Some(key(org, job)));
            get.consistent_read(true).send().await.map(|answer| answer.item).map_err(trouble)
        })
        .await
    }

    /// The job and its organization's account, in one round trip.
    pub async fn job_and_account(&self, org: OrgId, job: JobId) -> Result<(Option<Job>, Option<Account>), StoreError> {
        let (jobs, accounts) = (self.table(Table::Jobs), self.table(Table::Accounts));
        let wanted = |key: Item| {
            KeysAndAttributes::builder()
                .keys(key)
                .consistent_read(true)
                .build()
                .map_err(|error| Trouble::Final(error.into()))
        };
        let mut found = self
            .retried(|| async {
                let get = self.db.batch_get_item();
                let get = get.request_items(jobs, wanted(key(org, job))?);
                let get = get.request_items(accounts, wanted(super::account::key(org))?);
                let answer = get.send().await.map_err(trouble)?;
                if answer.unprocessed_keys().is_some_and(|keys| !keys.is_empty()) {
                    return Err(Trouble::Passing("DynamoDB left keys unprocessed".into()));
                }
                Ok(answer.responses.unwrap_or_default())
            })
            .await?;
        let mut first = |table: &str| found.remove(table).and_then(|mut items| items.pop());
        let job = first(jobs).map(item::to_job).transpose().map_err(StoreError::Broken)?;
        let account = first(accounts).map(item::to_account).transpose().map_err(StoreError::Broken)?;
        Ok((job, account))
    }

    /// At most `most` open jobs of one shard of the index that were due before a moment, the most overdue first. The index lags a
    /// little: what it names is read again before anything is done.
    pub async fn overdue(&self, shard: &str, before: Timestamp, most: i32) -> Result<Vec<Message>, StoreError> {
        let items = self
            .retried(|| async {
                let query = self.db.query().table_name(self.table(Table::Jobs)).index_name(OPEN_BY_DUE);
                let query = query.key_condition_expression("#open = :shard AND due < :before");
                let query = query.expression_attribute_names("#open", "open");
                let query = query.expression_attribute_values(":shard", AttributeValue::S(shard.to_owned()));
                let query =
                    query.expression_attribute_values(":before", AttributeValue::N(before.unix_s().to_string()));
                query.limit(most).send().await.map(|answer| answer.items.unwrap_or_default()).map_err(trouble)
            })
            .await?;
        serde_dynamo::from_items(items).map_err(|error| StoreError::Broken(error.into()))
    }

    /// Names one logical write, whatever is retried of it. Two workers may want to write the very same job: the name tells whose stands.
    fn new_write(&self) -> String {
        self.ambient.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn put_job(&self, job: &Job, write: &str, over: Option<u64>) -> Result<TransactWriteItem, BoxError> {
        let put = Put::builder().table_name(self.table(Table::Jobs)).set_item(Some(item::from_job(job, write)?));
        let put = match over {
            None => put.condition_expression("attribute_not_exists(job)"),
            Some(revision) => {
                put.condition_expression("revision = :read").expression_attribute_values(":read", number(revision))
            }
        };
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld).build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// A job whose condition failed was written by us, in an earlier attempt whose answer was lost, or by somebody else.
fn overtaken_or_done(found: Option<&Item>, write: &str) -> Written {
    if found.is_some_and(|found| is_by(found, write)) { Written::Done } else { Written::Overtaken }
}

fn is_by(found: &Item, write: &str) -> bool {
    found.get(item::WRITE).and_then(|value| value.as_s().ok()).is_some_and(|by| by == write)
}

/// The items that failed their conditions: of the job, of the account, and of the idempotency record or the ledger.
fn refused_items(reasons: Vec<aws_sdk_dynamodb::types::CancellationReason>) -> [Option<Item>; 3] {
    let mut reasons = reasons.into_iter().map(|reason| match reason.code.as_deref() {
        Some(CONDITION_FAILED) => reason.item,
        _ => None,
    });
    std::array::from_fn(|_| reasons.next().flatten())
}

fn broken(why: &'static str) -> StoreError {
    StoreError::Broken(why.into())
}

fn key(org: OrgId, job: JobId) -> Item {
    Item::from([
        ("org".to_owned(), AttributeValue::S(org.to_string())),
        ("job".to_owned(), AttributeValue::S(job.to_string())),
    ])
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
