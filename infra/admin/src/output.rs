//! What a command prints: a table and a sentence for people, or one JSON object for programs.
//!
//! A [`Report`] is about one thing and a [`Listing`] about many; each becomes an [`Answer`]. Much
//! of the text was written by others: callers, providers, storage. It can neither control the
//! terminal nor hide in it. A table leaves out characters that cannot be seen, and JSON escapes
//! them.

use crate::failure::Failure;
use aws_smithy_types::date_time::{DateTime, Format};
use ghub::foreign_text::{printable, printable_lines};
use ghub::money::Money;
use ghub::time::Timestamp;
use serde_json::Value;
use std::io::{self, Write};

/// The outcome of a command, in both forms.
#[derive(Debug)]
pub struct Answer {
    pub json: Value,
    /// For people. It ends in a line break.
    pub text: String,
    /// Whether all is well. If not, the exit code is 1.
    pub sound: bool,
}

impl Answer {
    /// The text to print. With `json` it is the object and nothing else.
    pub fn text(&self, json: bool) -> String {
        if json { format!("{}\n", spelled(&self.json)) } else { self.text.clone() }
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

/// The answer about one thing.
#[derive(Debug)]
pub struct Report {
    pub json: Value,
    /// For people. Each row is a label and its value.
    pub table: Vec<(&'static str, String)>,
    /// For people: a sentence that the table does not say.
    pub note: String,
}

impl Report {
    fn for_people(&self) -> String {
        let width = self.table.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let row =
            |(label, value): &(&str, String)| format!("{label:width$}  {}\n", printable(value));
        let mut text: String = self.table.iter().map(row).collect();
        if !self.note.is_empty() {
            text.push_str(&format!("\n{}\n", printable_lines(&self.note)));
        }
        text
    }
}

/// The answer about many things, each of them a row.
#[derive(Debug)]
pub struct Listing {
    pub json: Value,
    /// For people: the titles of the columns.
    pub head: &'static [&'static str],
    /// For people. Each row has as many cells as there are columns.
    pub rows: Vec<Vec<String>>,
    /// For people: a sentence that the table does not say.
    pub note: String,
}

impl Listing {
    fn for_people(&self) -> String {
        let head: Vec<String> = self.head.iter().map(|title| (*title).to_owned()).collect();
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
        let table: Vec<&Vec<String>> = std::iter::once(&head).chain(&rows).collect();
        let width = |column: usize| {
            table.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..head.len()).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        if !self.rows.is_empty() {
            for line in &table {
                let cells: Vec<_> = line
                    .iter()
                    .zip(&widths)
                    .map(|(cell, width)| format!("{cell:<width$}", width = *width))
                    .collect();
                text.push_str(cells.join("  ").trim_end());
                text.push('\n');
            }
        }
        match (text.is_empty(), self.note.is_empty()) {
            (_, true) => {}
            (true, false) => text = format!("{}\n", printable_lines(&self.note)),
            (false, false) => text.push_str(&format!("\n{}\n", printable_lines(&self.note))),
        }
        text
    }
}

/// JSON in which a character that cannot be seen is written as `\u…`. A program reads the same
/// text, and a terminal shows the character.
fn spelled(json: &Value) -> String {
    let text = json.to_string();
    let mut spelled = String::with_capacity(text.len());
    for character in text.chars() {
        let alone = character.to_string();
        if character.is_ascii_graphic() || character == ' ' || printable(&alone) == alone {
            spelled.push(character);
        } else {
            let units = alone.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
            spelled.extend(units);
        }
    }
    spelled
}

/// Prints the answer to standard output.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    Ok(out.write_all(text.as_bytes()).and_then(|()| out.flush())?)
}

/// An amount for people, such as `MXN 4.20`.
pub fn mxn(amount: Money) -> String {
    format!("MXN {amount}")
}

/// A time for people: `2026-06-25T19:12:46Z`.
pub fn moment(at: Timestamp) -> String {
    DateTime::from_secs(at.unix_s())
        .fmt(Format::DateTime)
        .unwrap_or_else(|_| at.unix_s().to_string())
}

/// A day for people: `2026-06-25`.
pub fn day(at: Timestamp) -> String {
    moment(at).split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_is_aligned_and_a_sentence_follows() {
        let table =
            vec![("organization", "A".to_owned()), ("balance", mxn(Money::from_micros(4_200_000)))];
        let mut report = Report { json: Value::Null, table, note: String::new() };
        assert_eq!(report.for_people(), "organization  A\nbalance       MXN 4.20\n");
        report.note = "It is new.".to_owned();
        assert_eq!(report.for_people(), "organization  A\nbalance       MXN 4.20\n\nIt is new.\n");
    }

    #[test]
    fn a_listing_has_columns_as_wide_as_they_need_or_only_its_sentence() {
        let rows =
            vec![vec!["a".to_owned(), "ñandú".to_owned()], vec!["bcd".to_owned(), "e".to_owned()]];
        let listing = |rows| Listing {
            json: Value::Null,
            head: &["id", "name"],
            rows,
            note: "Two.".to_owned(),
        };
        assert_eq!(listing(rows).for_people(), "id   name\na    ñandú\nbcd  e\n\nTwo.\n");
        assert_eq!(listing(Vec::new()).for_people(), "Two.\n");
    }

    #[test]
    fn what_others_wrote_cannot_command_the_terminal() {
        let hostile = "\u{1b}[2J\u{1b}]0;title\u{7}rm\u{202e}txt.exe\u{9b}31m\u{7f}\u{e0041}\n2026-01-01  paid";
        let report = Report {
            json: json!({"error": hostile}),
            table: vec![("error", hostile.to_owned())],
            note: format!("first\n{hostile}"),
        };
        let listing = Listing {
            json: Value::Null,
            head: &["NAME"],
            rows: vec![vec![hostile.to_owned()]],
            note: hostile.to_owned(),
        };
        let answer = Answer::from(report);
        for text in [answer.text(false), answer.text(true), Answer::from(listing).text(false)] {
            let seen = |character: char| {
                character == '\n' || printable(&character.to_string()) == character.to_string()
            };
            assert!(text.chars().all(seen), "{text:?}");
        }
        assert!(
            answer.text(false).starts_with("error  rmtxt.exe"),
            "a value stays on its line: {}",
            answer.text(false)
        );
        let read: Value = serde_json::from_str(&answer.text(true)).unwrap();
        assert_eq!(read["error"], hostile, "a program reads what is there");
    }

    #[test]
    fn a_moment_is_in_utc() {
        assert_eq!(moment(Timestamp::from_unix_s(1_782_415_166)), "2026-06-25T19:19:26Z");
    }
}
