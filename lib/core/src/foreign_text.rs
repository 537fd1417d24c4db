//! Text that others wrote: a provider's reasons, storage's answers, names that callers chose.
//!
//! Such text can carry keys, addresses, terminal escapes and invisible characters. This
//! module says what of it may be shown, and to whom:
//!
//! | for | function | what goes |
//! |---|---|---|
//! | a terminal | [`printable`] | escapes, control, bidi and invisible characters |
//! | a terminal, line by line | [`printable_lines`] | those |
//! | our log | [`for_the_log`] | those; keys, tokens, query strings; what is longer than a line |
//! | callers | [`for_callers`] | those; addresses, names of projects and buckets, paths, e-mails |
//! | programs | [`word`] | all but one word of letters, digits, `_`, `.` and `-` |
//!
//! A text that speaks of the order is shown with gaps. A text that only may do so is shown whole or
//! not at all: [`for_callers_if_clean`].

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

/// No text is read further. A reason is a few sentences; what is longer is a page, a trace or a
/// flood.
const LONGEST_READ: usize = 4_000;
/// The longest text in a log line: a few sentences, and a log event of ours stays well below 1 KB.
const LONGEST_IN_LOG: usize = 300;
/// The longest word for programs. Providers' own are about 30 characters long.
pub const LONGEST_WORD: usize = 100;

/// What callers may read of a text that speaks of their order. `None` when nothing readable is left
/// of it.
pub fn for_callers(text: &str) -> Option<String> {
    whole_text(text).map(|text| scrubbed(&text, Reader::Caller)).and_then(Scrubbed::readable)
}

/// What callers may read of a text that may speak of their order, or of the operator's account: all
/// of it when nothing has to be taken out, else nothing.
pub fn for_callers_if_clean(text: &str) -> Option<String> {
    let text = whole_text(text)?;
    let scrubbed = scrubbed(&text, Reader::Caller);
    if scrubbed.touched || speaks_of_the_operator(&text) { None } else { scrubbed.readable() }
}

/// What our log keeps of a text: one line of at most 300 characters, without keys and tokens, and
/// without what repeats the prompt.
pub fn for_the_log(text: &str, prompt: &str) -> String {
    let Some(text) = whole_text(text) else { return "(a page or a stack trace)".to_owned() };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = scrub::without_prompt(&text, prompt);
    shortened(&scrubbed(&text, Reader::Log).text, LONGEST_IN_LOG)
}

/// A provider's word for something, for programs: letters, digits, `_`, `.` and `-`, at most 100 of
/// them. `None` when none are left, for what is no single word, and for what looks like a key, an
/// address or a host.
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

/// The text, cut after so many characters; a cut one says so by its last character.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// One printable line of what was written by a person or for one; `None` for a page and a stack
/// trace.
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
