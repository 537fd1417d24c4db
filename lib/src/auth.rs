//! Finds out which organization a request comes from. The hash of the bearer key leads to a key
//! item, and the key item names the organization.

mod rate;

pub use rate::Rate;

use crate::account::Account;
use crate::ambient::Ambient;
use crate::error::{Refusal, causes};
use crate::http::{Call, Error};
use crate::id::{Mode, OrgId};
use crate::store::{KeyHash, Store};
use crate::time::Timestamp;
use lambda_http::http::HeaderMap;
use lambda_http::http::header::AUTHORIZATION;
use rate::Rates;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long one Lambda execution environment remembers a key that exists. So a revocation takes up
/// to a minute to hold everywhere.
const REMEMBERED: Duration = Duration::from_secs(60);
/// More keys than one execution environment meets. Beyond this number the memory is cleared, so
/// that it cannot grow without end.
const MOST_REMEMBERED: usize = 10_000;

/// The limit for one key. An organization may poll each of its 50 open jobs once a second. Five
/// seconds' worth of requests may come at once.
pub const REQUESTS: Rate = Rate { per_second: 50, at_once: 250 };
/// The limit for keys from one address that do not exist. A person tries a few; each costs a read.
pub const UNKNOWN_KEYS: Rate = Rate { per_second: 2, at_once: 20 };
/// More addresses than a flood through API Gateway brings to one execution environment in a minute.
const MOST_ADDRESSES: usize = 10_000;

const SCHEME: &[u8] = b"Bearer ";
const LIVE: &str = "ghub_sk_live_";
const TEST: &str = "ghub_sk_test_";
const RANDOM_LENGTH: usize = 32;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The state of a key that exists. A revoked key never becomes good again.
#[derive(Debug, Clone, Copy)]
enum Standing {
    Good(OrgId),
    Revoked,
}

/// Authenticates requests, with a memory of the keys that it has seen.
#[derive(Debug)]
pub struct Auth {
    store: Store,
    ambient: Ambient,
    known: Mutex<HashMap<KeyHash, (Standing, Timestamp)>>,
    requests: Rates<KeyHash>,
    unknown_keys: Rates<String>,
}

impl Auth {
    /// Needs the table of keys, and for [`Self::account`] the table of accounts.
    pub fn new(store: &Store, ambient: &Ambient) -> Self {
        Self {
            store: store.clone(),
            ambient: ambient.clone(),
            known: Mutex::default(),
            requests: Rates::new(REQUESTS, MOST_REMEMBERED),
            unknown_keys: Rates::new(UNKNOWN_KEYS, MOST_ADDRESSES),
        }
    }

    /// The organization whose key the request carries. Keys that exist are remembered for a minute;
    /// keys that do not exist are never remembered. A key that makes too many requests is refused.
    /// So is an address that sends too many keys that do not exist.
    pub async fn organization(&self, call: &Call) -> Result<OrgId, Error> {
        let key = bearer(call.request.headers())?;
        if !is_well_formed(key) {
            return Err(Refusal::InvalidApiKey.into());
        }
        let (hash, now, now_unix_ms) =
            (KeyHash::of(key), self.ambient.now(), self.ambient.now_unix_ms());
        let standing = match self.known(&hash) {
            Some((standing, since)) if now.since(since) < REMEMBERED => standing,
            // The limit per address bounds the reads for keys that do not exist. This key exists,
            // and is read once a minute.
            Some(_) => self.look_up(&hash, now).await?.ok_or(Refusal::InvalidApiKey)?,
            None => self.look_up_unknown(&hash, call.address(), now).await?,
        };
        let Standing::Good(org) = standing else { return Err(Refusal::KeyRevoked.into()) };
        let too_many = |again_in| Refusal::TooManyRequests { most: REQUESTS.per_second, again_in };
        self.requests.take(&hash, now_unix_ms).map_err(too_many)?;
        Ok(org)
    }

    /// The account of the organization whose key the request carries, as it is now. The
    /// organization and its balance are also noted on the call. A suspended organization is
    /// refused.
    pub async fn account(&self, call: &mut Call) -> Result<Account, Error> {
        let org = self.organization(call).await?;
        call.org = Some(org);
        let account = self.store.account(org).await?;
        let account = account
            .ok_or_else(|| Error::Internal("the key's organization has no account".into()))?;
        call.balance = Some(account.balance);
        if account.suspended { Err(Refusal::OrganizationSuspended.into()) } else { Ok(account) }
    }

    /// Stores the day of the key's last use, because the operator wants to know which keys are in
    /// use.
    ///
    /// No request waits for this write or fails because of it. An execution environment writes it
    /// once a day for each key, and the next look-up finds the day. On Lambda the write runs while
    /// the request is processed. If it is not done by then, it continues with the next request.
    fn note_use(&self, hash: &KeyHash, day: Timestamp) {
        let (store, hash) = (self.store.clone(), hash.clone());
        tokio::spawn(async move {
            if let Err(error) = store.keep_day_of_use(&hash, day).await {
                tracing::warn!(error = causes(&error), "the day of a key's last use was not kept");
            }
        });
    }

    /// Looks up a key that this execution environment has not seen. The address is refused if it
    /// sent too many keys that do not exist.
    async fn look_up_unknown(
        &self,
        hash: &KeyHash,
        address: &str,
        now: Timestamp,
    ) -> Result<Standing, Error> {
        let (address, now_unix_ms) = (address.to_owned(), self.ambient.now_unix_ms());
        self.unknown_keys
            .room(&address, now_unix_ms)
            .map_err(|again_in| Refusal::TooManyUnknownKeys { again_in })?;
        let standing = self.look_up(hash, now).await?;
        if standing.is_none() {
            self.unknown_keys.count(&address, now_unix_ms);
        }
        standing.ok_or_else(|| Refusal::InvalidApiKey.into())
    }

    /// Reads the key, and remembers it if it exists.
    async fn look_up(&self, hash: &KeyHash, now: Timestamp) -> Result<Option<Standing>, Error> {
        let Some(key) = self.store.key(hash).await? else { return Ok(None) };
        let standing =
            if key.revoked.is_some() { Standing::Revoked } else { Standing::Good(key.org) };
        if key.revoked.is_none() && key.last_used.is_none_or(|day| day < now.midnight()) {
            self.note_use(hash, now.midnight());
        }
        self.remember(hash.clone(), standing, now);
        Ok(Some(standing))
    }

    fn known(&self, hash: &KeyHash) -> Option<(Standing, Timestamp)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(hash).copied()
    }

    fn remember(&self, hash: KeyHash, standing: Standing, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_REMEMBERED && !known.contains_key(&hash) {
            known.clear();
        }
        known.insert(hash, (standing, now));
    }
}

/// A new key: 13 characters that say which kind it is, and 32 random ones.
pub fn new_key(ambient: &Ambient, mode: Mode) -> String {
    let prefix = match mode {
        Mode::Live => LIVE,
        Mode::Sandbox => TEST,
    };
    let mut key = prefix.to_owned();
    while key.len() < prefix.len() + RANDOM_LENGTH {
        let byte = usize::from(ambient.bytes::<1>()[0]);
        if byte < ALPHABET.len() * 4 {
            // a byte beyond four alphabets is drawn again, so that all characters are equally
            // likely
            key.push(char::from(ALPHABET[byte % ALPHABET.len()]));
        }
    }
    key
}

fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let value = headers.get(AUTHORIZATION).ok_or(Refusal::MissingApiKey)?.as_bytes();
    match value.split_at_checked(SCHEME.len()) {
        // A key with other characters than a key has is a wrong key, not a missing one.
        Some((scheme, key)) if scheme.eq_ignore_ascii_case(SCHEME) => {
            Ok(str::from_utf8(key).unwrap_or_default().trim())
        }
        _ => Err(Refusal::MissingApiKey),
    }
}

fn is_well_formed(key: &str) -> bool {
    let random = key.strip_prefix(LIVE).or_else(|| key.strip_prefix(TEST));
    random.is_some_and(|random| {
        random.len() == RANDOM_LENGTH && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())])
    }

    #[test]
    fn new_keys_are_well_formed_and_differ() {
        let ambient = Ambient::system();
        for (mode, prefix) in [(Mode::Live, LIVE), (Mode::Sandbox, TEST)] {
            let (one, other) = (new_key(&ambient, mode), new_key(&ambient, mode));
            assert_eq!((one.len(), &one[..13]), (45, prefix));
            assert!(is_well_formed(&one) && is_well_formed(&other) && one != other);
        }
    }

    #[test]
    fn only_a_bearer_key_counts() {
        assert_eq!(bearer(&with("Bearer abc")), Ok("abc"));
        assert_eq!(bearer(&with("bearer abc")), Ok("abc"));
        for headers in [HeaderMap::new(), with("Basic abc"), with("abc"), with("")] {
            assert_eq!(bearer(&headers), Err(Refusal::MissingApiKey));
        }
    }

    #[test]
    fn a_malformed_key_is_not_looked_up() {
        let random = "a".repeat(32);
        assert!(is_well_formed(&format!("{LIVE}{random}")));
        for key in [
            random.clone(),
            format!("{LIVE}{random}a"),
            format!("{LIVE}{}", "á".repeat(16)),
            format!("sk-{random}"),
        ] {
            assert!(!is_well_formed(&key), "{key}");
        }
    }
}
