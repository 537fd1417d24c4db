//! Items as an audit reads them: only the attributes that it adds up, without any check between
//! them.

use crate::audit::{Of, Posting, Standing, Stated};
use crate::error::BoxError;
use crate::id::JobId;
use crate::money::Money;
use crate::status::Status;
use crate::store::EntryKind;
use crate::store::error::Item;
use crate::time::Timestamp;
use serde::Deserialize;

/// The attributes that an audit reads of an account.
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

/// The attributes that an audit reads of an entry. An entry without a `sequence` gets 0, a number
/// that no entry has, so the audit reports it.
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
    let of = match kind {
        EntryKind::Consumption => {
            Of::Consumption(job.ok_or("a consumption in the ledger names no job")?)
        }
        EntryKind::Refund => Of::Refund(job.ok_or("a refund in the ledger names no job")?),
        EntryKind::Bonus | EntryKind::Recharge | EntryKind::Adjustment => Of::Other,
    };
    Ok(Posting { amount, of, sequence, balance_after })
}

/// The attributes that an audit reads of a job.
#[derive(Debug, Deserialize)]
struct StandingItem {
    job: JobId,
    status: String,
    cost: Money,
    created: Timestamp,
    open: Option<String>,
}

pub(in crate::store) fn to_standing(item: Item) -> Result<Standing, BoxError> {
    let StandingItem { job, status, cost, created, open } = serde_dynamo::from_item(item)?;
    let status = Status::named(&status)
        .ok_or_else(|| format!("job {job} has the unknown status {status:?}"))?;
    Ok(Standing { job, status, cost, created, indexed: open.is_some() })
}
