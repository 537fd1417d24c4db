//! Text that others wrote: the reasons of a provider, the answers of storage, names that callers
//! chose.
//!
//! Such a text can contain keys, addresses, terminal escapes and invisible characters. This module
//! decides which part of it a reader may see:
//!
//! | reader | function | what is removed |
//! |---|---|---|
//! | a terminal | [`printable()`] | escapes; control, bidi and invisible characters |
//! | a terminal, line by line | [`printable_lines`] | the same |
//! | our log | [`for_the_log`] | also keys, tokens, query strings, and text beyond one line |
//! | callers | [`for_callers`] | also addresses, e-mails, paths, names of projects and buckets |
//! | programs | [`word`] | everything but one word of letters, digits, `_`, `.` and `-` |
//!
//! A text that is certainly about the order is shown with gaps. A text that is perhaps about it is
//! shown whole or not at all: [`for_callers_if_clean`].

mod fold;
mod host;
mod inside;
mod page;
mod printable;
mod reader;
mod scrub;
mod secret;

pub use printable::{is_combining_mark, is_invisible, printable, printable_lines};

use inside::{is_a_kind, tells_the_inside};
use reader::{Reader, speaks_of_the_operator};
use scrub::{Scrubbed, scrubbed};
use secret::is_secret;

/// Only this many characters of a text are read. A reason is a few sentences. Anything longer is a
/// web page, a stack trace or a flood.
const LONGEST_READ: usize = 4_000;
/// The longest text in a line of our log, in characters: a few sentences. The whole log event then
/// stays well below 1 KB.
const LONGEST_IN_LOG: usize = 300;
/// The longest word for programs, in characters. The words of providers have about 30.
pub const LONGEST_WORD: usize = 100;

/// The part of a text about the caller's order that callers may read. `None` if no readable text is
/// left.
pub fn for_callers(text: &str) -> Option<String> {
    whole_text(text).map(|text| scrubbed(&text, Reader::Caller)).and_then(Scrubbed::readable)
}

/// A text that is either about the caller's order or about the operator's account. It is returned
/// whole if nothing in it must be removed; else `None`.
pub fn for_callers_if_clean(text: &str) -> Option<String> {
    let text = whole_text(text)?;
    let scrubbed = scrubbed(&text, Reader::Caller);
    if scrubbed.touched || speaks_of_the_operator(&text) { None } else { scrubbed.readable() }
}

/// The part of a text that our log keeps: one line of at most 300 characters, without keys, tokens
/// and repetitions of these prompts.
pub fn for_the_log(text: &str, prompts: &[&str]) -> String {
    let Some(text) = whole_text(text) else { return "(a page or a stack trace)".to_owned() };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let without = |text: String, prompt: &&str| scrub::without_prompt(&text, prompt);
    let text = prompts.iter().fold(text, without);
    shortened(&scrubbed(&text, Reader::Log).text, LONGEST_IN_LOG)
}

/// A provider's word for something, for programs to read. It has letters, digits, `_`, `.` and `-`,
/// and at most 100 of them. `None` if nothing is left, and for a text of several words, or one that
/// looks like a key, an address or a host.
pub fn word(text: &str) -> Option<String> {
    let text: String = text.chars().take(LONGEST_READ).collect();
    let text = printable(&text);
    let text = fold::folded(text.trim());
    let single =
        !text.contains(|character: char| character.is_whitespace() || "@/:=".contains(character));
    let fit = single && !is_secret(&text) && (is_a_kind(&text) || !tells_the_inside(&text));
    let plain = |character: &char| character.is_ascii_alphanumeric() || "_.-".contains(*character);
    let word: String = text.chars().filter(plain).take(LONGEST_WORD).collect();
    (fit && !word.is_empty()).then_some(word)
}

/// The text, cut after `most` characters. A text that was cut ends in `…`.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A text that a person wrote, or that was written for one, as one printable line. `None` for a web
/// page and a stack trace.
fn whole_text(text: &str) -> Option<String> {
    let read: String = text.chars().take(LONGEST_READ).collect();
    if page::is_page_or_trace(&read) {
        None
    } else {
        Some(printable(&page::without_key_blocks(&read)))
    }
}

#[cfg(test)]
mod tests;
