//! Items as an audit reads them: only what it adds up, and nothing is taken to agree.

use crate::audit::{Posting, Stated};
use crate::id::JobId;
use crate::job::Status;
use crate::money::Money;
use crate::outbound::BoxError;
use crate::store::EntryKind;
use crate::store::error::Item;
use serde::Deserialize;

/// What an audit reads of an account.
#[derive(Debug, Deserialize)]
struct StatedItem {
    balance: Money,
    entries: u64,
    held: Money,
    credit_limit: Money,
    available: Money,
    open_jobs: i64,
    revision: u64,
}

pub(in crate::store) fn to_stated(item: Item) -> Result<Stated, BoxError> {
    let item: StatedItem = serde_dynamo::from_item(item)?;
    let StatedItem { balance, entries, held, credit_limit, available, open_jobs, revision } = item;
    Ok(Stated { balance, entries, held, credit_limit, available, open_jobs, revision })
}

/// What an audit reads of a ledger's entry. One without a place in the order is at place 0, where none should be.
#[derive(Debug, Deserialize)]
struct PostingItem {
    kind: EntryKind,
    amount: Money,
    job: Option<JobId>,
    #[serde(default)]
    sequence: u64,
    #[serde(default)]
    balance_after: Money,
}

pub(in crate::store) fn to_posting(item: Item) -> Result<Posting, BoxError> {
    let PostingItem { kind, amount, job, sequence, balance_after } = serde_dynamo::from_item(item)?;
    let consumed = job.filter(|_| kind == EntryKind::Consumption);
    Ok(Posting { amount, consumed, sequence, balance_after })
}

/// What an audit reads of a job.
#[derive(Debug, Deserialize)]
struct CostsItem {
    job: JobId,
    status: String,
    cost: Money,
}

pub(in crate::store) fn to_costs(item: Item) -> Result<(JobId, Status, Money), BoxError> {
    let CostsItem { job, status, cost } = serde_dynamo::from_item(item)?;
    let status = Status::named(&status).ok_or_else(|| format!("job {job} has the unknown status {status:?}"))?;
    Ok((job, status, cost))
}
