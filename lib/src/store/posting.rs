//! Postings: an entry and the balance, and for a charge the job, all or nothing, in the order of
//! the ledger.
//!
//! Each is written on the condition that the account has as many entries as when its place and its
//! balance were worked out; so of two that were worked out over the same end of the ledger one is
//! refused and takes the next place, and holds and releases, which add no entry, refuse none. An
//! attempt whose answer was lost may stand, or arrive late and stand then: what it is for is asked
//! first, and the job or the entry that is found there says that it is ours, wherever in the ledger
//! it stands, while the conditions of its later attempts, each under a token of its own place, fail
//! on that very item.

use super::account::{OnlyIf, key};
use super::error::{Item, StoreError, Trouble, refused, trouble};
use super::item::{self, LedgerEnd};
use super::{Entry, LedgerLine, Store, Table};
use crate::account::Change;
use crate::error::BoxError;
use crate::money::MoneyOverflow;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use sha2::{Digest, Sha256};

/// What became of a posting.
#[derive(Debug)]
pub(super) enum Posting {
    /// It stands by this attempt.
    Done,
    /// The job was written before: the item that is there, if one is.
    JobWritten(Option<Item>),
    /// The cause was posted before: its entry.
    EntryThere(Item),
    /// There is no such account.
    NoAccount,
}

/// A posting that is wanted: the entry, what it does to the account, and the job that is written
/// with it.
pub(super) struct Wanted<'a> {
    pub(super) entry: &'a Entry,
    pub(super) change: Change,
    pub(super) job: Option<&'a TransactWriteItem>,
    /// Names the logical write.
    pub(super) name: &'a str,
}

impl Store {
    /// Posts at the end of the ledger. An attempt that another posting came before, or that met
    /// another transaction, waits as every attempt does and then looks where the ledger ends by
    /// now: to try at once with what the refusal told is sooner done, and costs twice the
    /// transactions, which is what the others wait for. Whoever came before was written, so of many
    /// one always gets on.
    pub(super) async fn post_at_the_end(&self, wanted: &Wanted<'_>) -> Result<Posting, StoreError> {
        self.retried(|| async {
            let Some(end) = self.ledger_end(wanted).await? else { return Ok(Posting::NoAccount) };
            let (writes, token) = self.over(end, wanted).map_err(Trouble::Final)?;
            let transaction = self.db.transact_write_items().set_transact_items(Some(writes));
            let reasons = match transaction.client_request_token(token).send().await {
                Ok(_) => return Ok(Posting::Done),
                Err(error) => refused(error)?,
            };
            let [account, entry, job] = failed(reasons);
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

    /// The transaction that posts over this end: the account, the entry, and the job. Its token is
    /// made of what decides its content.
    fn over(
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

/// The entry in the place after this end.
fn next(end: LedgerEnd, entry: &Entry) -> Result<LedgerLine, MoneyOverflow> {
    let balance_after = end.balance.plus(entry.amount)?;
    Ok(LedgerLine { entry: entry.clone(), sequence: end.entries + 1, balance_after })
}

/// One token for one content: DynamoDB takes a second transaction under a token for the first one,
/// or refuses it if it is another.
fn token(name: &str, sequence: u64) -> String {
    let digest = Sha256::digest(format!("{name}/{sequence}"));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Whose conditions failed, of the account, the entry and the job, each with the item that is
/// there.
fn failed(reasons: Vec<CancellationReason>) -> [Option<Option<Item>>; 3] {
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
