//! Decides which words of a text its reader must not see.
//!
//! A word removed by mistake costs the reader a gap. A word left by mistake can cost a key. So the
//! rules describe shapes, and match more than necessary.

use super::inside::tells_the_inside;
use super::secret::is_secret;

/// The word after one of these is a secret, whatever it looks like.
const SECRET_FOLLOWS: [&str; 6] =
    ["bearer", "authorization", "passphrase", "password", "passwd", "pwd"];
/// The word after one of these is a secret if `:` or `=` stands between them. Otherwise these are
/// ordinary words.
const SECRET_IS_ASSIGNED: [&str; 7] = ["auth", "creds", "pass", "pin", "pw", "sid", "sig"];
/// Words between `Authorization:` and the secret.
const SCHEMES: [&str; 5] = ["basic", "bearer", "digest", "key", "token"];
/// The word after one of these is a secret, unless it is an ordinary word: `key frame`,
/// `secret garden`.
const SECRET_MAY_FOLLOW: [&str; 13] = [
    "key",
    "keys",
    "apikey",
    "token",
    "tokens",
    "secret",
    "basic",
    "cookie",
    "credential",
    "credentials",
    "signature",
    "session",
    "jwt",
];

/// The word after one of these is the name of something of the operator's, unless it is one of
/// [`GLUE`].
const NAME_FOLLOWS: [&str; 4] = ["project", "projects", "bucket", "buckets"];
/// The word after one of these is a name if it has a digit, a dash or a dot.
const NAME_MAY_FOLLOW: [&str; 31] = [
    "account",
    "accounts",
    "cluster",
    "container",
    "customer",
    "database",
    "dataset",
    "deployment",
    "host",
    "hostname",
    "instance",
    "job",
    "machine",
    "namespace",
    "node",
    "operation",
    "org",
    "organization",
    "pod",
    "queue",
    "region",
    "request",
    "resource",
    "runner",
    "server",
    "service",
    "tenant",
    "topic",
    "user",
    "worker",
    "zone",
];

/// A word before one of these is a name if it has a dash, or letters and a digit:
/// `the acme-prod project`.
const NAME_PRECEDES: [&str; 13] = [
    "account",
    "bucket",
    "buckets",
    "cluster",
    "database",
    "host",
    "namespace",
    "node",
    "pod",
    "project",
    "projects",
    "server",
    "tenant",
];

/// Words between a noun and the name that it announces.
const BETWEEN: [&str; 8] = ["id", "ids", "name", "named", "number", "called", "is", "was"];
/// Words between a noun and its secret or its name: `the password was set to hunter2`.
const SET: [&str; 4] = ["changed", "equal", "equals", "set"];
/// Words between a name and the noun after it: `the acme-prod GCP project`.
const QUALIFIERS: [&str; 6] = ["cloud", "gcp", "gcs", "google", "s3", "storage"];

/// Words that follow `project` or `bucket` in a sentence and are no names.
const GLUE: [&str; 36] = [
    "a", "an", "and", "are", "as", "at", "because", "been", "but", "by", "can", "cannot", "could",
    "did", "does", "for", "from", "had", "has", "have", "in", "must", "not", "of", "on", "or",
    "or/and", "should", "that", "the", "this", "to", "were", "which", "will", "with",
];

/// Words of a text about the operator's account or a provider's machines. A text about an order
/// does not use them.
const OPERATORS: [&str; 24] = [
    "account",
    "api key",
    "apikey",
    "balance",
    "billing",
    "bucket",
    "credential",
    "credit",
    "exception",
    "forbidden",
    "internal",
    "invoice",
    "locked",
    "payment",
    "permission",
    "project",
    "quota",
    "runner",
    "server",
    "service agent",
    "subscription",
    "token",
    "unauthorized",
    "worker",
];

/// Whether a text is about the operator's account or a provider's machines, not about an order.
pub(super) fn speaks_of_the_operator(text: &str) -> bool {
    let text = text.to_lowercase();
    OPERATORS.iter().any(|word| text.contains(word))
}

/// The audience of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// The operator, who may see everything but secrets.
    Log,
    /// A caller, who may see neither secrets nor the inside of a provider or of the operator's
    /// account.
    Caller,
}

impl Reader {
    /// Whether this reader must not see a word, because of the word itself or of the words around
    /// it.
    pub(super) fn must_not_see(self, before: Before<'_>, word: &str, next: &str) -> bool {
        let unfit =
            |word: &str| is_secret(word) || (self == Self::Caller && tells_the_inside(word));
        unfit(word)
            || parts(word).any(unfit)
            || self.is_announced(before, word, false)
            || self.is_assigned(word)
            || (self == Self::Caller && is_name_of(word, next))
    }

    /// Whether the word before announces this one as a secret or a name.
    fn is_announced(self, before: Before<'_>, word: &str, joined: bool) -> bool {
        let ((of, noun), bare) = (noun(before.word), bare(word));
        let noun = noun.as_str();
        let glue = bare.is_empty()
            || GLUE.contains(&bare.to_lowercase().as_str())
            || before.is_between(word);
        let (assigned, named) = (joined || before.assigned, joined || !is_ordinary(bare));
        // as in `x-api-key abc`
        let a_key = SECRET_MAY_FOLLOW.contains(&noun) && (named || assigned || of);
        let a_secret =
            SECRET_FOLLOWS.contains(&noun) || (assigned && SECRET_IS_ASSIGNED.contains(&noun));
        let a_name = NAME_FOLLOWS.contains(&noun) || (named && NAME_MAY_FOLLOW.contains(&noun));
        !glue && (a_secret || a_key || (a_name && self == Self::Caller))
    }

    /// Whether a word contains a name or secret that is assigned: `token=abc`, `"password":"abc"`,
    /// `project:acme`.
    fn is_assigned(self, word: &str) -> bool {
        let before = |at: usize| Before { word: &word[..at], ..Before::default() };
        word.match_indices(['=', ':'])
            .any(|(at, _)| self.is_announced(before(at), &word[at + 1..], true))
    }
}

/// The words before a word, as far as they decide about it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before<'a> {
    /// The last word, except those that only stand between a noun and its name.
    word: &'a str,
    /// Whether `:` or `=` follows that word.
    assigned: bool,
    /// The last word of all.
    last: &'a str,
}

impl<'a> Before<'a> {
    /// The context of the word after `word`.
    pub(super) fn then(self, word: &'a str) -> Self {
        let assigned = word.ends_with([':', '=']);
        if self.is_between(word) {
            Self { assigned: self.assigned || assigned, last: word, ..self }
        } else {
            Self { word, assigned, last: word }
        }
    }

    /// Whether a word only stands between a noun and its name, or its secret.
    fn is_between(self, word: &str) -> bool {
        let (lower, last) = (bare(word).to_lowercase(), bare(self.last).to_lowercase());
        let noun = noun(self.word).1;
        let (noun, lower) = (noun.as_str(), lower.as_str());
        let of_a_secret = SECRET_FOLLOWS.contains(&noun) || noun == "auth";
        let of_a_name = NAME_FOLLOWS.contains(&noun);
        BETWEEN.contains(&lower)
            || matches!(word, "=" | ":" | "-" | "=>" | ":=")
            || (of_a_secret && SCHEMES.contains(&lower))
            || (of_a_name && (lower == "with" || (lower == "the" && last == "with")))
            || ((of_a_secret || of_a_name || SECRET_MAY_FOLLOW.contains(&noun))
                && SET.contains(&lower))
            || (lower == "to" && SET.contains(&last.as_str()))
    }
}

/// The noun in a word, in lower case, and whether another part stands before it: `token` in
/// `accessToken`, `project` in `project_id`.
fn noun(word: &str) -> (bool, String) {
    let word = bare(word);
    let mut parts = vec![String::new()];
    let mut small = false;
    for character in word.chars() {
        if !character.is_alphanumeric() || (small && character.is_uppercase()) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| character.is_alphanumeric()) {
            part.extend(character.to_lowercase());
        }
        small = character.is_lowercase();
    }
    while parts.len() > 1 && parts.last().is_some_and(|part| BETWEEN.contains(&part.as_str())) {
        parts.pop();
    }
    (parts.len() > 1, parts.pop().unwrap_or_default())
}

/// Whether a word only stands between a name and its noun: `the acme-prod GCP project`.
pub(super) fn is_qualifier(word: &str) -> bool {
    QUALIFIERS.contains(&bare(word).to_lowercase().as_str())
}

/// Whether the next word announces this one as a name.
fn is_name_of(word: &str, next: &str) -> bool {
    let word = bare(word);
    let (letter, digit) = (
        word.contains(char::is_alphabetic),
        word.contains(|character: char| character.is_ascii_digit()),
    );
    let named = letter && (digit || word.contains(['-', '_']));
    let next = bare(next).to_lowercase();
    named && NAME_PRECEDES.contains(&next.trim_end_matches("'s").trim_end_matches("’s"))
}

/// The word without quotes, brackets and punctuation around it.
pub(super) fn bare(word: &str) -> &str {
    word.trim_matches(|character: char| !character.is_alphanumeric())
}

/// The parts of a word between brackets, quotes, commas, colons and equals signs.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    word.split(|character: char| "()[]{}<>\"'`,;:=|*".contains(character))
        .filter(|part| !part.is_empty())
}

/// Whether a word is ordinary: short, of letters only, and all in one case after the first letter.
fn is_ordinary(word: &str) -> bool {
    let letters = word.split(['-', '\'', '’', '/']).flat_map(str::chars).all(char::is_alphabetic);
    let rest = word.chars().skip(1);
    let one_case = rest.clone().all(|character| !character.is_uppercase())
        || word.chars().all(|character| !character.is_lowercase());
    letters && one_case && word.len() < 20 && !word.contains('-')
}
