//! Reads an organization's account, ledger and jobs, and has them compared. Changes nothing.

use super::error::{StoreError, Trouble, trouble};
use super::{Store, Table, account, item};
use crate::audit::{Books, Difference, Stated};
use crate::id::OrgId;
use crate::time::Timestamp;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::stream::{self, StreamExt};
use std::ops::ControlFlow;
use std::time::Duration;

/// How often an account is looked at that moves meanwhile. A look at a thousand jobs takes 100 ms:
/// who moves money five times in a row within that is busy, not wrong.
const LOOKS: u32 = 5;
/// Between two looks: a transaction takes about 12 ms, and a burst of submits a second.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// So many organizations are looked at at once: enough that waiting for DynamoDB is not what takes
/// the time.
const AT_ONCE: usize = 8;

/// What an audit of one organization found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audited {
    /// Everything agrees.
    Agrees,
    /// It does not, which was seen twice; if money moved during every look, these are only the
    /// differences that no movement explains.
    Differs(Vec<Difference>),
    /// Money moved during every look, and what shows all the same is in order: of the sums nothing
    /// can be said.
    Moved,
}

impl Store {
    /// Audits every organization, several at once, and tells of each as it is done. Needs the
    /// tables of accounts, of the ledger and of jobs.
    pub async fn audit_all(
        &self,
        mut told: impl FnMut(OrgId, Result<Audited, StoreError>),
    ) -> Result<(), StoreError> {
        let audits =
            self.orgs().await?.into_iter().map(|org| async move { (org, self.audit(org).await) });
        let mut audits = stream::iter(audits).buffer_unordered(AT_ONCE);
        while let Some((org, audited)) = audits.next().await {
            // One that was there a moment ago and has no account is nobody's: accounts are not
            // deleted.
            if let Some(audited) = audited.transpose() {
                told(org, audited);
            }
        }
        Ok(())
    }

    /// Compares an organization's account with its ledger and jobs, all of it at a moment in which
    /// no money moved. A query may see one item of a transaction before another, so a difference
    /// counts when two looks in a row find the same. `None` when there is no such account.
    pub async fn audit(&self, org: OrgId) -> Result<Option<Audited>, StoreError> {
        // of all looks: how long a job has been open is told alike by each
        let now = self.ambient.now();
        let mut before = Vec::new();
        for look in 0..LOOKS {
            if look > 0 {
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
            let Some(stated) = self.stated(org).await? else { return Ok(None) };
            let (moved, found) = self.look(org, &stated, now).await?;
            match (moved, found.is_empty()) {
                (false, true) => return Ok(Some(Audited::Agrees)),
                (_, false) if found == before => return Ok(Some(Audited::Differs(found))),
                _ => before = found,
            }
        }
        before.retain(Difference::stands_whatever_moves);
        Ok(Some(if before.is_empty() { Audited::Moved } else { Audited::Differs(before) }))
    }

    /// Whether the account moved meanwhile, and the differences; if it moved, those that are some
    /// all the same.
    async fn look(
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
                // `#` before the words that are DynamoDB's own.
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
        // Every one of them has been told by now. Without them the sums would say nothing.
        if unreadable > 0 {
            return Err(StoreError::Broken(
                format!("{unreadable} of its items cannot be read; the log says which and why")
                    .into(),
            ));
        }
        let moved = self.stated(org).await?.is_none_or(|now| now.revision != stated.revision);
        let mut found =
            books.differences(stated).map_err(|error| StoreError::Broken(error.into()))?;
        found.retain(|difference| !moved || difference.stands_whatever_moves());
        Ok((moved, found))
    }

    /// The account as it is written, whether its numbers agree or not.
    async fn stated(&self, org: OrgId) -> Result<Option<Stated>, StoreError> {
        let found = self
            .retried(|| async {
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

    /// Every organization that has an account. It reads the whole table of accounts.
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
