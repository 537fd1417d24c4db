//! A posting: one transaction that adds one entry to an organization's ledger and moves the balance
//! of its account. The charge of a completed job is a posting that also writes the job.
//!
//! How an attempt works (`Store::post_at_the_end`):
//!
//! 1. It reads `entries` and `balance` of the account item, with a consistent read. Let them be n
//!    and b.
//! 2. It sends one transaction. All of its writes are committed, or none:
//!    - The account item: add the amount to `balance` and `available`, and 1 to `entries`. A charge
//!      also takes its hold and its place out of `held` and `open_jobs`. Condition: `entries` is
//!      still n.
//!    - The ledger entry with `sequence` n + 1 and `balance_after` b + amount. Condition: no item
//!      has its key. The key is made of the cause, so one cause posts once.
//!    - For a charge, the job with its new state. Condition: its `revision` is the one that was
//!      read.
//!
//! If two workers post to one account at once, both may read n. One of the two transactions
//! commits. The other fails on the condition of the account, and its worker begins again at step 1.
//! So entries are numbered 1, 2, 3 … in the order of the commits. Only postings change `balance`
//! and `entries`, and always both. A hold or a release changes neither, so it makes no posting fail
//! on that condition. It may still end a transaction with `TransactionConflict`, which is tried
//! again.
//!
//! If the answer to an attempt is lost, that attempt may have been committed, or may be committed
//! later. No case posts twice:
//!
//! - It was committed before the next attempt read the account. The next attempt fails on the
//!   condition of the job or of the entry, and DynamoDB returns that item. A job that carries our
//!   write id, or the entry that was wanted, means that the posting is done. The entries are
//!   compared without their place and their running sum.
//! - It is committed after the next attempt has read the same n. Both attempts have the same
//!   content and the same idempotency token, so DynamoDB answers the second as the first.
//! - It arrives when `entries` is no longer n: another worker posted, or the next attempt did. Then
//!   it fails on the condition of the account.
//!
//! Several conditions may fail at once. The job and the entry tell whether this posting is done.
//! The account tells only that some posting came first. So the condition of the job is looked at
//! first, then that of the entry, then the account's.

use super::account::{OnlyIf, key};
use super::error::{Item, StoreError, Trouble, refused, trouble};
use super::item::{self, LedgerEnd};
use super::{Entry, LedgerLine, Store, Table};
use crate::account::Change;
use crate::error::BoxError;
use crate::money::MoneyOverflow;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use sha2::{Digest, Sha256};

/// How a posting ended.
#[derive(Debug)]
pub(super) enum Posting {
    /// This attempt was committed.
    Done,
    /// The condition of the job failed: its revision is another one. With the job's item, if there
    /// is one. Its write id tells whether an earlier attempt of ours or another worker wrote it.
    JobWritten(Option<Item>),
    /// The condition of the entry failed: the cause was posted before. With that entry, which may
    /// be from an earlier attempt of ours.
    EntryThere(Item),
    /// The organization has no account item.
    NoAccount,
}

/// A posting to make.
pub(super) struct Wanted<'a> {
    pub(super) entry: &'a Entry,
    /// What the account's numbers change by. `change.balance` is the entry's amount.
    pub(super) change: Change,
    /// For a charge: the update of the job, with its condition.
    pub(super) job: Option<&'a TransactWriteItem>,
    /// The same for all attempts of one posting, and for no other posting. For a charge it is the
    /// write id of the job, else it is made of organization, cause and time of the entry.
    pub(super) name: &'a str,
}

impl Store {
    /// Posts after the last entry of the ledger. A repeat is safe: one cause posts once.
    ///
    /// A lost race or a `TransactionConflict` is a passing error: [`Store::retry`] waits, and the
    /// next attempt reads the account again. Without that wait and read, a single worker would be
    /// faster. Many workers would send about twice as many transactions, and each refused one can
    /// make another fail with a conflict. The waits are random, so rivals do not meet for ever.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the budget ends first. Then the posting may have been
    /// committed, or may be committed later. [`Store::end`] reads the job once more to find out.
    /// The caller of [`Store::post`] may repeat it.
    pub(super) async fn post_at_the_end(&self, wanted: &Wanted<'_>) -> Result<Posting, StoreError> {
        self.retry(|| async {
            let Some(end) = self.ledger_end(wanted).await? else { return Ok(Posting::NoAccount) };
            let (writes, token) = self.transaction(end, wanted).map_err(Trouble::Final)?;
            let attempt = self.db.transact_write_items().set_transact_items(Some(writes));
            let reasons = match attempt.client_request_token(token).send().await {
                Ok(_) => return Ok(Posting::Done),
                Err(error) => refused(error)?,
            };
            let [account, entry, job] = failed_conditions(reasons);
            match (job, entry.flatten(), account.flatten()) {
                (Some(found), ..) => Ok(Posting::JobWritten(found)),
                (None, Some(found), _) => Ok(Posting::EntryThere(found)),
                (None, None, Some(_)) => Err(Trouble::Passing("another posting came first".into())),
                (None, None, None) => Ok(Posting::NoAccount),
            }
        })
        .await
    }

    async fn ledger_end(&self, wanted: &Wanted<'_>) -> Result<Option<LedgerEnd>, Trouble> {
        let get = self
            .db
            .get_item()
            .table_name(self.table(Table::Accounts))
            .set_key(Some(key(wanted.entry.org)));
        let get = get.projection_expression("entries, balance").consistent_read(true);
        let found = get.send().await.map_err(trouble)?.item;
        found.map(item::to_ledger_end).transpose().map_err(Trouble::Final)
    }

    /// The writes of one attempt, in the order account, entry, job, and the attempt's idempotency
    /// token.
    fn transaction(
        &self,
        end: LedgerEnd,
        wanted: &Wanted<'_>,
    ) -> Result<(Vec<TransactWriteItem>, String), BoxError> {
        let line = next(end, wanted.entry)?;
        let account =
            self.change_account(wanted.entry.org, wanted.change, OnlyIf::Entries(end.entries))?;
        let writes =
            [account, self.put_line(&line)?].into_iter().chain(wanted.job.cloned()).collect();
        Ok((writes, token(wanted.name, line.sequence)))
    }
}

/// The entry with its place after the last one, and with the balance after it.
fn next(end: LedgerEnd, entry: &Entry) -> Result<LedgerLine, MoneyOverflow> {
    let balance_after = end.balance.plus(entry.amount)?;
    Ok(LedgerLine { entry: entry.clone(), sequence: end.entries + 1, balance_after })
}

/// The idempotency token of an attempt. For ten minutes, DynamoDB treats two transactions with one
/// token as one, and refuses the second if its content differs. Attempts at the same place have the
/// same content, since `balance` never changes without `entries`. An attempt at another place needs
/// another token. All attempts of a posting fit into ten minutes: the longest budget is the life of
/// `store-video`, which is five.
fn token(name: &str, sequence: u64) -> String {
    let digest = Sha256::digest(format!("{name}/{sequence}"));
    hex::encode(&digest[..16])
}

/// For the account, the entry and the job: `None` if its condition held, else the item that
/// DynamoDB returned, if there is one.
fn failed_conditions(reasons: Vec<CancellationReason>) -> [Option<Option<Item>>; 3] {
    let mut reasons = reasons.into_iter();
    std::array::from_fn(|_| {
        reasons
            .next()
            .filter(|reason| reason.code() == Some("ConditionalCheckFailed"))
            .map(|reason| reason.item)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::OrgId;
    use crate::money::Money;
    use uuid::Uuid;

    fn mxn(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn an_entry_takes_the_place_after_the_end_and_carries_the_sum_up_to_it() {
        let org = OrgId::from_uuid(Uuid::nil());
        let recharge = Entry::recharge(org, "payment-1", mxn("500"), 0);
        let place = |entries, balance: &str| {
            let line = next(LedgerEnd { entries, balance: mxn(balance) }, &recharge).unwrap();
            (line.sequence, line.balance_after)
        };
        assert_eq!(place(0, "0"), (1, mxn("500")));
        assert_eq!(place(7, "-4.20"), (8, mxn("495.80")));
        let full = LedgerEnd { entries: 1, balance: Money::from_micros(i64::MAX) };
        assert_eq!(next(full, &recharge), Err(MoneyOverflow));
    }

    #[test]
    fn another_place_or_another_write_has_another_token() {
        assert_eq!(token("write", 7), token("write", 7));
        assert!(token("write", 7) != token("write", 8) && token("write", 7) != token("other", 7));
        assert_eq!(token("write", 7).len(), 32, "DynamoDB takes 36 characters at most");
    }
}
