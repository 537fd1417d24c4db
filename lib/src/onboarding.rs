//! Creates organizations, with their sign-up bonus, and API keys. The operator's command line and
//! the local system both use this module, so both create the same.

use crate::account::Account;
use crate::ambient::Ambient;
use crate::auth;
use crate::id::OrgId;
use crate::money::Money;
use crate::store::{ApiKey, Entry, KeyHash, Posted, Setting, Store, StoreError};

/// The bonus of a new organization: MXN 50.
pub const SIGNUP_BONUS: Money = Money::from_micros(50_000_000);

/// The result of creating an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// This call completed the organization. It is new, or an earlier call had failed before the
    /// bonus.
    Done,
    /// The organization was complete before this call, which changed nothing.
    Before {
        /// The bonus that was posted then.
        bonus: Money,
    },
}

/// Creates the account of an organization and posts its sign-up bonus. A repeat with the same id
/// adds what is missing, and never a second bonus. The role needs the tables of accounts and of the
/// ledger.
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

/// Why no key was created.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// There is no such account; requests with its key would all end in an error.
    #[error("there is no such organization")]
    NoSuchOrganization,
    /// The store did not answer. The key may have been stored, but no caller has it, so it opens
    /// nothing.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates a key for an organization, or for its sandbox, and returns it. Only the hash is stored,
/// so the key is never seen again. Each call creates another key. The first key of a sandbox also
/// creates the account of the sandbox. The role needs the tables of accounts and of keys.
pub async fn create_key(
    store: &Store,
    ambient: &Ambient,
    org: OrgId,
    name: &str,
) -> Result<String, NoKey> {
    let live = store.account(org.live()).await?.ok_or(NoKey::NoSuchOrganization)?;
    if org.is_sandbox() {
        store.create_account(&Account { suspended: live.suspended, ..Account::new(org) }).await?;
        // If the organization was suspended in between, there was no sandbox yet to suspend.
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
