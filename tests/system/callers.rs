//! The callers' pages hold what they say: their commands are run, and their tables are the code's.
//! `tests/sdk/run` runs their examples in Python and TypeScript.

use crate::process::ROOT;
use crate::reader::{Reader, commands};
use ghub::adapter::sandbox::Outcome;
use ghub::failure::FailureCode;
use ghub::http::ErrorCode;
use std::path::Path;

const GUIDE: &str = include_str!("../../docs/GUIDE.md");
const TESTING: &str = include_str!("../../docs/TESTING.md");

#[test]
fn the_guides_commands_work() {
    let mut reader = Reader::with_a_system();
    let commands = commands(GUIDE);
    assert_eq!(commands.len(), 2, "{commands:?}");
    for command in &commands {
        reader.runs(command);
    }
}

#[test]
fn links_lead_somewhere() {
    for page in [GUIDE, TESTING] {
        let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            assert!(Path::new(ROOT).join("docs").join(target).exists(), "{target}");
        }
    }
}

#[test]
fn every_cause_is_explained_and_whether_to_try_again() {
    for code in FailureCode::ALL {
        let row = row(GUIDE, code.as_str());
        assert!(
            row.contains(&format!("| {} |", code.meaning())),
            "{row}: as the OpenAPI document has it"
        );
        let again =
            row.trim_end_matches('|').rsplit('|').next().unwrap_or_default().trim().to_owned();
        assert_eq!(again.starts_with("yes"), code.is_retryable(), "{row}");
        assert_eq!(again.starts_with("no"), !code.is_retryable(), "{row}");
    }
}

#[test]
fn every_error_is_explained() {
    for code in ErrorCode::ALL {
        let rows = GUIDE.lines().filter(|line| line.starts_with("| 4") || line.starts_with("| 5"));
        let said: Vec<_> =
            rows.filter(|row| row.contains(&format!("`{}`", code.as_str()))).collect();
        assert_eq!(said.len(), 1, "{code:?}: {said:?}");
    }
}

#[test]
fn every_marker_of_the_sandbox_is_explained() {
    for outcome in Outcome::ALL {
        assert!(TESTING.contains(&format!("`{}`", outcome.marker())), "{outcome:?}");
    }
    assert_eq!(TESTING.matches("`sandbox:").count(), Outcome::ALL.len(), "and no other");
}

/// The row of a table that begins with this word.
fn row<'p>(page: &'p str, word: &str) -> &'p str {
    let found = page.lines().find(|line| line.starts_with(&format!("| `{word}` |")));
    found.unwrap_or_else(|| panic!("{word} is not explained"))
}
