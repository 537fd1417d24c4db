//! Sends an adapter's requests, and is the only holder of the providers' credentials. Each goes to its provider's configured origins
//! and nowhere else.

use super::{Outbound, WireError};
use crate::config::{ConfigError, Env, Secret};
use crate::provider::{Method, Provider, Reply, Request};
use base64::{Engine, engine::general_purpose::STANDARD};
use google_cloud_auth::credentials::AccessTokenCredentials;
use google_cloud_auth::credentials::service_account::{AccessSpecifier, Builder};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use std::time::Duration;
use url::{Origin, Url};

/// The longest reply that is read: fal's and Google's are under 10 KB unless a video is inline.
const LONGEST_REPLY: usize = 1 << 20;
/// What Vertex AI and Cloud Storage ask for.
const GOOGLE_SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Sends requests to providers.
#[derive(Debug, Clone)]
pub struct ProviderSender {
    outbound: Outbound,
    fal: Option<(Origin, Secret)>,
    google: Option<([Origin; 2], AccessTokenCredentials)>,
}

impl ProviderSender {
    /// With the credentials that are configured.
    pub fn new(env: &Env, outbound: &Outbound) -> Result<Self, ConfigError> {
        let fal = match env.secret("FAL_KEY") {
            Some(key) => Some((env.fal_queue_url()?.origin(), key)),
            None => None,
        };
        let google = match env.secret("GOOGLE_SERVICE_ACCOUNT") {
            Some(key) => {
                let google = env.google()?;
                Some(([google.api_url.origin(), google.storage_api_url.origin()], google_credentials(&key)?))
            }
            None => None,
        };
        Ok(Self { outbound: outbound.clone(), fal, google })
    }

    /// Sends once, and reads the reply within `timeout`, at most 1 MiB of it. Never repeats anything.
    pub async fn send(&self, request: Request, timeout: Duration) -> Result<Reply, WireError> {
        let mut response = self.open(request, timeout).await?;
        let (status, mut body) = (response.status().as_u16(), Vec::new());
        while let Some(chunk) = response.chunk().await? {
            let room = LONGEST_REPLY - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                return Ok(Reply { status, body, whole: false });
            }
        }
        Ok(Reply { status, body, whole: true })
    }

    /// Sends once; the body is still to be read, within the same `timeout`.
    pub async fn open(&self, request: Request, timeout: Duration) -> Result<reqwest::Response, WireError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let mut wire = reqwest::Request::new(method, request.url);
        let authorization = self.authorization(request.credential, wire.url()).await?;
        wire.headers_mut().insert(AUTHORIZATION, authorization);
        wire.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json, video/mp4"));
        if let Some(body) = request.body {
            wire.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *wire.body_mut() = Some(body.to_string().into());
        }
        *wire.timeout_mut() = Some(timeout);
        self.outbound.exchange(wire).await
    }

    /// The credential, for its own origins only: an address that came from elsewhere gets none and is not called.
    async fn authorization(&self, provider: Provider, url: &Url) -> Result<HeaderValue, WireError> {
        let value = match (provider, &self.fal, &self.google) {
            (Provider::Fal, Some((origin, key)), _) if url.origin() == *origin => format!("Key {}", key.expose()),
            (Provider::Google, _, Some((origins, credentials))) if origins.contains(&url.origin()) => {
                let token = credentials.access_token().await.map_err(|error| WireError::NotSent(error.into()))?;
                format!("Bearer {}", token.token)
            }
            (Provider::Fal, None, _) | (Provider::Google, _, None) => {
                return Err(not_sent("the provider is not configured"));
            }
            _ => return Err(not_sent("the provider's credential goes to its configured origin only")),
        };
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| not_sent("the provider's credential has characters that no header can carry"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// Google's own library signs a token with the service account's key, good for an hour, and keeps it until shortly before its end.
/// No token endpoint is called (AIP-4111).
fn google_credentials(key: &Secret) -> Result<AccessTokenCredentials, ConfigError> {
    let refused = |problem: String| ConfigError::new("GOOGLE_SERVICE_ACCOUNT", problem);
    let key = service_account(key.expose())
        .ok_or_else(|| refused("is neither the JSON of a service account's key nor its base64".to_owned()))?;
    // The library takes the process's crypto provider; a second installation is refused and leaves the first, which is the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = Builder::new(key).with_access_specifier(AccessSpecifier::from_scopes([GOOGLE_SCOPE]));
    builder.build_access_token_credentials().map_err(|error| refused(format!("cannot be used: {error}")))
}

/// The key's JSON, or its base64: files of variables mangle the quotes and backslashes of JSON in ways of their own.
fn service_account(text: &str) -> Option<serde_json::Value> {
    match serde_json::from_str(text) {
        Ok(key) => Some(key),
        Err(_) => serde_json::from_slice(&STANDARD.decode(text.trim()).ok()?).ok(),
    }
}

fn not_sent(why: &str) -> WireError {
    WireError::NotSent(why.to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_accounts_key_may_come_as_json_or_base64() {
        let json = r#"{"type":"service_account","private_key":"a\nb"}"#;
        let key = service_account(json);
        assert_eq!(key.as_ref().and_then(|key| key["private_key"].as_str()), Some("a\nb"));
        assert_eq!(service_account(&STANDARD.encode(json)), key);
        for text in ["", "{", "bm8ganNvbg==", "not base64!"] {
            assert_eq!(service_account(text), None, "{text}");
        }
    }
}
