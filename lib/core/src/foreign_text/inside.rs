//! Decides which words reveal the inside of a provider or of the operator's account: addresses,
//! e-mails, paths.

use super::host::{ENDS, is_host, is_ip, names_a_port};
use super::reader::bare;

/// First parts of paths that name a resource, such as `projects/acme`.
const RESOURCES: [&str; 14] = [
    "accounts",
    "apps",
    "b",
    "billingaccounts",
    "buckets",
    "customers",
    "files",
    "folders",
    "locations",
    "operations",
    "organizations",
    "projects",
    "serviceaccounts",
    "users",
];

/// Whether a word reveals an address, a name or a place that does not belong to the caller.
pub(super) fn tells_the_inside(word: &str) -> bool {
    let bare = bare(word);
    is_address(word)
        || word.split_once('@').is_some_and(|(user, host)| has_a_letter(user) && has_a_letter(host))
        || word.contains('\\')
        || is_percent_encoded(word)
        || is_ip(word)
        || is_host(bare)
        || names_a_port(bare)
        || is_path(word)
        || is_long_number(bare)
}

/// Whether a word names a kind of error, such as `value_error.missing`. Such a name looks like a
/// host.
pub(super) fn is_a_kind(word: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.".contains(&byte);
    let end = word.rsplit('.').next().unwrap_or_default();
    word.contains('_') && word.bytes().all(plain) && !ENDS.contains(&end)
}

fn has_a_letter(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

fn is_address(word: &str) -> bool {
    let lower = word.to_lowercase();
    let schemes = [
        "gs:",
        "s3:",
        "arn:",
        "urn:",
        "data:",
        "file:",
        "mailto:",
        "javascript:",
        "blob:",
        "tel:",
        "jdbc:",
        "ssh:",
        "ftp:",
        "tcp:",
        "udp:",
    ];
    lower.contains("://")
        || lower.contains("www.")
        || schemes.iter().any(|scheme| bare(&lower).starts_with(scheme))
}

/// Whether a word contains a percent-encoded byte, such as `%2F`. `50%` contains none.
fn is_percent_encoded(word: &str) -> bool {
    let hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let bytes = word.as_bytes();
    bytes
        .iter()
        .enumerate()
        .any(|(at, byte)| *byte == b'%' && hex(bytes.get(at + 1)) && hex(bytes.get(at + 2)))
}

/// Whether a word is a path: `/var/task`, `./x`, `~/x`, `C:/x`, `projects/acme`, `a/b/c`,
/// `acme-prod/x`. These are not: `and/or`, `video/mp4`, `16/9`, `4:3/16:9`.
fn is_path(word: &str) -> bool {
    let word = word.trim_matches(|character: char| {
        !character.is_alphanumeric() && !"/~._-".contains(character)
    });
    let word = word.trim_end_matches(['.', '/']);
    let (first, rest) = word.split_once('/').unwrap_or((word, ""));
    if rest.is_empty() {
        return word.starts_with('/') && word.len() > 1;
    }
    let letters = |text: &str| text.chars().all(char::is_alphabetic);
    let media = matches!(first, "video" | "image" | "audio" | "text" | "application");
    let numbers = word.bytes().all(|byte| byte.is_ascii_digit() || b"/:.".contains(&byte));
    let plain = media || numbers || (letters(first) && letters(rest) && !first.is_empty());
    RESOURCES.contains(&first.to_lowercase().as_str()) || !plain
}

/// Whether a word is as long as the number of an account or a project. Seeds and support codes are
/// shorter.
fn is_long_number(word: &str) -> bool {
    word.split(|character: char| !character.is_ascii_digit()).any(|run| run.len() >= 11)
}
