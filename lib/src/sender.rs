//! Sends an adapter's requests, and is the only holder of the providers' credentials. Each goes to
//! its provider's configured origins and nowhere else; the sandbox's stay in the process.

mod credentials;

pub use credentials::{ProviderCredentials, service_account};

use crate::adapter::{Headers, Method, Providers, Reply, Request, sandbox};
use crate::ambient::Ambient;
use crate::aws::SdkConfig;
use crate::catalog::Services;
use crate::config::ConfigError;
use crate::metrics::{Exchange, Metrics};
use crate::outbound::{IDENTITY, Outbound, WireError};
use crate::provider::Provider;
use crate::secrets::Unusable;
use crate::world::World;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue,
};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// The longest reply that is read: fal's and Google's are under 10 KB unless a video is inline.
const LONGEST_REPLY: usize = 1 << 20;

/// Sends requests to providers.
#[derive(Debug, Clone)]
pub struct ProviderSender {
    outbound: Outbound,
    ambient: Ambient,
    metrics: Metrics,
    credentials: ProviderCredentials,
    providers: Providers,
}

impl ProviderSender {
    /// Reads the credentials that are configured. A secret that cannot be used stops nothing; an
    /// address that is wrong does.
    pub async fn new(world: &World, aws: &SdkConfig) -> Result<Self, ConfigError> {
        let credentials = ProviderCredentials::read(world, aws).await;
        let providers = world.env.providers()?;
        let World { ambient, outbound, metrics, .. } = world.clone();
        Ok(Self { outbound, ambient, metrics, credentials, providers })
    }

    /// Which providers can be used now.
    pub async fn services(&self) -> Services {
        self.credentials.services().await
    }

    /// Why the secret of this provider cannot be used now, if it cannot.
    pub async fn problem(&self, provider: Provider) -> Option<Unusable> {
        self.credentials.problem(provider).await
    }

    /// Sends once, and reads the reply within `timeout`, at most 1 MiB of it. Never repeats
    /// anything.
    pub async fn send(&self, request: Request, timeout: Duration) -> Result<Reply, WireError> {
        let provider = request.credential;
        let (response, asked) = self.ask(request, timeout).await?;
        let (status, took) = (response.status().as_u16(), asked.elapsed());
        let reply = read(response).await;
        let refused = reply.as_ref().is_ok_and(|reply| {
            let adapter = self.providers.of(provider);
            adapter.is_ok_and(|adapter| adapter.refuses_our_account(reply))
        });
        self.count(
            provider,
            took,
            if refused { Exchange::AccountRefused(status) } else { Exchange::Answered(status) },
        );
        reply
    }

    /// Sends once; the body is still to be read, within the same `timeout`.
    pub async fn open(
        &self,
        request: Request,
        timeout: Duration,
    ) -> Result<reqwest::Response, WireError> {
        let provider = request.credential;
        let (response, asked) = self.ask(request, timeout).await?;
        let how = match response.status().as_u16() {
            status @ 401..=403 => Exchange::AccountRefused(status),
            status => Exchange::Answered(status),
        };
        self.count(provider, asked.elapsed(), how);
        Ok(response)
    }

    /// Sends once. An answer is still to be counted; that there was none is counted here.
    async fn ask(
        &self,
        request: Request,
        timeout: Duration,
    ) -> Result<(reqwest::Response, Instant), WireError> {
        if request.credential == Provider::Sandbox {
            let reply = sandbox::answered(&request, self.ambient.now().unix_s());
            return Ok((in_the_process(reply)?, Instant::now()));
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let provider = request.credential;
        let mut wire = reqwest::Request::new(method, request.url);
        let began = Instant::now();
        let authorization = self.authorization(provider, wire.url()).await?;
        let headers = wire.headers_mut();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, video/mp4"));
        headers.insert(ACCEPT_ENCODING, IDENTITY);
        for (name, value) in request.headers {
            let value = HeaderValue::try_from(value)
                .map_err(|_| not_sent("a header of it has characters that none can carry"))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        if let Some(body) = request.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *wire.body_mut() = Some(body.to_string().into());
        }
        let asked = Instant::now();
        let left = timeout.saturating_sub(asked - began); // a secret may have been read again
        if left.is_zero() {
            return Err(not_sent("the time for it was used up before it was sent"));
        }
        *wire.timeout_mut() = Some(left);
        let answer = self.outbound.exchange(wire).await;
        let answer =
            answer.inspect_err(|_| self.count(provider, asked.elapsed(), Exchange::Unanswered))?;
        Ok((answer, asked))
    }

    /// Counts an exchange; the sandbox's are none.
    fn count(&self, provider: Provider, took: Duration, how: Exchange) {
        if provider != Provider::Sandbox {
            self.metrics.exchanged(provider, took, how);
        }
    }

    /// The credential, for its own origins only: an address that came from elsewhere gets none and
    /// is not called.
    async fn authorization(&self, provider: Provider, url: &Url) -> Result<HeaderValue, WireError> {
        let Some(credential) = self.credentials.of(provider) else {
            return Err(not_sent("the provider is not configured"));
        };
        if !self.providers.of(provider).is_ok_and(|adapter| adapter.is_own(url)) {
            return Err(not_sent("the provider's credential goes to its configured origin only"));
        }
        let authorizer =
            credential.current().await.map_err(|why| WireError::NotSent(why.into()))?;
        authorizer.authorization().await.map_err(WireError::NotSent)
    }
}

/// Reads at most 1 MiB of a reply.
async fn read(mut response: reqwest::Response) -> Result<Reply, WireError> {
    let status = response.status().as_u16();
    let text = response
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let (headers, mut body) = (Headers::of(text), Vec::new());
    while let Some(chunk) = response.chunk().await? {
        let room = LONGEST_REPLY - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return Ok(Reply { status, headers, body, whole: false });
        }
    }
    Ok(Reply { status, headers, body, whole: true })
}

/// The sandbox's reply, as one that came over the wire.
fn in_the_process(reply: Reply) -> Result<reqwest::Response, WireError> {
    let answer = lambda_http::http::Response::builder().status(reply.status).body(reply.body);
    answer.map(reqwest::Response::from).map_err(|error| WireError::NotSent(error.into()))
}

fn not_sent(why: &str) -> WireError {
    WireError::NotSent(why.to_owned().into())
}
