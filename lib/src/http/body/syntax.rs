//! What is wrong with a text that is no JSON, in words, and where.

use super::{EXAMPLE, SPACE, encoding};
use crate::foreign_text::is_invisible;

const INVALID_ESCAPE: &str = "invalid escape";

/// What the parser says, and what is wrong then wherever it says it.
const SAID: [(&str, &str); 9] = [
    ("recursion limit", "lists and objects stand in each other more than 127 deep"),
    ("lone", "an escape is half of a surrogate pair; write both halves, or the character itself"),
    (
        "unexpected end of hex",
        "an escape is half of a surrogate pair; write both halves, or the character itself",
    ),
    (
        "control character",
        r"a line break or another control character is in a text; write \n, \t or \u00XX for it",
    ),
    (INVALID_ESCAPE, r"a backslash in a text begins no escape; write \\ for a backslash"),
    ("invalid unicode", "an escape is no character; write the character itself"),
    ("trailing comma", "remove the comma before it"),
    ("number out of range", "the number is too large"),
    ("invalid number", "the number is not written as in JSON, such as 5 or 0.5"),
];

/// What stands where the parser stopped, and what is wrong then.
const STANDS: [(&[&str], &str); 8] = [
    (&NO_NUMBERS, "NaN and Infinity are no numbers in JSON; leave the field out"),
    (&["True", "False", "TRUE", "FALSE"], "write true or false in small letters"),
    (&["None", "none", "undefined", "Null", "NULL", "nil"], "write null, or leave the field out"),
    (&["//", "/*", "#", "--"], "JSON has no comments; remove it"),
    (&["'", "`"], r#"texts and names of fields stand in double quotes ("), not in single ones"#),
    (
        &["\u{201C}", "\u{201D}", "\u{2018}", "\u{2019}", "«"],
        r#"texts and names of fields stand in straight double quotes (")"#,
    ),
    (&["+", ".", "-"], "the number is not written as in JSON, such as 5 or 0.5"),
    (&[","], "a comma too many"),
];

/// What programs write for numbers that are none. After a minus, the parser speaks of a number.
const NO_NUMBERS: [&str; 6] = ["NaN", "Infinity", "-Infinity", "nan", "inf", "-inf"];

/// What a body begins with that was never meant as JSON.
const NEVER: [(&str, &str); 3] =
    [("<", "XML or HTML"), ("--", "multipart form data"), ("%PDF", "a PDF file")];

/// What the parser's error is to a caller.
pub(super) fn fault(text: &str, error: &serde_json::Error) -> String {
    let begins = text.trim_start_matches(SPACE);
    if let Some((_, what)) = NEVER.iter().find(|(begin, _)| begins.starts_with(begin)) {
        return format!("the body is {what}; {EXAMPLE}");
    }
    if is_form(begins) {
        return format!("the body is a form; {EXAMPLE}");
    }
    if encoding::was_replaced(text) {
        return "the body is not UTF-8, or not all of it; send UTF-8, not compressed".to_owned();
    }
    if error.is_eof() {
        return "the body ends too early: a text, a list or the object in it is not closed"
            .to_owned();
    }
    let (said, at) = (error.to_string(), offset(text, error));
    let in_word = said.starts_with("expected ident");
    let at = if in_word { word_before(text, at) } else { at };
    let (before, rest) = text.split_at(at);
    let known = SAID.iter().find(|(begin, _)| said.starts_with(begin)).map(|(_, wrong)| *wrong);
    let known = known.filter(|_| !NO_NUMBERS.iter().any(|begin| rest.starts_with(begin)));
    let wrong = known.filter(|_| !is_hexadecimal(&said, before)).map(str::to_owned);
    let wrong = wrong.or_else(|| closes(&said, rest)).or_else(|| stands(before, rest));
    let wrong = wrong.or_else(|| cut_short(rest).filter(|_| in_word));
    let wrong = wrong.unwrap_or_else(|| expected(&said).to_owned());
    format!("the body is not JSON at {}: {wrong}", place(text, at))
}

/// What is missing where something is closed that is not the one that is open.
fn closes(said: &str, rest: &str) -> Option<String> {
    let open = [("expected `,` or `]`", "]"), ("expected `,` or `}`", "}")];
    let (_, missing) = open
        .into_iter()
        .find(|(begin, _)| said.starts_with(begin) && rest.starts_with(['}', ']']))?;
    Some(format!("a {missing} is missing before it"))
}

/// What is wrong by what stands at the place and before it.
fn stands(before: &str, rest: &str) -> Option<String> {
    let starts = |(begins, _): &&(&[&str], _)| begins.iter().any(|begin| rest.starts_with(begin));
    if let Some((_, wrong)) = STANDS.iter().find(starts) {
        return Some((*wrong).to_owned());
    }
    let last = before.trim_end_matches(SPACE).chars().next_back();
    match (rest.chars().next()?, last) {
        ('}' | ']', None) => Some("nothing is open that it closes; remove it".to_owned()),
        ('}' | ']', Some(':' | ',' | '[')) => Some("a value is missing before it".to_owned()),
        (foreign, _) if !foreign.is_ascii() || foreign.is_control() || is_invisible(foreign) => {
            Some(format!("U+{:04X} does not belong there; remove it", u32::from(foreign)))
        }
        _ => None,
    }
}

/// Where the letters before a place begin: the parser stops inside a word that is none of its own.
fn word_before(text: &str, at: usize) -> usize {
    text.get(..at)
        .unwrap_or_default()
        .trim_end_matches(|letter: char| letter.is_ascii_lowercase())
        .len()
}

/// The word that was perhaps meant by one that begins like it.
fn cut_short(rest: &str) -> Option<String> {
    let begin = rest.get(..2)?;
    ["true", "false", "null"]
        .into_iter()
        .find(|word| word.starts_with(begin))
        .map(|word| format!("write {word}"))
}

/// A body that goes on behind its object.
pub(super) fn more(text: &str, error: &serde_json::Error) -> String {
    let place = place(text, offset(text, error));
    format!("the body goes on behind its JSON object, at {place}; send one object and nothing else")
}

/// Line and column of a place, both from 1 on, the column in characters.
pub(super) fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}")
}

/// Where the parser stopped: it counts lines from 1, and the bytes of the line that it has taken.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let line: usize =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    // A line break that should not be there ends its line: the parser is in column 0 of the next
    // one then.
    let mut offset = (line + error.column()).saturating_sub(1).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1; // it stops behind the first byte of a character
    }
    offset
}

/// Whether an escape is one of four hexadecimal digits, or would be. The parser says of it what it
/// says of an escape that is none, whose letter follows the backslash.
fn is_hexadecimal(said: &str, before: &str) -> bool {
    said.starts_with(INVALID_ESCAPE) && !before.ends_with('\\')
}

fn expected(said: &str) -> &'static str {
    if said.starts_with(INVALID_ESCAPE) {
        r"\u in a text needs four hexadecimal digits, such as \u00f1"
    } else if said.starts_with("key must be a string") {
        r#"names of fields stand in double quotes (")"#
    } else if said.starts_with("expected `:`") {
        "a colon is missing before it"
    } else if said.starts_with("expected `,`") {
        "a comma is missing before it, or a quote, a } or a ]"
    } else {
        r#"a value is expected, such as 5, "text" or null"#
    }
}

/// Whether the body is that of an HTML form, such as `model=fal%2Fkling-2&prompt=x`.
fn is_form(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.[]%".contains(&byte))
    })
}
