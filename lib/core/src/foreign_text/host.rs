//! Decides which words are hosts: names and addresses of machines.

use super::reader::bare;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Last labels of host names, recognized in upper and lower case. A word with another last label
/// may be two sentences without a space between them.
pub(super) const ENDS: [&str; 25] = [
    "ai", "app", "biz", "cloud", "co", "com", "corp", "de", "dev", "edu", "eu", "example", "gov",
    "home", "info", "internal", "io", "lan", "local", "media", "net", "org", "run", "svc", "xyz",
];

/// First parts of field names, such as `parameters.aspectRatio`. Such a word is no host.
const FIELDS: [&str; 5] = ["body", "config", "input", "instances", "parameters"];

/// Ports that make a host of a plain word before them: `acme:8080`.
const PORTS: [&str; 18] = [
    "80", "443", "3000", "3306", "5000", "5432", "5672", "6379", "8000", "8080", "8081", "8443",
    "8888", "9000", "9090", "9200", "27017", "50051",
];

/// Last parts of field names and other words before a number that is no port: `max-length:2500`.
const QUANTITIES: [&str; 33] = [
    "at",
    "bitrate",
    "characters",
    "code",
    "count",
    "duration",
    "error",
    "fps",
    "frames",
    "height",
    "http",
    "index",
    "length",
    "limit",
    "line",
    "max",
    "min",
    "page",
    "part",
    "position",
    "rate",
    "ratio",
    "scale",
    "seconds",
    "seed",
    "size",
    "status",
    "step",
    "steps",
    "time",
    "tokens",
    "version",
    "width",
];

pub(super) fn is_ip(word: &str) -> bool {
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
        || is_ipv4_otherwise(v4)
        || (word.len() > 6 && word.to_lowercase().strip_prefix("0x").is_some_and(hex_only))
}

/// Recognizes an IPv4 address as four numbers with dots, dashes or underscores between them. Each
/// number may have any spelling of C. An address of a private network is also recognized when it is
/// written as one number. The largest signed number of 32 bits is excepted: it is a common limit
/// for seeds.
fn is_ipv4_otherwise(word: &str) -> bool {
    let four = |parts: &[&str]| {
        parts.iter().all(|part| part.len() < 5 && part_of_c(part).is_some_and(|part| part < 256))
    };
    let dotted = word.split('.').collect::<Vec<_>>();
    let dashed = word.split(['-', '_']).collect::<Vec<_>>();
    let inside = |number: u32| {
        let ip = Ipv4Addr::from(number);
        i32::try_from(number) != Ok(i32::MAX)
            && (ip.is_private() || ip.is_loopback() || ip.is_link_local())
    };
    (dotted.len() == 4 && four(&dotted))
        || dashed.windows(4).any(four)
        || (word.len() >= 9
            && word.bytes().all(|byte| byte.is_ascii_digit())
            && word.parse().is_ok_and(inside))
}

/// Reads a number as C does: decimal `10`, octal `012` or hexadecimal `0xa`.
fn part_of_c(part: &str) -> Option<u32> {
    match part.as_bytes() {
        [b'0', b'x' | b'X', ..] => u32::from_str_radix(&part[2..], 16).ok(),
        [b'0', _, ..] => u32::from_str_radix(part, 8).ok(),
        _ => part.parse().ok(),
    }
}

fn hex_only(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a word is the name of a host: `storage.googleapis.com`, `node7.cluster1`,
/// `java.lang.Error`, `localhost`.
///
/// These are no hosts: `e.g.`, `veo3.1`, `1.5s`, and two sentences without a space: `long.Try`.
pub(super) fn is_host(word: &str) -> bool {
    let host = word.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let lower = host.to_lowercase();
    if lower == "localhost" || lower.starts_with("ip-10-") || lower.starts_with("ip-172-") {
        return true;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let (Some(first), Some(last)) = (labels.first(), labels.last()) else { return false };
    let named = |label: &&str| {
        !label.is_empty()
            && label
                .chars()
                .all(|character| character.is_alphanumeric() || "-_".contains(character))
    };
    let initials = labels.iter().all(|label| label.chars().count() == 1);
    if labels.len() < 2
        || initials
        || FIELDS.contains(first)
        || !labels.iter().all(named)
        || !is_end(last)
    {
        return false;
    }
    let digits = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let a_word = labels.len() == 2 && first.chars().all(char::is_alphabetic);
    let a_measure = first.starts_with(|character: char| character.is_ascii_digit()); // `0.5MP.Try`
    let a_version = labels.iter().rev().nth(1).is_some_and(|label| digits(label)); // `veo-3.1.Try`
    let two_sentences = (a_word || a_measure || a_version)
        && last.starts_with(char::is_uppercase)
        && last.chars().skip(1).all(char::is_lowercase)
        && !ENDS.contains(&last.to_lowercase().as_str());
    let known_end = ENDS.contains(&last.to_lowercase().as_str());
    let a_number =
        !labels[..labels.len() - 1].iter().any(|label| label.contains(char::is_alphabetic));
    last.chars().count() > 1 && !two_sentences && (!a_number || known_end)
}

/// Whether a label can be the last one of a host: letters, or letters and then digits.
fn is_end(label: &str) -> bool {
    let first = label.starts_with(char::is_alphabetic);
    first && (label.chars().all(char::is_alphanumeric) || label.to_lowercase().starts_with("xn--"))
}

/// Whether a word is a host and its port: `redis-master:6379`, `acme:8080`. Ratios and settings are
/// not: `16:9`, `seed:8000`.
pub(super) fn names_a_port(word: &str) -> bool {
    let Some((name, rest)) = word.split_once(':') else { return false };
    let port = rest.split('/').next().unwrap_or_default();
    let a_port = port.len() > 1 && port.parse::<u16>().is_ok_and(|port| port > 20);
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let last = name.rsplit(['-', '_']).next().unwrap_or_default().to_lowercase();
    let like_a_host =
        name.contains('-') || name.contains(|character: char| character.is_ascii_digit());
    a_port
        && plain
        && name.contains(char::is_alphabetic)
        && !QUANTITIES.contains(&last.as_str())
        && (like_a_host || PORTS.contains(&port))
}
