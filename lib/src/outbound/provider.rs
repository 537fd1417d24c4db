//! Sends an adapter's requests, and is the only holder of the providers' credentials. Each goes to its provider's configured origins
//! and nowhere else; the sandbox's stay in the process.

use super::{Outbound, SdkConfig, WireError};
use crate::config::{ConfigError, Secret};
use crate::metrics::{Exchange, Metrics};
use crate::provider::{Method, Provider, Reply, Request, sandbox};
use crate::secrets::{Credential, Secrets};
use crate::world::{Ambient, World};
use base64::{Engine, engine::general_purpose::STANDARD};
use google_cloud_auth::credentials::AccessTokenCredentials;
use google_cloud_auth::credentials::service_account::{AccessSpecifier, Builder};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use std::time::Duration;
use tokio::time::Instant;
use url::{Origin, Url};

/// The longest reply that is read: fal's and Google's are under 10 KB unless a video is inline.
const LONGEST_REPLY: usize = 1 << 20;
/// What Vertex AI and Cloud Storage ask for.
const GOOGLE_SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Sends requests to providers.
#[derive(Debug, Clone)]
pub struct ProviderSender {
    outbound: Outbound,
    ambient: Ambient,
    metrics: Metrics,
    fal: Option<(Origin, Credential<HeaderValue>)>,
    google: Option<([Origin; 2], Credential<AccessTokenCredentials>)>,
}

impl ProviderSender {
    /// Reads the credentials that are configured.
    pub async fn new(world: &World, aws: &SdkConfig) -> Result<Self, ConfigError> {
        let (env, secrets) = (&world.env, Secrets::new(world, aws));
        let fal = secrets.credential("FAL_KEY", fal_authorization);
        let google = secrets.credential("GOOGLE_SERVICE_ACCOUNT", google_credentials);
        let (fal, google) = tokio::try_join!(fal, google)?;
        let fal = match fal {
            Some(key) => Some((env.fal_queue_url()?.origin(), key)),
            None => None,
        };
        let google = match google {
            Some(credentials) => {
                let google = env.google()?;
                Some(([google.api_url.origin(), google.storage_api_url.origin()], credentials))
            }
            None => None,
        };
        let World { ambient, outbound, metrics, .. } = world.clone();
        Ok(Self { outbound, ambient, metrics, fal, google })
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
        if request.credential == Provider::Sandbox {
            return in_the_process(sandbox::answered(&request, self.ambient.now().unix_s()));
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let provider = request.credential;
        let mut wire = reqwest::Request::new(method, request.url);
        let began = Instant::now();
        let authorization = self.authorization(provider, wire.url()).await?;
        wire.headers_mut().insert(AUTHORIZATION, authorization);
        wire.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json, video/mp4"));
        if let Some(body) = request.body {
            wire.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *wire.body_mut() = Some(body.to_string().into());
        }
        let asked = Instant::now();
        let left = timeout.saturating_sub(asked - began); // a secret may have been read again
        if left.is_zero() {
            return Err(not_sent("the time for it was used up before it was sent"));
        }
        *wire.timeout_mut() = Some(left);
        let answer = self.outbound.exchange(wire).await;
        let how = answer.as_ref().map_or(Exchange::Unanswered, |answer| Exchange::Answered(answer.status().as_u16()));
        self.metrics.exchanged(provider, asked.elapsed(), how);
        answer
    }

    /// The credential, for its own origins only: an address that came from elsewhere gets none and is not called.
    async fn authorization(&self, provider: Provider, url: &Url) -> Result<HeaderValue, WireError> {
        match (provider, &self.fal, &self.google) {
            (Provider::Fal, Some((origin, key)), _) if url.origin() == *origin => Ok(key.current().await),
            (Provider::Google, _, Some((origins, credentials))) if origins.contains(&url.origin()) => {
                let token = credentials.current().await.access_token().await;
                let token = token.map_err(|error| WireError::NotSent(error.into()))?;
                header(format!("Bearer {}", token.token))
                    .map_err(|problem| not_sent(&format!("Google's token {problem}")))
            }
            (Provider::Fal, None, _) | (Provider::Google, _, None) => Err(not_sent("the provider is not configured")),
            _ => Err(not_sent("the provider's credential goes to its configured origin only")),
        }
    }
}

fn fal_authorization(key: &Secret) -> Result<HeaderValue, String> {
    header(format!("Key {}", key.expose()))
}

fn header(value: String) -> Result<HeaderValue, String> {
    let value = HeaderValue::try_from(value);
    let mut value = value.map_err(|_| "has characters that no header can carry".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Google's own library signs a token with the service account's key, good for an hour, and keeps it until shortly before its end.
/// No token endpoint is called (AIP-4111).
fn google_credentials(key: &Secret) -> Result<AccessTokenCredentials, String> {
    let key = service_account(key.expose()).ok_or("is neither the JSON of a service account's key nor its base64")?;
    // The library takes the process's crypto provider; a second installation is refused and leaves the first, which is the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = Builder::new(key).with_access_specifier(AccessSpecifier::from_scopes([GOOGLE_SCOPE]));
    // The library's error may quote what is wrong in the key, so it goes nowhere.
    builder.build_access_token_credentials().map_err(|_| "is not the JSON of a service account's key".to_owned())
}

/// The key's JSON, or its base64: files of variables mangle the quotes and backslashes of JSON in ways of their own.
fn service_account(text: &str) -> Option<serde_json::Value> {
    let key: serde_json::Value = match serde_json::from_str(text) {
        Ok(key) => key,
        Err(_) => serde_json::from_slice(&STANDARD.decode(text.trim()).ok()?).ok()?,
    };
    key.is_object().then_some(key)
}

/// The sandbox's reply, as one that came over the wire.
fn in_the_process(reply: Reply) -> Result<reqwest::Response, WireError> {
    let answer = lambda_http::http::Response::builder().status(reply.status).body(reply.body);
    answer.map(reqwest::Response::from).map_err(|error| WireError::NotSent(error.into()))
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
        for text in ["", "{", "bm8ganNvbg==", "not base64!", "\"a key in quotes\"", "7", "null"] {
            assert_eq!(service_account(text), None, "{text}");
        }
    }
}
