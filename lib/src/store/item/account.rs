//! An account as an item: all of it, and the two attributes that a posting reads.

use crate::account::{About, Account, Daily};
use crate::actor::Deed;
use crate::error::BoxError;
use crate::id::OrgId;
use crate::money::Money;
use crate::store::error::Item;
use serde::{Deserialize, Serialize};

/// An account as it is stored. `available` is kept because a DynamoDB condition can compare and
/// cannot add. The attributes after `revision` may be missing.
#[derive(Debug, Serialize, Deserialize)]
struct AccountItem {
    org: OrgId,
    balance: Money,
    entries: u64,
    held: Money,
    credit_limit: Money,
    available: Money,
    open_jobs: u32,
    open_jobs_limit: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jobs_per_day: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day_jobs: Option<u32>,
    suspended: bool,
    revision: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<Deed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    described_by: Option<Deed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended_by: Option<Deed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open_jobs_limit_by: Option<Deed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs_per_day_by: Option<Deed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_limit_by: Option<Deed>,
}

pub(in crate::store) fn from_account(account: &Account) -> Result<Item, BoxError> {
    let About {
        name,
        contact,
        created_by,
        described_by,
        suspended_by,
        open_jobs_limit_by,
        jobs_per_day_by,
        credit_limit_by,
    } = account.about.clone();
    Ok(serde_dynamo::to_item(AccountItem {
        org: account.org,
        balance: account.balance,
        entries: account.entries,
        held: account.held,
        credit_limit: account.credit_limit,
        available: account.available()?,
        open_jobs: account.open_jobs,
        open_jobs_limit: account.open_jobs_limit,
        jobs_per_day: account.jobs_per_day,
        day: account.daily.map(|daily| daily.day),
        day_jobs: account.daily.map(|daily| daily.jobs),
        suspended: account.suspended,
        revision: account.revision,
        name,
        contact,
        created_by,
        described_by,
        suspended_by,
        open_jobs_limit_by,
        jobs_per_day_by,
        credit_limit_by,
    })?)
}

pub(in crate::store) fn to_account(item: Item) -> Result<Account, BoxError> {
    let item: AccountItem = serde_dynamo::from_item(item)?;
    let account = Account {
        org: item.org,
        balance: item.balance,
        entries: item.entries,
        held: item.held,
        credit_limit: item.credit_limit,
        open_jobs: item.open_jobs,
        open_jobs_limit: item.open_jobs_limit,
        jobs_per_day: item.jobs_per_day,
        daily: item.day.map(|day| Daily { day, jobs: item.day_jobs.unwrap_or(0) }),
        suspended: item.suspended,
        revision: item.revision,
        about: About {
            name: item.name,
            contact: item.contact,
            created_by: item.created_by,
            described_by: item.described_by,
            suspended_by: item.suspended_by,
            open_jobs_limit_by: item.open_jobs_limit_by,
            jobs_per_day_by: item.jobs_per_day_by,
            credit_limit_by: item.credit_limit_by,
        },
    };
    if account.available()? == item.available {
        Ok(account)
    } else {
        Err(format!("account {}: available is not balance − held + credit limit", account.org)
            .into())
    }
}

/// The end of a ledger, as its account item has it: all that a posting reads of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(in crate::store) struct LedgerEnd {
    /// The number of the last entry, 0 in an empty ledger.
    pub(in crate::store) entries: u64,
    /// The sum of all entries.
    pub(in crate::store) balance: Money,
}

pub(in crate::store) fn to_ledger_end(item: Item) -> Result<LedgerEnd, BoxError> {
    Ok(serde_dynamo::from_item(item)?)
}
