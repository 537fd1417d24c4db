//! Decides which words are keys, tokens and other secrets.

use super::reader::bare;

/// Prefixes of well-known kinds of keys and tokens, in lower case.
const KEYS: [&str; 29] = [
    "ghub_sk_",
    "sb_secret_",
    "sb_publishable_",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "pk_live_",
    "pk_test_",
    "whsec_",
    "whsk_",
    "akia",
    "asia",
    "aiza",
    "ya29.",
    "eyj",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "gocspx-",
    "npm_",
    "xapp-",
    "xoxb-",
    "xoxp-",
    "hf_",
    "upl_",
    "1//",
];

/// Whether a word is a key, a token or another secret.
pub(super) fn is_secret(word: &str) -> bool {
    let (bare, lower) = (bare(word), bare(word).to_lowercase());
    let known = |key: &str| lower.starts_with(key) && bare.len() >= key.len() + 6;
    KEYS.iter().any(|key| known(key) && (key.len() > 4 || has_digit(bare)))
        || carries_a_query_or_user(word)
        || is_random(bare)
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a word is an address with a query or a user part. Both may be a credential.
fn carries_a_query_or_user(word: &str) -> bool {
    word.split_once("://").is_some_and(|(_, rest)| {
        let host = rest.split('/').next().unwrap_or_default();
        rest.contains('?') || rest.contains('#') || host.contains('@')
    })
}

/// Whether a word has runs of letters and digits that no language has: long ones, or of mixed
/// kinds.
fn is_random(word: &str) -> bool {
    let runs = word.split(|character: char| !character.is_ascii_alphanumeric());
    let joined: String = word.chars().filter(|character| !"-_+/=.:".contains(*character)).collect();
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    runs.into_iter().any(is_random_run)
        || (joined.len() >= 20 && joined.is_ascii() && kinds(&joined) == 3 && digits >= 2)
        || (word.len() >= 32 && word.is_ascii() && digits >= 6)
        || (word.len() >= 32
            && digits > 0
            && is_base64(word)
            && capitals(word) >= 4
            && kinds(word) == 3)
}

/// Whether a word has the alphabet of AWS's keys. A path of names has it too, but few capitals.
fn is_base64(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte))
}

fn capitals(word: &str) -> usize {
    word.bytes().filter(u8::is_ascii_uppercase).count()
}

fn is_random_run(run: &str) -> bool {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let hex = run.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mixed = digits > 0 && digits < run.len();
    run.len() >= 28
        || (run.len() >= 16 && mixed)
        || (run.len() >= 12 && (kinds(run) == 3 || (hex && mixed)))
}

/// How many kinds of characters a run has, out of digits, small letters and capitals.
fn kinds(run: &str) -> u8 {
    let has = |kind: fn(&u8) -> bool| u8::from(run.bytes().any(|byte| kind(&byte)));
    has(u8::is_ascii_digit) + has(u8::is_ascii_lowercase) + has(u8::is_ascii_uppercase)
}
