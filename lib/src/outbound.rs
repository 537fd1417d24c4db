//! The one sender. Every exchange with the world outside (DynamoDB, SQS, providers, storage) goes
//! through [`Outbound`], where it can be observed or failed. One HTTP stack, one TLS stack,
//! HTTP/1.1, no redirects, no proxies.

use crate::error::BoxError;
use futures::future::BoxFuture;
use reqwest::header::HeaderValue;
use std::{fmt, sync::Arc, time::Duration};

/// What goes with every request to others as `Accept-Encoding`: without the header any coding may
/// come back, and none is read here.
pub const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

/// How long a connection may take: three lost SYNs (1 s, 2 s) and the TLS handshake on a slow path.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// A peer may close a connection that idled, and its close looks like a lost answer: providers and
/// storage get a fresh one after 4 s.
const IDLE: Duration = Duration::from_secs(4);
/// AWS calls are repeated safely when their connection turns out closed, so theirs may idle as long
/// as a warm function waits.
const AWS_IDLE: Duration = Duration::from_secs(50);

/// An exchange that brought no answer. The two cases decide whether a submission may be sent again.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// No connection came about: nothing was sent.
    #[error("no connection could be made")]
    NotSent(#[source] BoxError),
    /// Something was sent and no whole answer came: whatever was asked may have happened.
    #[error("the answer was lost")]
    Lost(#[source] BoxError),
}

impl From<reqwest::Error> for WireError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url(); // a signed URL must not reach a log
        if error.is_connect() || error.is_builder() {
            Self::NotSent(error.into())
        } else {
            Self::Lost(error.into())
        }
    }
}

/// Where an exchange can be observed, failed or answered instead of the network. Production has
/// none; the tests bring theirs.
pub trait Gate: Send + Sync + fmt::Debug {
    /// Sees the request; calls `send` to let it happen, or not.
    fn exchange<'a>(&'a self, request: reqwest::Request, send: Network<'a>) -> Exchange<'a>;
}

/// Lets an exchange happen on the network.
pub type Network<'a> = Box<dyn FnOnce(reqwest::Request) -> Exchange<'a> + Send + 'a>;

/// A request on its way, and what comes of it.
pub type Exchange<'a> = BoxFuture<'a, Result<reqwest::Response, WireError>>;

/// The sender, cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbound {
    others: reqwest::Client,
    aws: reqwest::Client,
    gate: Option<Arc<dyn Gate>>,
}

impl Outbound {
    /// A sender on the real network, without a gate.
    pub fn network() -> Self {
        Self { others: client(IDLE), aws: client(AWS_IDLE), gate: None }
    }

    /// The network behind a gate.
    pub fn gated(gate: Arc<dyn Gate>) -> Self {
        Self { gate: Some(gate), ..Self::network() }
    }

    /// One exchange with a provider or with storage. The body is still to be read. Never repeated
    /// here.
    pub async fn exchange(
        &self,
        request: reqwest::Request,
    ) -> Result<reqwest::Response, WireError> {
        self.send(&self.others, request).await
    }

    /// One exchange with AWS. Never repeated here; the SDK repeats what may be repeated.
    pub(crate) async fn exchange_aws(
        &self,
        request: reqwest::Request,
    ) -> Result<reqwest::Response, WireError> {
        self.send(&self.aws, request).await
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one sender")]
    async fn send(
        &self,
        client: &reqwest::Client,
        request: reqwest::Request,
    ) -> Result<reqwest::Response, WireError> {
        match &self.gate {
            None => Ok(client.execute(request).await?),
            Some(gate) => {
                let send: Network<'_> = Box::new(move |request| {
                    Box::pin(async move { Ok(client.execute(request).await?) })
                });
                gate.exchange(request, send).await
            }
        }
    }
}

/// Reads a body of at most `most` bytes.
pub async fn read_body(mut response: reqwest::Response, most: usize) -> Result<Vec<u8>, WireError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Err(WireError::Lost(format!("the answer is longer than {most} bytes").into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[expect(clippy::disallowed_methods, reason = "this is the one sender")]
fn client(idle: Duration) -> reqwest::Client {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .expect("ring speaks TLS 1.2 and 1.3")
    .with_root_certificates(roots)
    .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .retry(reqwest::retry::never())
        // Supabase refuses secret keys to browsers' user agents
        .user_agent(concat!("geekhub-video/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(idle)
        .tcp_nodelay(true)
        .build()
        .expect("the settings are constants")
}
