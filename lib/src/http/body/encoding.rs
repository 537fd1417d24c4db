//! What a body's bytes are, where they are not the UTF-8 that JSON is written in.

/// What a body begins with that is packed. The second byte of deflate tells how hard it was tried.
const PACKED: [(&[u8], &str); 10] = [
    (b"BZh", "bzip2"),
    (b"PK\x03\x04", "zip"),
    (&[0x04, 0x22, 0x4D, 0x18], "lz4"),
    (&[0xFD, b'7', b'z', b'X', b'Z', 0], "xz"),
    (&[0x1F, 0x8B], "gzip"),
    (&[0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    (&[0x78, 0x01], "deflate"),
    (&[0x78, 0x5E], "deflate"),
    (&[0x78, 0x9C], "deflate"),
    (&[0x78, 0xDA], "deflate"),
];

/// The byte order mark of UTF-8, which is allowed and means nothing.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Stands in a text for bytes that were no UTF-8.
const REPLACED: char = '\u{FFFD}';

/// The body as text.
pub(super) fn text(body: &[u8]) -> Result<&str, String> {
    let body = body.strip_prefix(MARK).unwrap_or(body);
    if let Some(wide) = wide(body) {
        return Err(format!("the body is {wide}; send UTF-8"));
    }
    let read = str::from_utf8(body);
    // Two bytes are a sign only where the rest is no text either: deflate may begin with `x^`.
    let packed = PACKED
        .iter()
        .find(|(begins, _)| body.starts_with(begins) && (begins.len() > 2 || read.is_err()));
    match (packed, read) {
        (Some((_, how)), _) => Err(format!("the body is compressed ({how}); send it plain")),
        (None, read) => read.map_err(|error| no_utf8(body, &error)),
    }
}

/// What is wrong with a body whose `Content-Encoding` is this.
pub(super) fn packed(content_encoding: &str) -> Option<String> {
    let how = content_encoding.trim();
    let plain = how.is_empty() || how.eq_ignore_ascii_case("identity");
    let how = crate::error::shortened(how);
    (!plain).then(|| format!("the body is compressed (Content-Encoding: {how}); send it plain"))
}

/// Whether bytes were replaced on the way here.
pub(super) fn was_replaced(text: &str) -> bool {
    text.contains(REPLACED)
}

/// By its byte order mark, or by its first two characters, which in JSON are ASCII ones. A NUL by
/// itself is a NUL.
fn wide(body: &[u8]) -> Option<&'static str> {
    match body {
        [0xFF, 0xFE, 0, 0, ..]
        | [0, 0, 0xFE, 0xFF, ..]
        | [0, 0, 0, 1..=0xFF, ..]
        | [1..=0xFF, 0, 0, 0, ..] => Some("UTF-32"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("UTF-16"),
        [0, 1..=0xFF]
        | [1..=0xFF, 0]
        | [0, 1..=0xFF, 0, 1..=0xFF, ..]
        | [1..=0xFF, 0, 1..=0xFF, 0, ..] => Some("UTF-16"),
        _ => None,
    }
}

fn no_utf8(body: &[u8], error: &std::str::Utf8Error) -> String {
    let (good, rest) = body.split_at(error.valid_up_to());
    let place = super::syntax::place(str::from_utf8(good).unwrap_or_default(), good.len());
    match (error.error_len(), rest) {
        (None, _) => {
            "the body ends in the middle of a character; send all of it, as UTF-8".to_owned()
        }
        (_, [0xED, 0xA0..=0xBF, ..]) => {
            format!(
                "the body is not UTF-8 at {place}: half of a surrogate pair; send whole characters"
            )
        }
        (_, [byte, next, ..]) if next.is_ascii() => {
            format!(
                "the body is not UTF-8 at {place}: byte 0x{byte:02X} looks like Latin-1 (ISO 8859-1); send UTF-8"
            )
        }
        (_, rest) => format!(
            "the body is not UTF-8 at {place}: byte 0x{:02X}; send UTF-8",
            rest.first().unwrap_or(&0)
        ),
    }
}
