//! The refusals of storage, with storage's own words.
//!
//! Nearly every refusal is HTTP 400, and the JSON body has the real status. Resumable uploads are
//! refused with the real status and a plain text. A gateway in front answers with pages of its own.

use crate::foreign_text::{self, shortened};
use crate::outbound::WireError;
use serde_json::Value;

/// The longest message of storage, in characters, in an error and in the log. A message that was
/// cut ends in `…`.
const LONGEST_WORDS: usize = 200;

/// The names that storage gives an object that is not there, now and in the version before.
const NO_OBJECT: [&str; 2] = ["NoSuchKey", "not_found"];
/// The names that storage gives a bucket that is not there, or that an anonymous reader may not
/// see.
const NO_BUCKET: [&str; 2] = ["NoSuchBucket", "Bucket not found"];

/// Storage did not do what it was asked to do. Every call may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("storage did not answer")]
    Wire(#[from] WireError),
    /// Storage answered, but not with success.
    #[error("storage answered {status} to {step}{}", after_colon(.message))]
    Refused {
        /// The request, in a word or two for the log.
        step: &'static str,
        /// The real status: that of the body if it has one, else that of HTTP.
        status: u16,
        /// Storage's name for the error; empty if it gave none.
        code: String,
        /// Storage's message, as plain text of at most 200 characters.
        message: String,
    },
    /// The location of a resumable upload cannot be put below our own address.
    #[error("storage named no usable location for the upload")]
    Location,
    /// The stored file has another size than the file that was sent.
    #[error("storage holds {found} bytes of {expected}")]
    Size {
        /// The number of bytes that were sent.
        expected: u64,
        /// The number of bytes that storage reports.
        found: u64,
    },
    /// A file was removed, but this address still returns it.
    #[error("the video is still there: {0} gives it out")]
    StillThere(String),
}

impl StorageError {
    /// Reads a refusal from its HTTP status and its body.
    pub(super) fn refused(step: &'static str, http_status: u16, body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let status = ["statusCode", "status"].iter().find_map(|name| status_in(&json[*name]));
        let text = String::from_utf8_lossy(body);
        let code = ["code", "error"].iter().find_map(|name| filled(&json[*name]));
        let code = code.or_else(|| between(&text, "<Code>", "</Code>"));
        let said = [&json["message"], &json["msg"], &json["error"]["message"], &json["error"]];
        let said = said.into_iter().find_map(filled);
        let message = words(said.as_deref().unwrap_or(&text));
        let code = code.map(|code| words(&code)).unwrap_or_default();
        Self::Refused { step, status: status.unwrap_or(http_status), code, message }
    }

    /// A success that lacks what it should contain.
    pub(super) fn unexpected(step: &'static str, message: &str) -> Self {
        Self::Refused { step, status: 200, code: String::new(), message: words(message) }
    }

    /// Whether storage says, by its own name for the error, that there is no such object.
    pub(super) fn says_no_object(&self) -> bool {
        self.is_404_named(&NO_OBJECT)
    }

    /// Whether storage says, by its own name for the error, that there is no such bucket.
    pub(super) fn says_no_bucket(&self) -> bool {
        self.is_404_named(&NO_BUCKET)
    }

    fn is_404_named(&self, names: &[&str]) -> bool {
        matches!(self, Self::Refused { status: 404, code, .. } if names.contains(&code.as_str()))
    }

    /// Whether a resumable upload cannot continue at its location. Storage refuses the location,
    /// and not because of load (408, 429) or of a lock that passes (423).
    pub const fn forgets_the_upload(&self) -> bool {
        match self {
            Self::Location => true,
            Self::Refused { status, .. } => {
                matches!(status, 400..=499) && !matches!(status, 408 | 423 | 429)
            }
            Self::Wire(_) | Self::Size { .. } | Self::StillThere(_) => false,
        }
    }

    /// Whether storage answered, and not because it is busy. A repeat of the same request gets the
    /// same answer.
    pub const fn is_an_answer(&self) -> bool {
        match self {
            Self::Refused { status, .. } => !matches!(status, 408 | 423 | 429 | 502..=504),
            Self::Location | Self::Size { .. } => true,
            Self::Wire(_) | Self::StillThere(_) => false,
        }
    }
}

fn after_colon(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

/// Reads a valid HTTP status, written as a number or as text.
fn status_in(value: &Value) -> Option<u16> {
    let status = match value {
        Value::Number(number) => u16::try_from(number.as_u64()?).ok()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (400..=599).contains(&status).then_some(status)
}

fn filled(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn between(text: &str, open: &str, close: &str) -> Option<String> {
    let (_, rest) = text.split_once(open)?;
    rest.split_once(close).map(|(inside, _)| inside.trim().to_owned())
}

/// The text as one plain line, without markup and without anything that a log must not keep.
fn words(text: &str) -> String {
    let line = foreign_text::for_the_log(&without_markup(text), &[]);
    shortened(&line.split_whitespace().collect::<Vec<_>>().join(" "), LONGEST_WORDS - 1)
}

/// The text of a page without its tags, styles and scripts. A text without tags is unchanged.
fn without_markup(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        plain.push_str(before);
        let looks_like_a_tag =
            tag.starts_with(|char: char| char.is_ascii_alphabetic() || "/!?".contains(char));
        let Some((name, after)) = tag.split_once('>').filter(|_| looks_like_a_tag) else {
            plain.push('<');
            rest = tag;
            continue;
        };
        plain.push(' ');
        let lower = name.to_ascii_lowercase();
        let hidden = ["style", "script"].into_iter().find(|hidden| lower.starts_with(hidden));
        rest = match hidden.and_then(|hidden| after.find(&format!("</{hidden}"))) {
            Some(end) => &after[end..],
            None => after,
        };
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(http_status: u16, body: &str) -> (u16, String, String) {
        match StorageError::refused("upload", http_status, body.as_bytes()) {
            StorageError::Refused { status, code, message, .. } => (status, code, message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_is_read_as_it_was_meant() {
        for (http_status, body, status, code, message) in [
            (
                400,
                r#"{"statusCode":"404","error":"not_found","message":"Object not found","code":"NoSuchKey"}"#,
                404,
                "NoSuchKey",
                "Object not found",
            ),
            (
                400,
                r#"{"statusCode":404,"error":"not_found","message":"Object not found"}"#,
                404,
                "not_found",
                "Object not found",
            ),
            (
                400,
                r#"{"statusCode":" 413 ","error":"Payload too large","message":"too large"}"#,
                413,
                "Payload too large",
                "too large",
            ),
            (403, r#"{"statusCode":null,"message":"no"}"#, 403, "", "no"),
            (400, r#"{"statusCode":"200","message":"odd"}"#, 400, "", "odd"),
            (400, r#"{"statusCode":99999,"message":"odd"}"#, 400, "", "odd"),
            (400, r#"{"error":"Duplicate"}"#, 400, "Duplicate", "Duplicate"),
            (401, r#"{"message":"Invalid API key"}"#, 401, "", "Invalid API key"),
            (400, r#"{"error":{"message":"one level down"}}"#, 400, "", "one level down"),
            (413, "Maximum size exceeded\n", 413, "", "Maximum size exceeded"),
            (409, "Upload-Offset conflict\n", 409, "", "Upload-Offset conflict"),
            (
                404,
                "<Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message></Error>",
                404,
                "NoSuchKey",
                "NoSuchKey The key does not exist.",
            ),
            (
                503,
                "<html><head><style>body{color:red}</style></head><body><h1>503</h1> busy</body></html>",
                503,
                "",
                "503 busy",
            ),
            (500, "", 500, "", ""),
            (500, "5 < 6 and 7 > 6", 500, "", "5 < 6 and 7 > 6"),
        ] {
            assert_eq!(
                read(http_status, body),
                (status, code.to_owned(), message.to_owned()),
                "{body}"
            );
        }
    }

    #[test]
    fn storages_words_are_plain_short_and_without_secrets() {
        let (_, _, long) = read(500, &"word ".repeat(100));
        assert_eq!((long.chars().count(), long.ends_with('…')), (200, true));
        for (body, message) in [
            ("a\u{1b}[31m red\u{202e} word\u{200b}\u{0}", "a red word"),
            ("see https://storage.test/object/x?token=abc for it", "see […] for it"),
            ("the key sb_secret_abc is wrong", "the key […] is wrong"),
            ("jwt: \"eyJhbGciOi.x.y\"", "jwt: […]"),
        ] {
            assert_eq!(read(500, body).2, message, "{body:?}");
        }
    }

    #[test]
    fn the_line_of_an_error_has_storages_words_or_ends() {
        let line = |body: &str| StorageError::refused("append", 413, body.as_bytes()).to_string();
        assert_eq!(
            line("upload's size exceeded\n"),
            "storage answered 413 to append: upload's size exceeded"
        );
        assert_eq!(line(""), "storage answered 413 to append");
    }

    #[test]
    fn only_storage_itself_says_that_something_is_not_there() {
        let error = |body: &str| StorageError::refused("remove", 404, body.as_bytes());
        assert!(error(r#"{"code":"NoSuchKey"}"#).says_no_object());
        assert!(error(r#"{"error":"Bucket not found"}"#).says_no_bucket());
        for page in ["<h1>Not found</h1>", "", r#"{"message":"Route DELETE:/object not found"}"#] {
            assert!(!error(page).says_no_object() && !error(page).says_no_bucket(), "{page}");
        }
    }
}
