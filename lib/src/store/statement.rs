//! The ledger as its organization reads it: page by page, the newest entry first, in the order of
//! posting.
//!
//! The order comes from a local index of the ledger table, read consistently. So no entry is
//! missed, and none comes twice.

use super::error::{StoreError, trouble};
use super::{EntryKind, LedgerLine, Store, Table};
use crate::id::{OrgId, TransactionId};
use crate::time::Timestamp;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use tokio::time::Instant;

/// The local index of the ledger by `sequence`.
const BY_SEQUENCE: &str = "by-sequence";
/// How many entries the second and last query of a search reads. An entry has some 400 bytes. A
/// query reads at most 1 MB, which costs 256 read units, as in a list of jobs (`history.rs`).
const SECOND_STEP: usize = 2_000;

/// Which entries are listed. The default is all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Which {
    pub kind: Option<EntryKind>,
    /// Posted at this second or later.
    pub from: Option<Timestamp>,
    /// Posted before this second.
    pub until: Option<Timestamp>,
}

/// One page of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub lines: Vec<LedgerLine>,
    /// The entry after which the next page begins, if there may be one. It is the last entry
    /// listed, or an older one that was read and did not match.
    pub more_after: Option<TransactionId>,
}

impl Which {
    /// Whether nothing is filtered out.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    fn filter(&self, query: QueryFluentBuilder) -> QueryFluentBuilder {
        // As `posted` of an entry begins.
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
    /// The `sequence` of the entry with this id. `None` when the organization has no such entry.
    pub async fn place_of(
        &self,
        org: OrgId,
        id: &TransactionId,
    ) -> Result<Option<u64>, StoreError> {
        Ok(self.line(org, id).await?.map(|line| line.sequence))
    }

    /// Lists at most `most` matching entries, from `below` (exclusive) or from the end of the
    /// ledger.
    ///
    /// A filter is applied after the read, so the page may be short although there are more. Then
    /// [`Statement::more_after`] is set. At most about 2,000 entries are read, fewer if the store's
    /// budget ends first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the budget ends during the first query.
    pub async fn statement(
        &self,
        org: OrgId,
        which: Which,
        below: Option<u64>,
        most: usize,
    ) -> Result<Statement, StoreError> {
        let end = Instant::now() + self.budget;
        let (mut lines, mut from) = (Vec::new(), None);
        for step in [most.saturating_add(1), SECOND_STEP] {
            let looked = self
                .retry_until(end, || async {
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
                // The first query is done. The caller goes on from its last entry and does not read
                // it again.
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
            at.map_err(|error| StoreError::Broken(error.into()))?.map(|LastRead { id }| id)
        };
        Ok(Statement { lines, more_after })
    }
}

/// The key of the last entry that DynamoDB read.
#[derive(serde::Deserialize)]
struct LastRead {
    id: TransactionId,
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
