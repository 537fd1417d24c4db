//! What is wrong with a text that is no JSON, in words, and where.

use super::{EXAMPLE, SPACE, encoding};

/// What the parser says, and what is wrong then wherever it says it.
const SAID: [(&str, &str); 9] = [
    ("recursion limit", "lists and objects stand in each other more than 127 deep"),
    ("lone", "an escape is half of a surrogate pair; write both halves, or the character itself"),
    ("unexpected end of hex", "an escape is half of a surrogate pair; write both halves, or the character itself"),
    ("control character", r"a line break or another control character is in a text; write \n, \t or \u00XX for it"),
    ("invalid escape", r"a backslash in a text begins no escape; write \\ for a backslash"),
    ("invalid unicode", "an escape is no character; write the character itself"),
    ("trailing comma", "remove the comma before it"),
    ("number out of range", "the number is too large"),
    ("invalid number", "the number is not written as in JSON, such as 5 or 0.5"),
];

/// What stands where the parser stopped, and what is wrong then.
const STANDS: [(&[&str], &str); 9] = [
    (&NO_NUMBERS, "NaN and Infinity are no numbers in JSON; leave the field out"),
    (&["True", "False", "TRUE", "FALSE"], "write true or false in small letters"),
    (&["None", "undefined", "Null", "NULL", "nil"], "write null, or leave the field out"),
    (&["//", "/*", "#", "--"], "JSON has no comments; remove it"),
    (&["'", "`"], r#"texts and names of fields stand in double quotes ("), not in single ones"#),
    (
        &["\u{201C}", "\u{201D}", "\u{2018}", "\u{2019}", "«"],
        r#"texts and names of fields stand in straight double quotes (")"#,
    ),
    (&["+", ".", "-"], "the number is not written as in JSON, such as 5 or 0.5"),
    (&[","], "a comma too many"),
    (&["}", "]"], "a value is missing before it"),
];

/// What programs write for numbers that are none. After a minus, the parser speaks of a number.
const NO_NUMBERS: [&str; 6] = ["NaN", "Infinity", "-Infinity", "nan", "inf", "-inf"];

/// What a body begins with that was never meant as JSON.
const NEVER: [(&str, &str); 3] = [("<", "XML or HTML"), ("--", "multipart form data"), ("%PDF", "a PDF file")];

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
        return "the body ends too early: a text, a list or the object in it is not closed".to_owned();
    }
    let (said, at) = (error.to_string(), offset(text, error));
    let rest = text.get(at..).unwrap_or_default();
    let known = SAID.iter().find(|(begin, _)| said.starts_with(begin)).map(|(_, wrong)| *wrong);
    let known = known.filter(|_| !NO_NUMBERS.iter().any(|begin| rest.starts_with(begin)));
    let seen = || {
        let stands = |(begins, _): &&(&[&str], _)| begins.iter().any(|begin| rest.starts_with(begin));
        STANDS.iter().find(stands).map(|(_, wrong)| *wrong)
    };
    let wrong = known.or_else(seen).unwrap_or_else(|| expected(&said));
    format!("the body is not JSON at {}: {wrong}", place(text, at))
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
    let line: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    // A line break that should not be there ends its line: the parser is in column 0 of the next one then.
    let mut offset = (line + error.column()).saturating_sub(1).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1; // it stops behind the first byte of a character
    }
    offset
}

fn expected(said: &str) -> &'static str {
    if said.starts_with("key must be a string") {
        r#"names of fields stand in double quotes (")"#
    } else if said.starts_with("expected `:`") {
        "a colon is missing before it"
    } else if said.starts_with("expected `,`") {
        "a comma is missing before it, or a quote, a } or a ]"
    } else {
        r#"a value is expected, such as 5, "text" or null"#
    }
}

/// `model=fal%2Fkling-2&prompt=x`.
fn is_form(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.[]%".contains(&byte))
    })
}
