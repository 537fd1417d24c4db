//! Reads an organization's account, ledger and jobs, and has them compared. Changes nothing.

use super::error::{StoreError, Trouble, trouble};
use super::{Store, Table, account, item};
use crate::audit::{Books, Difference, Stated};
use crate::id::OrgId;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::stream::{self, StreamExt};
use std::ops::ControlFlow;
use std::time::Duration;

/// How often an account is looked at that moves meanwhile. A look at a thousand jobs takes 100 ms: who moves money five times in a row
/// within that is busy, not wrong.
const LOOKS: u32 = 5;
/// Between two looks: a transaction takes about 12 ms, and a burst of submits a second.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// So many organizations are looked at at once: enough that waiting for DynamoDB is not what takes the time.
const AT_ONCE: usize = 8;

/// What an audit of one organization found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audited {
    /// Everything agrees.
    Agrees,
    /// It does not, and nothing moved while that was seen twice.
    Differs(Vec<Difference>),
    /// Money moved during every look: nothing can be said.
    Moved,
}

impl Store {
    /// Audits every organization, several at once, and tells of each as it is done. Needs the tables of accounts, of the ledger and
    /// of jobs.
    pub async fn audit_all(&self, mut told: impl FnMut(OrgId, Result<Audited, StoreError>)) -> Result<(), StoreError> {
        let audits = self.orgs().await?.into_iter().map(|org| async move { (org, self.audit(org).await) });
        let mut audits = stream::iter(audits).buffer_unordered(AT_ONCE);
        while let Some((org, audited)) = audits.next().await {
            // One that was there a moment ago and has no account is nobody's: accounts are not deleted.
            if let Some(audited) = audited.transpose() {
                told(org, audited);
            }
        }
        Ok(())
    }

    /// Compares an organization's account with its ledger and jobs, at a moment in which no money moved. A query may see one item of a
    /// transaction before another, so a difference counts when two looks in a row find the same. `None` when there is no such account.
    pub async fn audit(&self, org: OrgId) -> Result<Option<Audited>, StoreError> {
        let mut before = None;
        for look in 0..LOOKS {
            if look > 0 {
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
            let Some(stated) = self.stated(org).await? else { return Ok(None) };
            let found = self.look(org, &stated).await?;
            match found {
                Some(differences) if differences.is_empty() => return Ok(Some(Audited::Agrees)),
                Some(differences) if before.as_ref() == Some(&differences) => {
                    return Ok(Some(Audited::Differs(differences)));
                }
                _ => before = found,
            }
        }
        Ok(Some(Audited::Moved))
    }

    /// The differences, or `None` when the account moved meanwhile.
    async fn look(&self, org: OrgId, stated: &Stated) -> Result<Option<Vec<Difference>>, StoreError> {
        let mut books = Books::default();
        self.each_entry(org, |found| {
            books.posted(item::to_posting(found)?)?;
            Ok(ControlFlow::Continue(()))
        })
        .await?;
        self.each_item(
            |from| async move {
                let query = self.db.query().table_name(self.table(Table::Jobs)).consistent_read(true);
                let query = query.key_condition_expression("org = :org").set_exclusive_start_key(from);
                let query = query.expression_attribute_values(":org", AttributeValue::S(org.to_string()));
                let query = query.projection_expression("job, #status, cost");
                let answer = query.expression_attribute_names("#status", "status").send().await.map_err(trouble)?;
                Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
            },
            |found| {
                let (job, status, cost) = item::to_costs(found)?;
                books.job(job, status, cost)?;
                Ok(ControlFlow::Continue(()))
            },
        )
        .await?;
        let moved = self.stated(org).await?.is_none_or(|now| now.revision != stated.revision);
        let differences = books.differences(stated).map_err(|error| StoreError::Broken(error.into()))?;
        Ok((!moved).then_some(differences))
    }

    /// The account as it is written, whether its numbers agree or not.
    async fn stated(&self, org: OrgId) -> Result<Option<Stated>, StoreError> {
        let found = self
            .retried(|| async {
                let get = self.db.get_item().table_name(self.table(Table::Accounts)).set_key(Some(account::key(org)));
                get.consistent_read(true).send().await.map(|answer| answer.item).map_err(trouble)
            })
            .await?;
        found.map(item::to_stated).transpose().map_err(StoreError::Broken)
    }

    /// Every organization that has an account. It reads the whole table of accounts.
    pub async fn orgs(&self) -> Result<Vec<OrgId>, StoreError> {
        self.all_items(
            |from| async move {
                let scan = self.db.scan().table_name(self.table(Table::Accounts)).projection_expression("org");
                let answer = scan.set_exclusive_start_key(from).send().await.map_err(trouble)?;
                Ok::<_, Trouble>((answer.items.unwrap_or_default(), answer.last_evaluated_key))
            },
            item::to_org,
        )
        .await
    }
}
