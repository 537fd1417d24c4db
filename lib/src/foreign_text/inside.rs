//! Which words tell how the inside of a provider or of the operator's account looks: addresses,
//! hosts, paths.

use super::reader::bare;
use std::net::{Ipv4Addr, Ipv6Addr};

/// First parts of a path that name a resource, such as `projects/acme`.
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

/// Ends of host names that are read as such in any case. A word with another end may be two
/// sentences without a blank between them.
const ENDS: [&str; 24] = [
    "ai", "app", "biz", "cloud", "co", "com", "corp", "de", "dev", "edu", "eu", "gov", "home", "info", "internal",
    "io", "lan", "local", "media", "net", "org", "run", "svc", "xyz",
];

/// First parts of a field's name, which is no host: `parameters.aspectRatio`.
const FIELDS: [&str; 5] = ["body", "config", "input", "instances", "parameters"];

/// Whether a word tells an address, a name or a place that is not the caller's.
pub(super) fn tells_the_inside(word: &str) -> bool {
    let bare = bare(word);
    is_address(word)
        || word.split_once('@').is_some_and(|(user, host)| ends_in_word(user) && begins_with_word(host))
        || word.contains('\\')
        || is_percent_encoded(word)
        || is_ip(word)
        || is_host(bare)
        || is_path(word)
        || is_long_number(bare)
}

fn ends_in_word(text: &str) -> bool {
    text.ends_with(char::is_alphanumeric)
}

fn begins_with_word(text: &str) -> bool {
    text.starts_with(|character: char| character.is_alphanumeric() || character == '[')
}

fn is_address(word: &str) -> bool {
    let lower = word.to_lowercase();
    let schemes = ["gs:", "s3:", "arn:", "urn:", "data:", "file:", "mailto:", "javascript:", "blob:", "tel:"];
    lower.contains("://") || lower.contains("www.") || schemes.iter().any(|scheme| bare(&lower).starts_with(scheme))
}

/// `%2F` and the like, but not `50%`.
fn is_percent_encoded(word: &str) -> bool {
    let hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let bytes = word.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| *byte == b'%' && hex(bytes.get(at + 1)) && hex(bytes.get(at + 2)))
}

fn is_ip(word: &str) -> bool {
    if word.contains("::") {
        return true; // the short form of an IPv6 address, or a path of names in a program
    }
    let word = bare(word);
    let host = word.split('/').next().unwrap_or_default();
    let v4 = host.split(':').next().unwrap_or_default();
    let v6 = host.split(['%', ']']).next().unwrap_or_default();
    let groups = v6.split(':').collect::<Vec<_>>();
    let hex = |group: &&str| group.len() <= 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    v4.parse::<Ipv4Addr>().is_ok()
        || v6.parse::<Ipv6Addr>().is_ok()
        || (groups.len() > 3 && groups.iter().all(hex))
        || (word.len() > 6 && word.to_lowercase().strip_prefix("0x").is_some_and(hex_only))
}

fn hex_only(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `storage.googleapis.com`, `db.internal:5432`, `java.lang.Error`, `localhost`; not `e.g.`,
/// `veo3.1`, or two sentences without a blank: `long.Try`.
fn is_host(word: &str) -> bool {
    let host = word.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let lower = host.to_lowercase();
    if lower == "localhost" || lower.starts_with("ip-10-") || lower.starts_with("ip-172-") {
        return true;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let (Some(first), Some(last)) = (labels.first(), labels.last()) else { return false };
    let named = |label: &&str| {
        !label.is_empty() && label.chars().all(|character| character.is_alphanumeric() || "-_".contains(character))
    };
    let initials = labels.iter().all(|label| label.chars().count() == 1);
    if labels.len() < 2
        || initials
        || FIELDS.contains(first)
        || !labels.iter().all(named)
        || !last.chars().all(char::is_alphabetic)
    {
        return false;
    }
    let two_sentences = labels.len() == 2
        && first.chars().all(char::is_alphabetic)
        && last.starts_with(char::is_uppercase)
        && last.chars().skip(1).all(char::is_lowercase)
        && !ENDS.contains(&last.to_lowercase().as_str());
    last.chars().count() > 1 && !two_sentences
}

/// `/var/task`, `./x`, `~/x`, `C:/x`, `projects/acme`, `a/b/c`, `acme-prod/x`; not `and/or`,
/// `video/mp4`, `16/9`.
fn is_path(word: &str) -> bool {
    let word = word.trim_matches(|character: char| !character.is_alphanumeric() && !"/~._-".contains(character));
    let word = word.trim_end_matches(['.', '/']);
    let (first, rest) = word.split_once('/').unwrap_or((word, ""));
    if rest.is_empty() {
        return word.starts_with('/') && word.len() > 1;
    }
    let letters = |text: &str| text.chars().all(char::is_alphabetic);
    let media = matches!(first, "video" | "image" | "audio" | "text" | "application");
    let numbers = word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'/');
    let plain = media || numbers || (letters(first) && letters(rest) && !first.is_empty());
    RESOURCES.contains(&first.to_lowercase().as_str()) || !plain
}

/// An account's or a project's number; seeds and support codes are shorter.
fn is_long_number(word: &str) -> bool {
    word.split(|character: char| !character.is_ascii_digit()).any(|run| run.len() >= 11)
}
