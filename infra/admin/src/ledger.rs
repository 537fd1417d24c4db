//! `cargo admin ledger`: all that ever moved an organization's money, with the balance after each.

use crate::environment::Operator;
use crate::failure::Failure;
use crate::output::{Answer, Listing, moment};
use clap::Args;
use ghub::id::OrgId;
use ghub::money::{Money, MoneyOverflow};
use ghub::store::Entry;
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub struct Ledger {
    /// The organization
    #[arg(long, value_name = "UUID")]
    org: OrgId,
    /// Print lines of comma-separated values, for a spreadsheet
    #[arg(long)]
    csv: bool,
}

/// An entry, and the balance after it.
struct Line(Entry, Money);

impl Ledger {
    pub async fn run(&self, operator: &Operator) -> Result<Answer, Failure> {
        operator.account(self.org).await?;
        let lines = balanced(operator.store.ledger(self.org).await?)?;
        let json = json!({"org": self.org, "entries": lines.iter().map(Line::json).collect::<Vec<_>>()});
        if self.csv {
            return Ok(Answer { text: csv(&lines), json, sound: true });
        }
        let row = |Line(entry, balance): &Line| {
            let reason = entry.reason.clone().unwrap_or_default();
            let (amount, reference) = (entry.amount.to_string(), entry.reference().to_owned());
            vec![
                moment(entry.posted_at()),
                entry.kind.as_str().to_owned(),
                amount,
                balance.to_string(),
                reference,
                reason,
            ]
        };
        let listing = Listing {
            json,
            head: &["POSTED", "KIND", "AMOUNT", "BALANCE", "REFERENCE", "REASON"],
            rows: lines.iter().map(row).collect(),
            note: if lines.is_empty() { "It has no entry." } else { "Amounts are in MXN." }.to_owned(),
        };
        Ok(listing.into())
    }
}

fn balanced(entries: Vec<Entry>) -> Result<Vec<Line>, MoneyOverflow> {
    let mut balance = Money::ZERO;
    let line = |entry: Entry| {
        balance = balance.plus(entry.amount)?;
        Ok(Line(entry, balance))
    };
    entries.into_iter().map(line).collect()
}

/// One entry, for programs.
pub fn object(entry: &Entry) -> Value {
    json!({
        "posted": entry.posted_at(),
        "kind": entry.kind,
        "amount_mxn": entry.amount.to_string(),
        "reference": entry.reference(),
        "job": entry.job,
        "reason": entry.reason,
    })
}

impl Line {
    fn json(&self) -> Value {
        let mut object = object(&self.0);
        object["balance_mxn"] = self.1.to_string().into();
        object
    }
}

/// RFC 4180, but for its line ends, which every reader takes.
fn csv(lines: &[Line]) -> String {
    let mut text = "posted,kind,amount_mxn,balance_mxn,reference,job,reason\n".to_owned();
    for Line(entry, balance) in lines {
        let job = entry.job.map(|job| job.to_string()).unwrap_or_default();
        let cells = [
            moment(entry.posted_at()),
            entry.kind.as_str().to_owned(),
            entry.amount.to_string(),
            balance.to_string(),
            entry.reference().to_owned(),
            job,
            entry.reason.clone().unwrap_or_default(),
        ];
        text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
        text.push('\n');
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_would_be_misread() {
        for (cell, is) in [("a b", "a b"), ("a,b", "\"a,b\""), ("say \"a\"", "\"say \"\"a\"\"\""), ("", "")] {
            assert_eq!(quoted(cell), is);
        }
    }
}
