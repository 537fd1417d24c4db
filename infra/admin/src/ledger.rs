//! `cargo admin ledger`: everything that ever moved an organization's money, with the balance after
//! each entry.

use crate::environment::Operator;
use crate::failure::Failure;
use crate::output::{Answer, Listing, moment};
use clap::Args;
use ghub::foreign_text::printable;
use ghub::id::OrgId;
use ghub::store::{Entry, LedgerLine};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub struct Ledger {
    /// The id of the organization
    #[arg(long, value_name = "UUID")]
    org: OrgId,
    /// Print lines of comma-separated values, for a spreadsheet
    #[arg(long)]
    csv: bool,
}

impl Ledger {
    pub async fn run(&self, operator: &Operator) -> Result<Answer, Failure> {
        operator.account(self.org).await?;
        let lines = operator.store.ledger(self.org).await?;
        let json =
            json!({"org": self.org, "entries": lines.iter().map(in_its_place).collect::<Vec<_>>()});
        if self.csv {
            return Ok(Answer { text: csv(&lines), json, sound: true });
        }
        let row = |LedgerLine { entry, sequence, balance_after }: &LedgerLine| {
            let reason = entry.reason.clone().unwrap_or_default();
            let (amount, reference) = (entry.amount.to_string(), entry.reference().to_owned());
            let by = entry.actor.as_ref().map(ToString::to_string).unwrap_or_default();
            vec![
                sequence.to_string(),
                moment(entry.posted_at()),
                entry.kind.as_str().to_owned(),
                amount,
                balance_after.to_string(),
                reference,
                by,
                reason,
            ]
        };
        let listing = Listing {
            json,
            head: &["#", "POSTED", "KIND", "AMOUNT", "BALANCE", "REFERENCE", "BY", "REASON"],
            rows: lines.iter().map(row).collect(),
            note: if lines.is_empty() { "It has no entry." } else { "Amounts are in MXN." }
                .to_owned(),
        };
        Ok(listing.into())
    }
}

/// A ledger entry as `--json` prints it.
pub fn object(entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "posted": entry.posted_at(),
        "kind": entry.kind,
        "amount_mxn": entry.amount.to_string(),
        "reference": entry.reference(),
        "job": entry.job,
        "price_row": entry.price_row,
        "reason": entry.reason,
        "actor": entry.actor,
    })
}

fn in_its_place(line: &LedgerLine) -> Value {
    let mut object = object(&line.entry);
    object["sequence"] = line.sequence.into();
    object["balance_mxn"] = line.balance_after.to_string().into();
    object
}

/// Comma-separated values as in RFC 4180, but with line ends of one character, which every reader
/// takes.
fn csv(lines: &[LedgerLine]) -> String {
    let mut text =
        "sequence,id,posted,kind,amount_mxn,balance_mxn,reference,job,reason,actor,price_row\n"
            .to_owned();
    for LedgerLine { entry, sequence, balance_after } in lines {
        let job = entry.job.map(|job| job.to_string()).unwrap_or_default();
        let cells = [
            sequence.to_string(),
            entry.id.to_string(),
            moment(entry.posted_at()),
            entry.kind.as_str().to_owned(),
            entry.amount.to_string(),
            balance_after.to_string(),
            entry.reference().to_owned(),
            job,
            entry.reason.clone().unwrap_or_default(),
            entry.actor.as_ref().map(ToString::to_string).unwrap_or_default(),
            entry.price_row.clone().unwrap_or_default(),
        ];
        text.push_str(&cells.map(|cell| quoted(&printable(&cell))).join(","));
        text.push('\n');
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_would_be_misread() {
        for (cell, is) in
            [("a b", "a b"), ("a,b", "\"a,b\""), ("say \"a\"", "\"say \"\"a\"\"\""), ("", "")]
        {
            assert_eq!(quoted(cell), is);
        }
    }
}
