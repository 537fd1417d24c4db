//! How a caller comes to be: an organization with its sign-up bonus, and its keys. The operator's
//! command line and the local system both go through here, so that neither makes an organization
//! the other would not.

use crate::account::Account;
use crate::ambient::Ambient;
use crate::auth;
use crate::id::OrgId;
use crate::money::Money;
use crate::store::{ApiKey, Entry, KeyHash, Posted, Setting, Store, StoreError};

/// What every new organization starts with: MXN 50.
pub const SIGNUP_BONUS: Money = Money::from_micros(50_000_000);

/// What became of a sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// The organization is complete by this call: it was new, or an earlier attempt had not come as
    /// far as the bonus.
    Done,
    /// It was complete before, with this bonus; nothing was changed.
    Before {
        /// What had been posted then.
        bonus: Money,
    },
}

/// Makes an organization's account and posts the sign-up bonus. A repeat with the same id finishes
/// what is missing and adds nothing. Needs the tables of accounts and of the ledger.
pub async fn create_organization(
    store: &Store,
    ambient: &Ambient,
    org: OrgId,
) -> Result<SignUp, StoreError> {
    store.create_account(&Account::new(org)).await?;
    match store.post(&Entry::bonus(org, SIGNUP_BONUS, ambient.now_unix_ms())).await? {
        Posted::Now => Ok(SignUp::Done),
        Posted::Before(entry) => Ok(SignUp::Before { bonus: entry.amount }),
        Posted::NoSuchOrganization => {
            Err(StoreError::Broken("the account went away before its bonus came".into()))
        }
    }
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// A key of nobody would answer every request with an error.
    #[error("there is no such organization")]
    NoSuchOrganization,
    /// The store did not answer; a key that was stored nevertheless is known to nobody and opens
    /// nothing.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a key for an organization, or for its sandbox, and returns it: the only time that it is
/// seen, since only its hash is stored. Every call makes another. A sandbox's account is made with
/// its first key. Needs the tables of accounts and of keys.
pub async fn create_key(
    store: &Store,
    ambient: &Ambient,
    org: OrgId,
    name: &str,
) -> Result<String, NoKey> {
    let live = store.account(org.live()).await?.ok_or(NoKey::NoSuchOrganization)?;
    if org.is_sandbox() {
        store.create_account(&Account { suspended: live.suspended, ..Account::new(org) }).await?;
        // A suspension in between found no sandbox to suspend.
        if store.account(org.live()).await?.is_some_and(|live| live.suspended) {
            store.set(org, Setting::Suspended(true)).await?;
        }
    }
    let key = auth::new_key(ambient, org.mode());
    let kept = ApiKey {
        hash: KeyHash::of(&key),
        org,
        name: name.to_owned(),
        last4: key[key.len() - 4..].to_owned(),
        created: ambient.now(),
        revoked: None,
        created_by: None,
        revoked_by: None,
        last_used: None,
    };
    store.create_key(&kept).await?;
    Ok(key)
}
