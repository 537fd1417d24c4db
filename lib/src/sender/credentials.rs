//! The providers' credentials, made of their secrets, and which providers can be used with them at
//! this moment.

use crate::aws::SdkConfig;
use crate::catalog::{Service, Services};
use crate::config::Secret;
use crate::error::BoxError;
use crate::provider::{ByProvider, Credential, Provider};
use crate::secrets::{ProviderCredential, Secrets, Unusable};
use crate::world::World;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use futures::future::join_all;
use google_cloud_auth::credentials::AccessTokenCredentials;
use google_cloud_auth::credentials::service_account::{AccessSpecifier, Builder};
use google_cloud_auth::errors::CredentialsError;
use reqwest::header::HeaderValue;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use serde_json::Value;
use std::sync::{Arc, OnceLock};

/// What Vertex AI and Cloud Storage ask for.
const GOOGLE_SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// What is wrong with a text that is JSON and no service account's key.
const NOT_A_KEY: &str = "is not the JSON of a service account's key";

/// Some editors write it before a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The credentials of the providers that are configured. Clones share them.
#[derive(Debug, Clone)]
pub struct ProviderCredentials(ByProvider<Option<ProviderCredential<Authorizer>>>);

impl ProviderCredentials {
    /// Reads the secrets that are named. One that cannot be read or used stops nothing: its
    /// provider is not there.
    pub async fn read(world: &World, aws: &SdkConfig) -> Self {
        let secrets = Secrets::new(world, aws);
        let read = join_all(Provider::ALL.map(|provider| of(&secrets, provider))).await;
        let mut read = read.into_iter();
        Self(ByProvider::new(|_| read.next().flatten()))
    }

    /// Which providers can be used now. A secret that is due is read again. The sandbox has none,
    /// and can always be used.
    pub async fn services(&self) -> Services {
        let services = join_all(Provider::ALL.map(|provider| self.service(provider))).await;
        let mut services = services.into_iter();
        Services::new(ByProvider::new(|_| services.next().unwrap_or(Service::NotConfigured)))
    }

    /// Why the secret of this provider cannot be used now; nothing if it can, or if the provider is
    /// not configured.
    pub async fn problem(&self, provider: Provider) -> Option<Unusable> {
        self.of(provider)?.current().await.err()
    }

    /// This provider's, if it is configured.
    pub(super) fn of(&self, provider: Provider) -> Option<&ProviderCredential<Authorizer>> {
        self.0.of(provider).as_ref()
    }

    async fn service(&self, provider: Provider) -> Service {
        if provider.about().credential == Credential::None {
            return Service::Usable;
        }
        let Some(credential) = self.of(provider) else { return Service::NotConfigured };
        match credential.current().await {
            Ok(_) => Service::Usable,
            Err(why) if why.passes() => Service::Unread,
            Err(_) => Service::Unusable,
        }
    }
}

/// Reads the secret of this provider, if it has one that is named.
async fn of(secrets: &Secrets, provider: Provider) -> Option<ProviderCredential<Authorizer>> {
    let about = provider.about();
    let secret = about.secret()?;
    match about.credential {
        Credential::Key { scheme } => {
            let make = move |secret: &Secret| Authorizer::key(scheme, secret);
            secrets.of_provider(provider, secret, make).await
        }
        Credential::ServiceAccount => {
            secrets.of_provider(provider, secret, Authorizer::account).await
        }
        Credential::None => None,
    }
}

/// Makes the header `Authorization` of a request. It is made of a secret.
#[derive(Clone)]
pub(super) enum Authorizer {
    Header(HeaderValue),
    /// With a token of the service account.
    Account(GoogleAccount),
}

impl Authorizer {
    fn key(scheme: &str, key: &Secret) -> Result<Self, String> {
        header(format!("{scheme} {}", key.expose())).map(Self::Header)
    }

    fn account(key: &Secret) -> Result<Self, String> {
        GoogleAccount::new(key).map(Self::Account)
    }

    /// The header; an error if no token can be signed.
    pub(super) async fn authorization(&self) -> Result<HeaderValue, BoxError> {
        match self {
            Self::Header(value) => Ok(value.clone()),
            Self::Account(account) => {
                let token = account.token().await?;
                header(format!("Bearer {token}"))
                    .map_err(|problem| format!("Google's token {problem}").into())
            }
        }
    }
}

fn header(value: String) -> Result<HeaderValue, String> {
    let value = HeaderValue::try_from(value);
    let mut value = value.map_err(|_| "has characters that no header can carry".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// A service account whose key can sign. Clones share its token.
#[derive(Clone)]
pub(super) struct GoogleAccount(Arc<Account>);

struct Account {
    key: Value,
    credentials: OnceLock<AccessTokenCredentials>,
}

impl GoogleAccount {
    fn new(key: &Secret) -> Result<Self, String> {
        let key = service_account(key.expose())
            .ok_or("is neither the JSON of a service account's key nor its base64")?;
        // The library looks at the private key when it first signs; a key that cannot sign has to
        // show here.
        if key["private_key"].as_str().is_some_and(|pem| !signs(pem)) {
            return Err(
                "has a private_key that cannot sign: it is no RSA key in PKCS #8".to_owned()
            );
        }
        // A signer is the cheapest thing for which the library reads all fields. The library's
        // error may quote what is wrong in the key, so it goes nowhere.
        Builder::new(key.clone()).build_signer().map_err(|_| NOT_A_KEY.to_owned())?;
        Ok(Self(Arc::new(Account { key, credentials: OnceLock::new() })))
    }

    /// A token, good for an hour. Google's own library signs it with the service account's key, and
    /// keeps it until shortly before its end. No token endpoint is called (AIP-4111).
    async fn token(&self) -> Result<String, CredentialsError> {
        Ok(self.credentials()?.access_token().await?.token)
    }

    /// Built at their first use, because the library signs a token as soon as they are there. A
    /// signature is two thirds of all that a start computes, and most starts send Google nothing.
    fn credentials(&self) -> Result<&AccessTokenCredentials, CredentialsError> {
        let Account { key, credentials } = &*self.0;
        if let Some(built) = credentials.get() {
            return Ok(built);
        }
        // The library takes the process's crypto provider; a second installation is refused and
        // leaves the first, which is the same.
        drop(ring::default_provider().install_default());
        let builder = Builder::new(key.clone())
            .with_access_specifier(AccessSpecifier::from_scopes([GOOGLE_SCOPE]));
        let built = builder.build_access_token_credentials();
        let built = built.map_err(|_| CredentialsError::from_msg(false, NOT_A_KEY))?;
        Ok(credentials.get_or_init(|| built))
    }
}

/// A service account's key from its JSON or its base64. Files of variables mangle the quotes and
/// backslashes of JSON in ways of their own. The base64 may have line breaks, as `base64 key.json`
/// makes them, and no padding. A byte order mark is left out.
pub fn service_account(text: &str) -> Option<Value> {
    let key: Value = match serde_json::from_str(text.trim_start_matches(BYTE_ORDER_MARK)) {
        Ok(key) => key,
        Err(_) => {
            let digits: String =
                text.chars().filter(|character| !character.is_whitespace()).collect();
            let json = STANDARD_NO_PAD.decode(digits.trim_end_matches('=')).ok()?;
            serde_json::from_str(
                std::str::from_utf8(&json).ok()?.trim_start_matches(BYTE_ORDER_MARK),
            )
            .ok()?
        }
    };
    key.is_object().then_some(key)
}

/// Whether the private key is of the kind that Google's library signs with.
fn signs(pem: &str) -> bool {
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes());
    let key = key.ok().filter(|key| matches!(key, PrivateKeyDer::Pkcs8(_)));
    let key = key.and_then(|key| ring::sign::any_supported_type(&key).ok());
    key.is_some_and(|key| key.choose_scheme(&[rustls::SignatureScheme::RSA_PKCS1_SHA256]).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn a_service_accounts_key_may_come_as_json_or_base64() {
        let json = r#"{"type":"service_account","private_key":"a\nb"}"#;
        let key = service_account(json);
        assert_eq!(key.as_ref().and_then(|key| key["private_key"].as_str()), Some("a\nb"));
        let base64 = STANDARD.encode(json);
        assert!(base64.ends_with('='), "{base64}");
        let (first, second) = base64.split_at(40);
        for text in [
            &base64,
            base64.trim_end_matches('='),
            &format!("{first}\n{second}\r\n"),
            &format!("\u{feff}{json}\n"),
            &STANDARD.encode(format!("\u{feff}{json}")),
        ] {
            assert_eq!(service_account(text), key, "{text}");
        }
        for text in ["", "{", "bm8ganNvbg==", "not base64!", "\"a key in quotes\"", "7", "null"] {
            assert_eq!(service_account(text), None, "{text}");
        }
    }

    #[test]
    fn a_private_key_that_cannot_sign_is_told_at_once() {
        for pem in ["", "a\nb", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert!(!signs(pem), "{pem:?}");
        }
    }
}
