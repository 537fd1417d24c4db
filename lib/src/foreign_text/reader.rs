//! Which words of a text its reader must not see.
//!
//! A word that is taken out wrongly costs the reader a gap. A word that is left wrongly can cost a
//! key. So the rules name shapes, and are wide.

use super::inside::tells_the_inside;
use super::secret::is_secret;

/// The word behind one of these is a secret whatever it looks like.
const SECRET_FOLLOWS: [&str; 5] = ["bearer", "authorization", "password", "passwd", "pwd"];
/// The word behind one of these is a secret unless it is an ordinary word: `key frame`, `secret
/// garden`.
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

/// The word behind one of these is a name of the operator's, unless it is one of [`GLUE`].
const NAME_FOLLOWS: [&str; 4] = ["project", "projects", "bucket", "buckets"];
/// The word behind one of these is a name if it is written like one: with a digit, a dash, a dot.
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

/// Between a noun and the name that it announces.
const BETWEEN: [&str; 8] = ["id", "ids", "name", "named", "number", "called", "is", "was"];

/// Words that follow `project` or `bucket` in a sentence and are no names.
const GLUE: [&str; 36] = [
    "a", "an", "and", "are", "as", "at", "because", "been", "but", "by", "can", "cannot", "could", "did", "does",
    "for", "from", "had", "has", "have", "in", "must", "not", "of", "on", "or", "or/and", "should", "that", "the",
    "this", "to", "were", "which", "will", "with",
];

/// Words of a text about the operator's account or a provider's machines, not about an order.
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

/// Whether a text speaks of the operator's account or of a provider's machines.
pub(super) fn speaks_of_the_operator(text: &str) -> bool {
    let text = text.to_lowercase();
    OPERATORS.iter().any(|word| text.contains(word))
}

/// Who is going to read a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// The operator: everything but secrets.
    Log,
    /// A caller: nothing of the inside either.
    Caller,
}

impl Reader {
    /// Whether this reader must not see a word, for what it is or for the word before it.
    pub(super) fn must_not_see(self, before: &str, word: &str) -> bool {
        let unfit = |word: &str| is_secret(word) || (self == Self::Caller && tells_the_inside(word));
        unfit(word) || parts(word).any(unfit) || self.is_announced(before, word, false) || self.is_assigned(word)
    }

    /// Whether the word before says that this one is a secret or a name.
    fn is_announced(self, before: &str, word: &str, assigned: bool) -> bool {
        let (noun, bare) = (bare(before).to_lowercase(), bare(word));
        let (of, noun) = noun.rsplit_once(|character: char| !character.is_alphanumeric()).unwrap_or(("", &noun));
        let glue = bare.is_empty() || GLUE.contains(&bare.to_lowercase().as_str()) || is_between(word);
        let named = assigned || !is_ordinary(bare);
        let a_key = SECRET_MAY_FOLLOW.contains(&noun) && (named || !of.is_empty()); // as in `x-api-key abc`
        let a_name = NAME_FOLLOWS.contains(&noun) || (named && NAME_MAY_FOLLOW.contains(&noun));
        !glue && (SECRET_FOLLOWS.contains(&noun) || a_key || (a_name && self == Self::Caller))
    }

    /// `token=abc`, `"password":"abc"`, `project:acme`.
    fn is_assigned(self, word: &str) -> bool {
        word.match_indices(['=', ':']).any(|(at, _)| self.is_announced(&word[..at], &word[at + 1..], true))
    }
}

/// Whether a word only stands between a noun and its name.
pub(super) fn is_between(word: &str) -> bool {
    BETWEEN.contains(&bare(word).to_lowercase().as_str()) || matches!(word, "=" | ":" | "-")
}

/// A word without quotes, brackets and punctuation around it.
pub(super) fn bare(word: &str) -> &str {
    word.trim_matches(|character: char| !character.is_alphanumeric())
}

/// What stands between brackets, quotes, commas and equals signs within a word.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    word.split(|character: char| "()[]{}<>\"'`,;=|*".contains(character)).filter(|part| !part.is_empty())
}

/// A word of letters, with at most a capital at its beginning or all in capitals.
fn is_ordinary(word: &str) -> bool {
    let letters = word.split(['-', '\'', '’', '/']).flat_map(str::chars).all(char::is_alphabetic);
    let rest = word.chars().skip(1);
    let one_case = rest.clone().all(|character| !character.is_uppercase())
        || word.chars().all(|character| !character.is_lowercase());
    letters && one_case && word.len() < 20 && !word.contains('-')
}
