//! Shows the account of an organization.

use crate::output::{Report, moment, mxn};
use ghub::account::{About, Account};
use ghub::actor::Deed;
use ghub::money::MoneyOverflow;
use serde_json::{Value, json};

/// An account, as `org show`, `balance show` and every setting print it.
pub fn shown(account: &Account, note: &str) -> Result<Report, MoneyOverflow> {
    let About {
        name,
        contact,
        created_by,
        described_by,
        suspended_by,
        open_jobs_limit_by,
        jobs_per_day_by,
        credit_limit_by,
    } = &account.about;
    let mut table = vec![("organization", account.org.to_string())];
    table.extend(name.iter().map(|name| ("name", name.clone())));
    table.extend(contact.iter().map(|contact| ("contact", contact.clone())));
    table.extend([
        ("balance", mxn(account.balance)),
        ("held for open jobs", mxn(account.held)),
        ("credit limit", mxn(account.credit_limit)),
        ("available", mxn(account.available()?)),
        ("open jobs", format!("{} of {}", account.open_jobs, account.open_jobs_limit)),
        ("suspended", if account.suspended { "yes" } else { "no" }.to_owned()),
    ]);
    table.extend(jobs_of_the_day(account).map(|jobs| ("jobs of the last day", jobs)));
    let suspended = if account.suspended { "suspended by" } else { "resumed by" };
    table.extend(
        [
            ("made by", created_by),
            ("described by", described_by),
            ("credit limit by", credit_limit_by),
            ("open jobs limit by", open_jobs_limit_by),
            ("jobs per day by", jobs_per_day_by),
            (suspended, suspended_by),
        ]
        .into_iter()
        .filter_map(|(label, deed)| Some((label, done_by(deed.as_ref()?)))),
    );
    Ok(Report { json: object(account)?, table, note: note.to_owned() })
}

fn done_by(Deed { by, at }: &Deed) -> String {
    format!("{by}, {}", moment(*at))
}

/// How many jobs a sandbox submitted on the last day that had any.
fn jobs_of_the_day(account: &Account) -> Option<String> {
    let jobs = account.daily.map_or(0, |daily| daily.jobs);
    account.daily_limit().map(|limit| format!("{jobs} of {limit}"))
}

/// An account, as `--json` prints it.
pub fn object(account: &Account) -> Result<Value, MoneyOverflow> {
    let about = &account.about;
    Ok(json!({
        "org": account.org,
        "name": about.name,
        "contact": about.contact,
        "balance_mxn": account.balance.to_string(),
        "held_mxn": account.held.to_string(),
        "credit_limit_mxn": account.credit_limit.to_string(),
        "available_mxn": account.available()?.to_string(),
        "open_jobs": account.open_jobs,
        "open_jobs_limit": account.open_jobs_limit,
        "jobs_per_day": account.daily_limit(),
        "jobs_of_the_last_day": account.daily.map(|daily| daily.jobs),
        "suspended": account.suspended,
        "created_by": about.created_by,
        "described_by": about.described_by,
        "credit_limit_by": about.credit_limit_by,
        "open_jobs_limit_by": about.open_jobs_limit_by,
        "jobs_per_day_by": about.jobs_per_day_by,
        "suspended_by": about.suspended_by,
    }))
}
