//! Sends an adapter's requests, and is the only holder of the providers' credentials.

use super::{Outbound, WireError, read_body};
use crate::config::{ConfigError, Env, Secret};
use crate::provider::{Method, Provider, Reply, Request};
use reqwest::header::{ACCEPT, AUTHORIZATION};
use std::time::Duration;
use url::{Origin, Url};

/// The longest reply that is read: fal's and Google's are under 10 KB unless a video is inline.
const LONGEST_REPLY: usize = 1 << 20;

/// Sends requests to providers.
#[derive(Debug, Clone)]
pub struct ProviderSender {
    outbound: Outbound,
    fal: Option<(Origin, Secret)>,
}

impl ProviderSender {
    /// With the credentials that are configured.
    pub fn new(env: &Env, outbound: &Outbound) -> Result<Self, ConfigError> {
        let fal = match env.secret("FAL_KEY") {
            Some(key) => Some((env.fal_queue_url()?.origin(), key)),
            None => None,
        };
        Ok(Self { outbound: outbound.clone(), fal })
    }

    /// Sends once, and reads the whole reply within `timeout`. Never repeats anything.
    pub async fn send(&self, request: Request, timeout: Duration) -> Result<Reply, WireError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let mut wire = reqwest::Request::new(method, request.url);
        let authorization = self.authorization(request.credential, wire.url())?;
        wire.headers_mut().insert(AUTHORIZATION, authorization);
        wire.headers_mut().insert(ACCEPT, reqwest::header::HeaderValue::from_static("application/json"));
        if let Some(body) = request.body {
            wire.headers_mut()
                .insert(reqwest::header::CONTENT_TYPE, reqwest::header::HeaderValue::from_static("application/json"));
            *wire.body_mut() = Some(body.to_string().into());
        }
        *wire.timeout_mut() = Some(timeout);
        let response = self.outbound.exchange(wire).await?;
        let status = response.status().as_u16();
        Ok(Reply { status, body: read_body(response, LONGEST_REPLY).await? })
    }

    /// The credential, for its own origin only: an address that came from elsewhere gets none and is not called.
    fn authorization(&self, provider: Provider, url: &Url) -> Result<reqwest::header::HeaderValue, WireError> {
        let refused = |why: &str| WireError::NotSent(why.to_owned().into());
        let (origin, key) = match provider {
            Provider::Fal => self.fal.as_ref(),
            Provider::Google => None,
        }
        .ok_or_else(|| refused("the provider is not configured"))?;
        if url.origin() != *origin {
            return Err(refused("the provider's credential goes to its configured origin only"));
        }
        let mut value = reqwest::header::HeaderValue::try_from(format!("Key {}", key.expose()))
            .map_err(|_| refused("the provider's credential has characters that no header can carry"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}
