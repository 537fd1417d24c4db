//! Reads an organization's account, ledger and jobs, and compares them. It changes nothing.

use super::error::{StoreError, Trouble, trouble};
use super::{Store, Table, account, item};
use crate::audit::{Books, Difference, Stated};
use crate::id::OrgId;
use crate::time::Timestamp;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::stream::{self, StreamExt};
use std::ops::ControlFlow;
use std::time::Duration;

/// How often an audit reads an account whose money moves meanwhile. Reading a thousand jobs takes
/// 100 ms. If money moves in each of five reads, the organization is busy, and nothing is wrong.
const READS: u32 = 5;
/// The wait between two reads. A transaction takes about 12 ms, a burst of submits a second.
const BETWEEN_READS: Duration = Duration::from_millis(500);
/// How many organizations are audited at once, so that the waits for DynamoDB overlap.
const AT_ONCE: usize = 8;

/// The result of the audit of one organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audited {
    Agrees,
    /// Two reads in a row found the same differences. If money moved during every read, these are
    /// only the differences that no movement explains.
    Differs(Vec<Difference>),
    /// Money moved during every read, so the sums were not compared. All else agrees.
    Moved,
}

impl Store {
    /// Audits every organization and calls `told` after each. The store needs the tables of
    /// accounts, of the ledger and of jobs.
    pub async fn audit_all(
        &self,
        mut told: impl FnMut(OrgId, Result<Audited, StoreError>),
    ) -> Result<(), StoreError> {
        let audits =
            self.orgs().await?.into_iter().map(|org| async move { (org, self.audit(org).await) });
        let mut audits = stream::iter(audits).buffer_unordered(AT_ONCE);
        while let Some((org, audited)) = audits.next().await {
            // `None` cannot happen: the account was read a moment ago, and accounts are never
            // deleted.
            if let Some(audited) = audited.transpose() {
                told(org, audited);
            }
        }
        Ok(())
    }

    /// Compares an organization's account with its ledger and jobs. `None` when there is no such
    /// account.
    ///
    /// If the account's `revision` is the same before and after a read, no money moved during it. A
    /// query may return one item of a transaction before another. So a difference counts only when
    /// two reads in a row find it.
    pub async fn audit(&self, org: OrgId) -> Result<Option<Audited>, StoreError> {
        // One time for all reads, so that each reports the same age of an open job.
        let now = self.ambient.now();
        let mut before = Vec::new();
        for read in 0..READS {
            if read > 0 {
                tokio::time::sleep(BETWEEN_READS).await;
            }
            let Some(stated) = self.read_stated(org).await? else { return Ok(None) };
            let (moved, found) = self.compare(org, &stated, now).await?;
            match (moved, found.is_empty()) {
                (false, true) => return Ok(Some(Audited::Agrees)),
                (_, false) if found == before => return Ok(Some(Audited::Differs(found))),
                _ => before = found,
            }
        }
        before.retain(Difference::stands_whatever_moves);
        Ok(Some(if before.is_empty() { Audited::Moved } else { Audited::Differs(before) }))
    }

    /// Reads everything once and compares. Returns whether money moved meanwhile, and the
    /// differences. If money moved, only those that are real all the same are returned.
    async fn compare(
        &self,
        org: OrgId,
        stated: &Stated,
        now: Timestamp,
    ) -> Result<(bool, Vec<Difference>), StoreError> {
        let (mut books, mut unreadable) = (Books::at(now), 0_usize);
        self.each_entry(org, |found| {
            match self.readable(Table::Ledger, found, item::to_posting) {
                Some(posting) => books.posted(posting)?,
                None => unreadable += 1,
            }
            Ok(ControlFlow::Continue(()))
        })
        .await?;
        self.each_item(
            |from| async move {
                let query =
                    self.db.query().table_name(self.table(Table::Jobs)).consistent_read(true);
                let query =
                    query.key_condition_expression("org = :org").set_exclusive_start_key(from);
                let query =
                    query.expression_attribute_values(":org", AttributeValue::S(org.to_string()));
                // DynamoDB reserves the words `status` and `open`, so names are written with `#`.
                let query = query.projection_expression("job, #status, cost, created, #open");
                let query = query
                    .filter_expression(item::NOT_VOID)
                    .expression_attribute_names("#void", item::VOID);
                let query = query.expression_attribute_names("#status", "status");
                let answer = query
                    .expression_attribute_names("#open", "open")
                    .send()
                    .await
                    .map_err(trouble)?;
                Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
            },
            |found| {
                match self.readable(Table::Jobs, found, item::to_standing) {
                    Some(standing) => books.job(standing)?,
                    None => unreadable += 1,
                }
                Ok(ControlFlow::Continue(()))
            },
        )
        .await?;
        // Each was logged above. Without them the sums would be wrong.
        if unreadable > 0 {
            return Err(StoreError::Broken(
                format!("{unreadable} of its items cannot be read; the log says which and why")
                    .into(),
            ));
        }
        let moved = self.read_stated(org).await?.is_none_or(|now| now.revision != stated.revision);
        let mut found =
            books.differences(stated).map_err(|error| StoreError::Broken(error.into()))?;
        found.retain(|difference| !moved || difference.stands_whatever_moves());
        Ok((moved, found))
    }

    /// Reads the account's numbers without checking that they agree.
    async fn read_stated(&self, org: OrgId) -> Result<Option<Stated>, StoreError> {
        let found = self
            .retry(|| async {
                let get = self
                    .db
                    .get_item()
                    .table_name(self.table(Table::Accounts))
                    .set_key(Some(account::key(org)));
                get.consistent_read(true).send().await.map(|answer| answer.item).map_err(trouble)
            })
            .await?;
        found.map(item::to_stated).transpose().map_err(StoreError::Broken)
    }

    /// Lists every organization that has an account. It reads the whole table of accounts.
    pub async fn orgs(&self) -> Result<Vec<OrgId>, StoreError> {
        self.all_items(
            Table::Accounts,
            |from| async move {
                let scan = self
                    .db
                    .scan()
                    .table_name(self.table(Table::Accounts))
                    .projection_expression("org");
                let answer = scan.set_exclusive_start_key(from).send().await.map_err(trouble)?;
                Ok::<_, Trouble>((answer.items.unwrap_or_default(), answer.last_evaluated_key))
            },
            item::to_org,
        )
        .await
    }
}
