//! The ledger as its organization reads it: the newest entry first, part by part, in the order in
//! which they were posted. The order is an index of the ledger's own, which is read as consistently
//! as the table itself; no entry is missed, and none comes twice.

use super::error::{StoreError, trouble};
use super::{EntryKind, LedgerLine, Store, Table};
use crate::id::{OrgId, TransactionId};
use crate::time::Timestamp;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use tokio::time::Instant;

/// The index of the ledger in the order of posting.
const BY_SEQUENCE: &str = "by-sequence";
/// The second look at what is filtered, in entries of some 400 bytes, and the last one. A look
/// reads 1 MB at most, which takes 256 units: as many as a list of jobs may take, for the same
/// reason (`history.rs`).
const SECOND_LOOK: usize = 2_000;

/// Which entries are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Which {
    /// Of this kind.
    pub kind: Option<EntryKind>,
    /// Posted at this second or later.
    pub from: Option<Timestamp>,
    /// Posted before this second.
    pub until: Option<Timestamp>,
}

/// A part of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The newest first.
    pub lines: Vec<LedgerLine>,
    /// The entry after which the next part begins, if there may be one: the last of these, or the
    /// last that was looked at and is not asked for.
    pub more_after: Option<TransactionId>,
}

impl Which {
    /// Whether that is all of them.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    fn filter(&self, query: QueryFluentBuilder) -> QueryFluentBuilder {
        // as an entry's `posted` begins
        let moment = |at: Timestamp| format!("{:015}", at.unix_s().saturating_mul(1_000));
        let conditions = [
            ("kind = :kind", ":kind", self.kind.map(|kind| kind.as_str().to_owned())),
            ("posted >= :from", ":from", self.from.map(moment)),
            ("posted < :until", ":until", self.until.map(moment)),
        ];
        let given: Vec<_> = conditions
            .into_iter()
            .filter_map(|(says, name, value)| Some((says, name, value?)))
            .collect();
        let expression = given.iter().map(|(says, ..)| *says).collect::<Vec<_>>().join(" AND ");
        let query = query.set_filter_expression((!expression.is_empty()).then_some(expression));
        given.into_iter().fold(query, |query, (_, name, value)| {
            query.expression_attribute_values(name, AttributeValue::S(value))
        })
    }
}

impl Store {
    /// The place in the ledger of the organization's transaction with this id; `None` when it has
    /// none.
    pub async fn place_of(
        &self,
        org: OrgId,
        id: &TransactionId,
    ) -> Result<Option<u64>, StoreError> {
        Ok(self.line(org, id).await?.map(|line| line.sequence))
    }

    /// At most `most` entries below a place in the ledger, or from its end: those that are asked
    /// for, out of the 2,000 next ones, or out of fewer when the store's budget is over before.
    pub async fn statement(
        &self,
        org: OrgId,
        which: Which,
        below: Option<u64>,
        most: usize,
    ) -> Result<Statement, StoreError> {
        let end = Instant::now() + self.budget;
        let (mut lines, mut from) = (Vec::new(), None);
        for step in [most.saturating_add(1), SECOND_LOOK] {
            let looked = self
                .retried_until(end, || async {
                    let query = which.filter(self.db.query().table_name(self.table(Table::Ledger)));
                    let query = query
                        .index_name(BY_SEQUENCE)
                        .scan_index_forward(false)
                        .consistent_read(true);
                    let query = query.key_condition_expression("org = :org AND #sequence < :below");
                    let query = query.expression_attribute_names("#sequence", "sequence");
                    let query = query
                        .expression_attribute_values(":org", AttributeValue::S(org.to_string()));
                    let query = query
                        .expression_attribute_values(":below", number(below.unwrap_or(u64::MAX)));
                    let query = query
                        .limit(i32::try_from(step).unwrap_or(i32::MAX))
                        .set_exclusive_start_key(from.clone());
                    let answer = query.send().await.map_err(trouble)?;
                    Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
                })
                .await;
            let (items, next) = match looked {
                Ok(page) => page,
                // What was looked through need not be looked through again: who asked goes on from
                // here.
                Err(StoreError::Unavailable(_)) if from.is_some() => break,
                Err(error) => return Err(error),
            };
            let line = |item| {
                self.readable(Table::Ledger, item, |item| Ok(serde_dynamo::from_item(item)?))
            };
            lines.extend(items.into_iter().filter_map(line));
            from = next;
            if lines.len() > most || from.is_none() {
                break;
            }
        }
        let more_after = if lines.len() > most {
            lines.truncate(most);
            lines.last().map(|line: &LedgerLine| line.entry.id.clone())
        } else {
            let at = from.map(serde_dynamo::from_item).transpose();
            at.map_err(|error| StoreError::Broken(error.into()))?.map(|LookedAt { id }| id)
        };
        Ok(Statement { lines, more_after })
    }
}

/// Where DynamoDB stopped.
#[derive(serde::Deserialize)]
struct LookedAt {
    id: TransactionId,
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
