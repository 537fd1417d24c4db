//! What a command prints: a table and a sentence for people, or one JSON object for programs.

use crate::failure::Failure;
use aws_smithy_types::date_time::{DateTime, Format};
use ghub::money::Money;
use ghub::time::Timestamp;
use serde_json::Value;
use std::io::{self, Write};

/// The outcome of a command, in both forms.
#[derive(Debug)]
pub struct Report {
    /// For programs.
    pub json: Value,
    /// For people: each row a label and its value.
    pub table: Vec<(&'static str, String)>,
    /// For people: what the table does not say.
    pub note: String,
}

impl Report {
    /// What is printed of it. A program gets the object and nothing else.
    pub fn text(&self, json: bool) -> String {
        if json { format!("{}\n", self.json) } else { self.for_people() }
    }

    fn for_people(&self) -> String {
        let width = self.table.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let mut text: String = self.table.iter().map(|(label, value)| format!("{label:width$}  {value}\n")).collect();
        if !self.note.is_empty() {
            text.push_str(&format!("\n{}\n", self.note));
        }
        text
    }
}

/// Prints to standard output.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    Ok(out.write_all(text.as_bytes()).and_then(|()| out.flush())?)
}

/// An amount, for people.
pub fn mxn(amount: Money) -> String {
    format!("MXN {amount}")
}

/// A moment, for people: `2026-06-25T19:12:46Z`.
pub fn moment(at: Timestamp) -> String {
    DateTime::from_secs(at.unix_s()).fmt(Format::DateTime).unwrap_or_else(|_| at.unix_s().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_and_a_sentence_follows() {
        let table = vec![("organization", "A".to_owned()), ("balance", mxn(Money::from_micros(4_200_000)))];
        let mut report = Report { json: Value::Null, table, note: String::new() };
        assert_eq!(report.for_people(), "organization  A\nbalance       MXN 4.20\n");
        report.note = "It is new.".to_owned();
        assert_eq!(report.for_people(), "organization  A\nbalance       MXN 4.20\n\nIt is new.\n");
    }

    #[test]
    fn a_moment_is_in_utc() {
        assert_eq!(moment(Timestamp::from_unix_s(1_782_415_166)), "2026-06-25T19:19:26Z");
    }
}
