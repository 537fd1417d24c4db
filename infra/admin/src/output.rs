//! What a command prints: a table and a sentence for people, or one JSON object for programs.
//!
//! A [`Report`] is about one thing, a [`Listing`] about many; either becomes the [`Answer`].

use crate::failure::Failure;
use aws_smithy_types::date_time::{DateTime, Format};
use ghub::money::Money;
use ghub::time::Timestamp;
use serde_json::Value;
use std::io::{self, Write};

/// The outcome of a command, in both forms.
#[derive(Debug)]
pub struct Answer {
    /// For programs.
    pub json: Value,
    /// For people, ending in a line break.
    pub text: String,
    /// Whether all is well: if not, the exit code says so too.
    pub sound: bool,
}

impl Answer {
    /// What is printed of it. A program gets the object and nothing else.
    pub fn text(&self, json: bool) -> String {
        if json { format!("{}\n", self.json) } else { self.text.clone() }
    }
}

impl From<Report> for Answer {
    fn from(report: Report) -> Self {
        Self { text: report.for_people(), json: report.json, sound: true }
    }
}

impl From<Listing> for Answer {
    fn from(listing: Listing) -> Self {
        Self { text: listing.for_people(), json: listing.json, sound: true }
    }
}

/// About one thing.
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
    fn for_people(&self) -> String {
        let width = self.table.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let mut text: String = self.table.iter().map(|(label, value)| format!("{label:width$}  {value}\n")).collect();
        if !self.note.is_empty() {
            text.push_str(&format!("\n{}\n", self.note));
        }
        text
    }
}

/// About many things: a row for each.
#[derive(Debug)]
pub struct Listing {
    /// For programs.
    pub json: Value,
    /// For people: what the columns are.
    pub head: &'static [&'static str],
    /// For people: as many cells in each as there are columns.
    pub rows: Vec<Vec<String>>,
    /// For people: what the table does not say.
    pub note: String,
}

impl Listing {
    fn for_people(&self) -> String {
        let head: Vec<String> = self.head.iter().map(|title| (*title).to_owned()).collect();
        let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(&self.rows).collect();
        let width =
            |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..head.len()).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        if !self.rows.is_empty() {
            for line in &lines {
                let cells: Vec<_> =
                    line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
                text.push_str(cells.join("  ").trim_end());
                text.push('\n');
            }
        }
        match (text.is_empty(), self.note.is_empty()) {
            (_, true) => {}
            (true, false) => text = format!("{}\n", self.note),
            (false, false) => text.push_str(&format!("\n{}\n", self.note)),
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
    fn a_listing_has_columns_as_wide_as_they_need_or_only_its_sentence() {
        let rows = vec![vec!["a".to_owned(), "ñandú".to_owned()], vec!["bcd".to_owned(), "e".to_owned()]];
        let listing = |rows| Listing { json: Value::Null, head: &["id", "name"], rows, note: "Two.".to_owned() };
        assert_eq!(listing(rows).for_people(), "id   name\na    ñandú\nbcd  e\n\nTwo.\n");
        assert_eq!(listing(Vec::new()).for_people(), "Two.\n");
    }

    #[test]
    fn a_moment_is_in_utc() {
        assert_eq!(moment(Timestamp::from_unix_s(1_782_415_166)), "2026-06-25T19:19:26Z");
    }
}
