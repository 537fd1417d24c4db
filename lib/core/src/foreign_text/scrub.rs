//! Removes words from a text.

use super::fold::folded;
use super::printable::printable;
use super::reader::{Before, Reader, is_qualifier};

use std::borrow::Cow;

/// Stands in place of removed words.
const GAP: &str = "[…]";

/// Stands in place of removed words that repeat the caller's prompt.
const PROMPT: &str = "[prompt]";

/// This many characters in a row that also stand in the prompt count as a repetition of it.
const ECHO: usize = 12;

/// A text with gaps in place of removed words.
pub(super) struct Scrubbed {
    pub(super) text: String,
    /// Whether at least one word was removed.
    pub(super) touched: bool,
}

impl Scrubbed {
    /// The text, if a reader can understand it: it has more than gaps and a word or two around
    /// them.
    pub(super) fn readable(self) -> Option<String> {
        let words =
            self.text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
        let enough = if self.touched { 3 } else { 1 };
        (words.take(enough).count() == enough).then_some(self.text)
    }
}

/// The text, with a gap in place of each run of words that the reader must not see.
pub(super) fn scrubbed(text: &str, reader: Reader) -> Scrubbed {
    let mut kept: Vec<&str> = Vec::new();
    let (mut touched, mut before) = (false, Before::default());
    let folded: Vec<_> = text.split_whitespace().map(folded).collect();
    for (at, word) in text.split_whitespace().enumerate() {
        let next =
            folded.iter().skip(at + 1).find(|word| !is_qualifier(word)).map_or("", Cow::as_ref);
        if reader.must_not_see(before, &folded[at], next) {
            touched = true;
            if kept.last() != Some(&GAP) {
                kept.push(GAP);
            }
        } else {
            kept.push(word);
        }
        before = before.then(&folded[at]);
    }
    Scrubbed { text: kept.join(" "), touched }
}

/// The text without its repetitions of the prompt, in any case. A repetition is a run of at least
/// twelve characters, or the whole of a shorter prompt.
pub(super) fn without_prompt(text: &str, prompt: &str) -> String {
    let prompt = lower(&printable(prompt).split_whitespace().collect::<Vec<_>>().join(" "));
    let length = ECHO.min(prompt.len());
    let (written, lower) = (text.chars().collect::<Vec<_>>(), lower(text));
    if length == 0 {
        return text.to_owned();
    }
    let mut echoed = vec![false; written.len()];
    for (at, run) in lower.windows(length).enumerate() {
        if prompt.windows(length).any(|other| other == run) {
            echoed[at..at + length].fill(true);
        }
    }
    let mut kept = String::with_capacity(text.len());
    for (character, echoed) in written.into_iter().zip(echoed) {
        match (echoed, kept.ends_with(PROMPT)) {
            (false, _) => kept.push(character),
            (true, false) => kept.push_str(PROMPT),
            (true, true) => {}
        }
    }
    kept
}

/// The text in lower case, one character for each. If a lower-case form has several characters,
/// only the first of them is kept.
fn lower(text: &str) -> Vec<char> {
    text.chars().map(|character| character.to_lowercase().next().unwrap_or(character)).collect()
}
