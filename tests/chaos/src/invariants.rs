//! The invariants that must hold after every write. Each is reported as a sentence when it does
//! not.

use crate::witness::Item;
use serde_json::Value;
use std::collections::BTreeMap;

/// The sums of one organization.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    balance: i64,
    entries: i64,
    held: i64,
    open_jobs: i64,
}

/// Checks the money of all organizations:
///
/// - `balance` is the sum of the ledger,
/// - `held` is the sum of the open jobs' costs, and `open_jobs` their number,
/// - a completed job has exactly one consumption, of its cost, and no other job has any,
/// - the entries of the ledger are in order,
/// - the index holds exactly the open jobs.
pub fn money(jobs: &[Item], accounts: &[Item], ledger: &[Item]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expected: BTreeMap<&str, Sums> = BTreeMap::new();
    let mut charges: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    let mut in_order: Vec<_> = ledger.iter().collect();
    in_order.sort_by_key(|entry| number(entry, "sequence"));
    for entry in in_order {
        let sums = expected.entry(text(entry, "org")).or_default();
        sums.balance += number(entry, "amount");
        sums.entries += 1;
        let (sequence, after) = (number(entry, "sequence"), number(entry, "balance_after"));
        if (sequence, after) != (sums.entries, sums.balance) {
            let (org, cause) = (text(entry, "org"), text(entry, "cause"));
            wrong.push(format!(
                "{cause} of {org} is entry {sequence} and says {after}: it is entry {} and the sum is {}",
                sums.entries, sums.balance
            ));
        }
        if !text(entry, "job").is_empty() {
            charges.entry(text(entry, "job")).or_default().push(number(entry, "amount"));
        }
    }
    for job in jobs.iter().filter(|job| is_open(job)) {
        let sums = expected.entry(text(job, "org")).or_default();
        sums.held += number(job, "cost");
        sums.open_jobs += 1;
    }
    for account in accounts {
        let (balance, held, open_jobs) =
            (number(account, "balance"), number(account, "held"), number(account, "open_jobs"));
        let found = Sums { balance, entries: number(account, "entries"), held, open_jobs };
        let org = text(account, "org");
        let sums = expected.remove(org).unwrap_or_default();
        if found != sums {
            wrong.push(format!(
                "the account of {org} says {found:?}, its ledger and jobs say {sums:?}"
            ));
        }
        if number(account, "available") != balance - held + number(account, "credit_limit") {
            wrong.push(format!("available of {org} is not balance − held + credit limit"));
        }
    }
    wrong.extend(expected.keys().map(|org| format!("{org} has money or jobs and no account")));
    wrong.extend(wrong_jobs(jobs, charges));
    wrong
}

/// The jobs whose charge or whose place in the index is wrong, and charges without a job.
fn wrong_jobs(jobs: &[Item], mut charges: BTreeMap<&str, Vec<i64>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for job in jobs {
        let charged = charges.remove(text(job, "job")).unwrap_or_default();
        let wanted = if text(job, "status") == "completed" {
            vec![-number(job, "cost")]
        } else {
            Vec::new()
        };
        if charged != wanted {
            wrong.push(format!(
                "the job {} is {} and was charged {charged:?}",
                text(job, "job"),
                text(job, "status")
            ));
        }
        if job.contains_key("open") != is_open(job) {
            wrong.push(format!(
                "the job {} is {} and in the index or not against that",
                text(job, "job"),
                text(job, "status")
            ));
        }
    }
    wrong.extend(charges.keys().map(|job| format!("the job {job} was charged and is not there")));
    wrong
}

/// Checks that a new job was accepted only while something was available and a place was free.
pub fn hold(transaction: &Value, accounts: &[Item], is_new: impl Fn(&str) -> bool) -> Vec<String> {
    let writes = || transaction["TransactItems"].as_array().into_iter().flatten();
    let number_in =
        |value: &Value| value["N"].as_str().and_then(|number| number.parse::<i64>().ok());
    let accepted = writes().filter_map(|write| {
        let job = &write["Put"]["Item"];
        (number_in(&job["revision"]) == Some(0)
            && is_new(job["job"]["S"].as_str().unwrap_or_default()))
        .then(|| (job["org"]["S"].as_str().unwrap_or_default(), number_in(&job["cost"])))
    });
    let mut wrong = Vec::new();
    for (org, cost) in accepted {
        let Some(account) = accounts.iter().find(|account| text(account, "org") == org) else {
            continue;
        };
        let before = number(account, "available") + cost.unwrap_or_default();
        if before <= 0 {
            wrong.push(format!("{org} had {before} available when a job was accepted"));
        }
        if number(account, "open_jobs") > number(account, "open_jobs_limit") {
            wrong.push(format!("{org} has more open jobs than its limit"));
        }
    }
    wrong
}

/// Whether a job is pending or processing.
pub fn is_open(job: &Item) -> bool {
    matches!(text(job, "status"), "pending" | "processing")
}

/// The text of an attribute, empty if there is none.
pub fn text<'i>(item: &'i Item, name: &str) -> &'i str {
    item.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The number of an attribute, 0 if there is none.
pub fn number(item: &Item, name: &str) -> i64 {
    item.get(name).and_then(Value::as_i64).unwrap_or_default()
}
