//! Fetches finished files. The public address of a file comes in the reply of a provider, so it is
//! checked. It must be HTTPS on a known host, redirects are checked as well, and no credential is
//! sent. If a file needs the credential of the provider, the adapter builds the request.

mod error;
mod reading;

pub use error::DownloadError;
pub use reading::Download;

use crate::adapter::google::inline::InlineVideo;
use crate::adapter::{FileSource, Request};
use crate::aws::SdkConfig;
use crate::config::ConfigError;
use crate::outbound::{IDENTITY, Outbound, WireError};
use crate::provider::Provider;
use crate::sender::ProviderSender;
use crate::world::World;
use reading::unless_silent;
use reqwest::header::{ACCEPT_ENCODING, LOCATION};
use reqwest::{Method, Response};
use std::time::Duration;
use url::{Host, Url};

/// A file host redirects once, if at all.
const MOST_REDIRECTS: usize = 3;
/// The time for a whole file. The largest file of 512 MiB needs 15 Mbit/s for it.
const TIMEOUT: Duration = Duration::from_secs(290);

/// Opens files on the hosts that are allowed.
#[derive(Debug, Clone)]
pub struct Downloads {
    outbound: Outbound,
    sender: ProviderSender,
    further_hosts: Vec<String>,
}

impl Downloads {
    /// Allows the hosts of `DOWNLOAD_HOSTS`, separated by commas, each as `host` or `host:port`.
    /// The host of a provider's results is also allowed where a result may name its file by a path
    /// alone, as with `FAL_QUEUE_URL`. No host receives a credential with a request for a file.
    pub async fn new(world: &World, aws: &SdkConfig) -> Result<Self, ConfigError> {
        let hosts = world.env.optional("DOWNLOAD_HOSTS").unwrap_or_default();
        let hosts = hosts.split(',').map(str::trim).filter(|host| !host.is_empty());
        let mut further_hosts = hosts.map(further_host).collect::<Result<Vec<_>, _>>()?;
        for origin in Provider::ALL.iter().filter_map(|one| one.about().files_beside.as_ref()) {
            further_hosts.push(with_port(&world.env.origin(origin)?));
        }
        Ok(Self {
            outbound: world.outbound.clone(),
            sender: ProviderSender::new(world, aws).await?,
            further_hosts,
        })
    }

    /// Opens a file. The caller then reads its body from the [`Download`].
    pub async fn open(&self, source: FileSource) -> Result<Download, DownloadError> {
        let (request, inline) = match source {
            FileSource::Public(address) => {
                return Ok(Download::of(self.public(&address).await?, None));
            }
            FileSource::Private(request) => (request, None),
            FileSource::Inline(request) => (request, Some(InlineVideo::default())),
        };
        let response = unless_silent(self.sender.open(request, TIMEOUT)).await??;
        match response.status().as_u16() {
            200 => Ok(Download::of(response, inline)),
            status => Err(DownloadError::Status(status)),
        }
    }

    /// Asks a provider to remove its own copy, with the request that the adapter made. Returns the
    /// HTTP status. A repeat is safe.
    pub async fn remove_copy(&self, request: Request, timeout: Duration) -> Result<u16, WireError> {
        self.sender.send(request, timeout).await.map(|reply| reply.status)
    }

    async fn public(&self, address: &str) -> Result<Response, DownloadError> {
        let mut url =
            Url::parse(address).map_err(|_| DownloadError::Host("no valid address".to_owned()))?;
        for _ in 0..=MOST_REDIRECTS {
            self.allowed(&url)?;
            let mut request = reqwest::Request::new(Method::GET, url.clone());
            *request.timeout_mut() = Some(TIMEOUT);
            request.headers_mut().insert(ACCEPT_ENCODING, IDENTITY);
            let answer = unless_silent(self.outbound.exchange(request)).await??;
            match answer.status().as_u16() {
                200 => return Ok(answer),
                status @ (301 | 302 | 303 | 307 | 308) => {
                    let target = answer
                        .headers()
                        .get(LOCATION)
                        .and_then(|location| url.join(location.to_str().ok()?).ok());
                    url = target.ok_or(DownloadError::Status(status))?;
                }
                status => return Err(DownloadError::Status(status)),
            }
        }
        Err(DownloadError::Status(310))
    }

    fn allowed(&self, url: &Url) -> Result<(), DownloadError> {
        let (host, with_port) = (url.host_str().unwrap_or_default(), with_port(url));
        let mut of_providers = Provider::ALL.iter().flat_map(|one| one.about().file_hosts);
        let known =
            of_providers.any(|one| host == *one || (one.starts_with('.') && host.ends_with(one)));
        // Plain HTTP is for simulators on this machine. On a network, an attacker could replace the
        // file.
        let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
        match () {
            () if !safe => Err(DownloadError::Plain(with_port)),
            () if (known && url.port().is_none()) || self.further_hosts.contains(&with_port) => {
                Ok(())
            }
            () => Err(DownloadError::Host(with_port)),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// `host` or `host:port`; the default port of the scheme is left out.
fn with_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Brings an entry of `DOWNLOAD_HOSTS` into the form that [`with_port`] gives addresses. An entry
/// with a scheme or a path would never match one, so it is an error.
fn further_host(text: &str) -> Result<String, ConfigError> {
    let url = Url::parse(&format!("https://{text}")).ok();
    let host = url.map(|url| with_port(&url)).filter(|host| !host.is_empty());
    let is_host = !text.contains(['/', '\\', '@', '?', '#']);
    host.filter(|_| is_host).ok_or_else(|| {
        let problem = format!(
            "names {text:?}, which is no host: write it without a scheme and a path, such as files.example.com or \
             127.0.0.1:9003"
        );
        ConfigError::new("DOWNLOAD_HOSTS", problem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::sdk_config;
    use crate::config::Env;

    #[test]
    fn a_further_host_has_neither_scheme_nor_path() {
        for (text, host) in [
            ("files.example.com", "files.example.com"),
            ("Files.Example.com:443", "files.example.com"),
            ("127.0.0.1:9001", "127.0.0.1:9001"),
            ("[::1]:9001", "[::1]:9001"),
        ] {
            assert_eq!(further_host(text).as_deref(), Ok(host));
        }
        for text in [
            "http://x",
            "https://files.example.com",
            "a/b",
            "a b",
            "user@a",
            "a:x",
            "a?b",
            "*.example.com/",
            ":9",
        ] {
            let says = further_host(text).unwrap_err().to_string();
            let named = format!(
                "the environment variable DOWNLOAD_HOSTS names {text:?}, which is no host: "
            );
            assert!(says.starts_with(&named), "{says}");
        }
    }

    async fn downloads(name: &str, value: &str) -> Downloads {
        let aws = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "a"),
        ];
        let set = aws
            .into_iter()
            .chain([(name, value)])
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let world = World { env: set.collect::<Env>(), ..World::process() };
        Downloads::new(&world, &sdk_config(&world).unwrap()).await.unwrap()
    }

    /// A result may name its file by a path, which lies on the host of the result itself.
    #[tokio::test]
    async fn a_file_beside_its_result_is_fetched() {
        let result = Url::parse("https://queue.fal.run/fal-ai/kling-video/requests/1").unwrap();
        let own = downloads("FAL_QUEUE_URL", "").await;
        for path in [
            "/files/1/output.mp4",
            "output.mp4",
            "../files/output.mp4",
            "//queue.fal.run/output.mp4",
        ] {
            let file = result.join(path).unwrap();
            assert!(own.allowed(&file).is_ok(), "{file}");
        }
        for (queue, file, allowed) in [
            ("https://proxy.example/fal", "https://proxy.example/files/a.mp4", true),
            ("https://proxy.example:8443/fal", "https://proxy.example:8443/files/a.mp4", true),
            ("https://proxy.example:8443/fal", "https://proxy.example/files/a.mp4", false),
            ("https://proxy.example/fal", "http://proxy.example/files/a.mp4", false),
            ("https://proxy.example/fal", "https://queue.fal.run/files/a.mp4", false),
            ("https://queue.fal.run", "https://evil.queue.fal.run/files/a.mp4", false),
            ("http://127.0.0.1:9003", "http://127.0.0.1:9003/files/a.mp4", true),
            ("http://127.0.0.1:9003", "http://127.0.0.1:9004/files/a.mp4", false),
        ] {
            let downloads = downloads("FAL_QUEUE_URL", queue).await;
            assert_eq!(
                downloads.allowed(&Url::parse(file).unwrap()).is_ok(),
                allowed,
                "{file} with {queue}"
            );
        }
    }

    /// The operator can follow the advice in the message: no setting allows a file without TLS.
    #[tokio::test]
    async fn the_refusal_of_an_address_says_what_can_be_done() {
        let downloads = downloads("DOWNLOAD_HOSTS", "files.example.com").await;
        for (address, advice) in [
            ("https://other.example/x", "DOWNLOAD_HOSTS allows further ones"),
            ("http://127.0.0.1:9003/x", "DOWNLOAD_HOSTS allows further ones"),
            ("http://other.example/x", "without HTTPS"),
            ("http://v3.fal.media/x", "without HTTPS"),
            ("http://files.example.com/x", "without HTTPS"),
        ] {
            let refused = downloads.allowed(&Url::parse(address).unwrap()).unwrap_err().to_string();
            assert!(refused.contains(advice), "{address}: {refused}");
        }
    }

    #[tokio::test]
    async fn only_known_hosts_are_called() {
        let set = "127.0.0.1:9001, files.example.com, [::1]:9001, localhost, 10.0.0.7:8080";
        let downloads = downloads("DOWNLOAD_HOSTS", set).await;
        let allowed = |address: &str| downloads.allowed(&Url::parse(address).unwrap()).is_ok();
        for address in [
            "https://v3b.fal.media/files/a/output.mp4",
            "https://fal.media/x",
            "https://storage.googleapis.com/bucket/x.mp4",
            "http://127.0.0.1:9001/files/x",
            "http://[::1]:9001/files/x",
            "http://localhost/x",
            "https://files.example.com/x",
            "https://10.0.0.7:8080/x",
        ] {
            assert!(allowed(address), "{address}");
        }
        for address in [
            "http://v3.fal.media/x",
            "http://files.example.com/x",
            "http://10.0.0.7:8080/x",
            "http://storage.googleapis.com/x",
            "ftp://127.0.0.1:9001/x",
            "https://v3.fal.media:8443/x",
            "https://evilfal.media/x",
            "https://fal.media.evil.example/x",
            "http://169.254.169.254/latest/meta-data",
            "http://127.0.0.1:9002/x",
            "http://127.0.0.1/x",
            "https://user@evil.example/fal.media",
        ] {
            assert!(!allowed(address), "{address}");
        }
    }
}
