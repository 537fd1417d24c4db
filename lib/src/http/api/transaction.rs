//! An entry of the ledger as `GET /v1/credits/transactions` shows it, and what a caller may ask of
//! them.

use super::List;
use super::schema::{Mxn, TransactionType, UnixSeconds, credit_transaction};
use crate::error::Refusal;
use crate::http::openapi::{Operation, Told, balance, in_query, limit, link, ok, page, text};
use crate::http::{ErrorCode, Query};
use crate::id::{JobId, TransactionId};
use crate::store::{EntryKind, LedgerLine, Statement, Which};
use serde::Serialize;
use utoipa::openapi::schema::Ref;
use utoipa::{PartialSchema, ToSchema};

/// A transaction, in this order. Amounts are decimal text in MXN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Transaction {
    /// `txn_` and 32 hex digits.
    #[schema(value_type = String, pattern = "^txn_[0-9a-f]{32}$")]
    pub id: TransactionId,
    #[schema(schema_with = credit_transaction)]
    pub object: &'static str,
    /// `bonus`, `recharge`, `consumption`, `refund` or `adjustment`.
    #[serde(rename = "type")]
    #[schema(value_type = TransactionType)]
    pub kind: &'static str,
    /// What it added to the balance; a consumption is below 0.
    #[schema(value_type = Mxn)]
    pub amount: String,
    /// The balance once it was posted: the sum of this transaction and all below it.
    #[schema(value_type = Mxn)]
    pub balance_after: String,
    /// The job of a consumption or a refund; null for the other types.
    #[schema(value_type = Option<String>, required, format = "uuid")]
    pub job: Option<JobId>,
    /// What a recharge or an adjustment was posted under, such as a payment's id; else null.
    #[schema(required)]
    pub reference: Option<String>,
    /// Why an adjustment or a refund was made, in the words of the person who made it; else null.
    #[schema(required)]
    pub description: Option<String>,
    /// When it was posted, in Unix seconds.
    #[schema(value_type = UnixSeconds)]
    pub created: i64,
    /// The row of the model's `prices` that a consumption was priced by; null for the other types.
    #[schema(required)]
    pub price_row: Option<String>,
}

impl From<LedgerLine> for Transaction {
    fn from(LedgerLine { entry, balance_after, .. }: LedgerLine) -> Self {
        let referred = matches!(entry.kind, EntryKind::Recharge | EntryKind::Adjustment);
        Self {
            object: "credit.transaction",
            kind: entry.kind.as_str(),
            amount: entry.amount.to_string(),
            balance_after: balance_after.to_string(),
            job: entry.job,
            reference: referred.then(|| entry.reference().to_owned()),
            created: entry.posted_at().unix_s(),
            description: entry.reason,
            price_row: entry.price_row,
            id: entry.id,
        }
    }
}

impl List<Transaction> {
    /// A part of the ledger. Where few of the entries are asked for it may be short, and even
    /// empty, with more to come: `last_id` is then the last entry that was looked at.
    pub fn of_transactions(statement: Statement) -> Self {
        let first_id = statement.lines.first().map(|line| line.entry.id.to_string());
        let last_id = statement.lines.last().map(|line| line.entry.id.to_string());
        let more_after = statement.more_after.map(|id| id.to_string());
        let has_more = more_after.is_some();
        let data = statement.lines.into_iter().map(Transaction::from).collect();
        Self { object: "list", data, first_id, last_id: more_after.or(last_id), has_more }
    }
}

impl Query {
    /// `type`, `created_from` and `created_until`: which transactions are asked for. The first
    /// second counts, the last does not, so that one period begins where the one before it ends.
    pub fn transactions(&self) -> Result<Which, Refusal> {
        let kind = self.one_of("type", &EntryKind::ALL.map(EntryKind::as_str))?;
        let kind =
            kind.and_then(|word| EntryKind::ALL.into_iter().find(|kind| kind.as_str() == word));
        let (from, until) = (self.unix_s("created_from")?, self.unix_s("created_until")?);
        if from.zip(until).is_some_and(|(from, until)| from >= until) {
            return Err(Refusal::invalid("created_until: it must be later than created_from"));
        }
        Ok(Which { kind, from, until })
    }
}

/// What the OpenAPI document calls a page of transactions.
const LIST: &str = "TransactionList";

/// `GET /v1/credits/transactions` in the OpenAPI document.
pub(super) fn list() -> Operation {
    let parameters = vec![
        limit(),
        in_query(
            "after",
            "The `last_id` of the page before: only transactions posted before that one.",
            text().pattern(Some("^txn_[0-9a-f]{32}$")),
        ),
        in_query(
            "type",
            "Only transactions of this type.",
            text().enum_values(Some(EntryKind::ALL.map(EntryKind::as_str))),
        ),
        in_query(
            "created_from",
            "Only transactions of this second and later.",
            UnixSeconds::schema(),
        ),
        in_query(
            "created_until",
            "Only transactions before this second; later than `created_from`.",
            UnixSeconds::schema(),
        ),
    ];
    let told = Told {
        id: "listTransactions",
        tag: "credits",
        summary: "Lists the transactions",
        description: "The ledger, newest posting first. The sum of all pages is the balance.",
        parameters,
        shapes: page::<Transaction>(LIST),
        answer: ok("A page of transactions.", Ref::from_schema_name(LIST))
            .header("x-geekhub-balance-mxn", balance())
            .link(
                "next",
                link("listTransactions", "after", "$response.body#/last_id", "The next page."),
            )
            .link(
                "job",
                link(
                    "getVideo",
                    "id",
                    "$response.body#/data/0/job",
                    "The job of the first transaction.",
                ),
            )
            .build(),
    };
    told.guarded(&[ErrorCode::InvalidRequestError])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::OrgId;
    use crate::store::Entry;
    use uuid::Uuid;

    fn line(entry: Entry, sequence: u64) -> LedgerLine {
        LedgerLine { entry, sequence, balance_after: "45.80".parse().unwrap() }
    }

    fn org() -> OrgId {
        OrgId::from_uuid(Uuid::from_u128(1))
    }

    #[test]
    fn each_kind_shows_what_its_owner_can_use() {
        let mxn = |text: &str| text.parse().unwrap();
        let now_ms = 1_782_415_166_999;
        for (entry, amount, reference, description) in [
            (Entry::bonus(org(), mxn("50"), now_ms), "50.00", None, None),
            (
                Entry::recharge(org(), "pi_3N#a", mxn("500"), now_ms),
                "500.00",
                Some("pi_3N#a"),
                None,
            ),
            (
                Entry::adjustment(org(), "ticket-7", mxn("-4.20"), "cobro", now_ms),
                "-4.20",
                Some("ticket-7"),
                Some("cobro"),
            ),
        ] {
            let (kind, id) = (entry.kind, entry.id.clone());
            let shown = Transaction::from(line(entry, 7));
            assert_eq!(
                (shown.amount.as_str(), shown.reference.as_deref()),
                (amount, reference),
                "{kind:?}"
            );
            assert_eq!(
                (shown.description.as_deref(), shown.created),
                (description, 1_782_415_166),
                "{kind:?}"
            );
            assert_eq!((shown.job, shown.kind, shown.id), (None, kind.as_str(), id));
        }
        let job = JobId::from_uuid(Uuid::from_u128(9));
        let refund = Entry {
            kind: EntryKind::Refund,
            cause: format!("refund#{job}"),
            job: Some(job),
            ..Entry::bonus(org(), mxn("4.20"), now_ms)
        };
        let shown = serde_json::to_string(&Transaction::from(line(refund, 7))).unwrap();
        assert_eq!(
            shown,
            r#"{"id":"txn_9c9a394900352df96d0c389a03a83728","object":"credit.transaction","type":"refund","amount":"4.20","balance_after":"45.80","job":"00000000-0000-0000-0000-000000000009","reference":null,"description":null,"created":1782415166,"price_row":null}"#
        );
    }

    #[test]
    fn a_part_leads_to_the_next_even_when_it_is_empty() {
        let bonus = || Entry::bonus(org(), "50".parse().unwrap(), 0);
        let id = bonus().id.to_string();
        let last =
            List::of_transactions(Statement { lines: vec![line(bonus(), 1)], more_after: None });
        assert_eq!(
            (last.first_id, last.last_id, last.has_more),
            (Some(id.clone()), Some(id), false)
        );
        let looked_at = TransactionId::of(org(), "recharge#x");
        let empty = List::of_transactions(Statement {
            lines: Vec::new(),
            more_after: Some(looked_at.clone()),
        });
        assert_eq!(
            (empty.first_id, empty.last_id, empty.has_more),
            (None, Some(looked_at.to_string()), true)
        );
    }
}
