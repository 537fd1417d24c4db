//! The organization's money: what is there, and how it came and went.

use crate::answers::{balance, link, of, ok};
use crate::operation::{Endpoint, Told, in_query, limit, text};
use ghub::http::schema::UnixSeconds;
use ghub::http::{Credits, ErrorCode};
use ghub::store::EntryKind;
use utoipa::PartialSchema;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::Ref;

/// What a page of transactions is called.
pub(crate) const TRANSACTION_LIST: &str = "TransactionList";

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![get(), list()]
}

fn get() -> Endpoint {
    let told = Told {
        id: "getCredits",
        tag: "credits",
        summary: "Shows the balance",
        description: "What is there, what is held for jobs in progress, and what can be spent.",
        parameters: Vec::new(),
        answer: ok("The organization's credits.", of::<Credits>())
            .header("x-geekhub-balance-mxn", balance())
            .build(),
    };
    Endpoint { method: HttpMethod::Get, path: "/credits", operation: told.guarded(&[]).build() }
}

fn list() -> Endpoint {
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
        answer: ok("A page of transactions.", Ref::from_schema_name(TRANSACTION_LIST))
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
    let operation = told.guarded(&[ErrorCode::InvalidRequestError]);
    Endpoint {
        method: HttpMethod::Get,
        path: "/credits/transactions",
        operation: operation.build(),
    }
}
