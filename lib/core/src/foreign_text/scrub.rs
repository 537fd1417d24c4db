//! Takes words out of a text.

use super::fold::folded;
use super::printable::printable;
use super::reader::{Before, Reader, is_qualifier};

use std::borrow::Cow;

/// What stands for what was taken out.
const GAP: &str = "[…]";

/// What stands for what was taken out because it is the caller's prompt.
const PROMPT: &str = "[prompt]";

/// So many characters in a row that stand in the prompt too are taken for a repetition of it.
const ECHO: usize = 12;

/// A text with gaps.
pub(super) struct Scrubbed {
    /// What is left.
    pub(super) text: String,
    /// Whether something was taken out.
    pub(super) touched: bool,
}

impl Scrubbed {
    /// The text, if a reader can make something of it: more than gaps and a word or two around
    /// them.
    pub(super) fn readable(self) -> Option<String> {
        let words =
            self.text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
        let enough = if self.touched { 3 } else { 1 };
        (words.take(enough).count() == enough).then_some(self.text)
    }
}

/// The words of a text, with a gap for each run of those that the reader must not see.
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

/// The text without what stands so in the prompt: runs of at least twelve characters, or the whole
/// of a shorter prompt, whatever their case.
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

/// One character for each: what has a longer lower case counts by the first of its characters.
fn lower(text: &str) -> Vec<char> {
    text.chars().map(|character| character.to_lowercase().next().unwrap_or(character)).collect()
}
