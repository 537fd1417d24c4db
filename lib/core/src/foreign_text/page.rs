//! Recognizes web pages, stack traces and blocks with keys: texts that are no sentences for a
//! reader.

/// Pieces, in lower case, that only a web page or an XML document contains.
const PAGE: [&str; 9] =
    ["<!doctype", "<html", "<head", "<body", "<title", "<script", "<style", "<?xml", "</"];

/// Pieces, in lower case, that only the stack trace of a program contains.
const TRACE: [&str; 11] = [
    "traceback (most recent call last)",
    "stack trace",
    "stacktrace",
    " panicked at ",
    "exception in thread",
    "goroutine ",
    "caused by: ",
    "\tat ",
    "\n    at ",
    "\n  at ",
    ".py\", line ",
];

/// Whether a program generated the text for another program, and not for a person.
pub(super) fn is_page_or_trace(text: &str) -> bool {
    let text = text.to_lowercase();
    let has = |word: &str| text.contains(word);
    PAGE.iter().any(|word| has(word)) || TRACE.iter().any(|word| has(word))
}

/// The text without its PEM blocks. A block goes from `-----BEGIN` to the end of its `-----END`
/// line, or to the end of the text.
pub(super) fn without_key_blocks(text: &str) -> String {
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, block)) = rest.split_once("-----BEGIN") {
        kept.push_str(before);
        kept.push(' ');
        let end = block.split_once("-----END").and_then(|(_, end)| end.split_once("-----"));
        rest = end.map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}
