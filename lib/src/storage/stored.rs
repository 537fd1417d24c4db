//! Checks that storage has a video as it was sent, and that the public can fetch it.

use super::{LONGEST_ANSWER, QUESTION_TIMEOUT, Storage, StorageError, TRANSFER_TIMEOUT};
use crate::outbound::{IDENTITY, WireError, read_body};
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, HeaderMap, HeaderValue, LOCATION, RANGE,
};
use reqwest::{Method, Request, Response};
use serde_json::Value;
use std::time::Duration;
use url::{Host, Url};

/// How many redirects a public address may have. One may lead to a CDN, and one to a signed address
/// of the storage behind it.
const MOST_REDIRECTS: usize = 3;

impl Storage {
    /// Checks that the stored video has this size, and that its public URL returns it. Servers
    /// state the size in different places, and every size that is stated must be this one. A server
    /// without descriptions of objects refuses that request. A refusal states no size, but it is no
    /// failure either.
    pub async fn confirm(&self, path: &str, bytes: u64) -> Result<(), StorageError> {
        let (mut told, mut refusal) = match self.size_in_info(path).await {
            Ok(told) => (told, None),
            Err(refusal) if refusal.is_an_answer() => (None, Some(refusal)),
            Err(passing) => return Err(passing),
        };
        if told.is_none() {
            told = self.size_in_head(path).await;
        }
        same_size(bytes, told)?;
        if let Some(refusal) = refusal.take_if(|refusal| told.is_none() && refusal.says_no_object())
        {
            // the object may come later, and a CDN might keep what the public address answers now
            return Err(refusal);
        }
        match (self.confirm_publicly(path, bytes, told).await, refusal) {
            (Err(error), Some(refusal)) if error.is_an_answer() && refusal.says_no_object() => {
                Err(refusal)
            }
            (confirmed, _) => confirmed,
        }
    }

    async fn confirm_publicly(
        &self,
        path: &str,
        bytes: u64,
        told: Option<u64>,
    ) -> Result<(), StorageError> {
        let url = || Url::parse(&self.public_url(path)).ok();
        let answer = self.public(url()).await?;
        let shown = total(&answer);
        same_size(bytes, shown)?;
        if told.or(shown).is_some() {
            return Ok(());
        }
        let whole =
            if answer.status().as_u16() == 200 { answer } else { self.public_whole(url()).await? };
        let shown = total(&whole);
        same_size(bytes, shown)?;
        match shown {
            Some(_) => Ok(()),
            None => same_size(bytes, Some(count(whole, bytes).await?)),
        }
    }

    async fn size_in_info(&self, path: &str) -> Result<Option<u64>, StorageError> {
        let info = self.url(&format!("object/info/{}/{path}", self.bucket));
        let info = self.request(Method::GET, info, QUESTION_TIMEOUT).await;
        let body = read_body(self.call("info", info).await?, LONGEST_ANSWER).await?;
        Ok(serde_json::from_slice(&body).ok().and_then(|info: Value| size_in(&info)))
    }

    /// The size that the answer to HEAD states. A server that refuses HEAD has only stated no size.
    async fn size_in_head(&self, path: &str) -> Option<u64> {
        let object = self.url(&format!("object/{}/{path}", self.bucket));
        let head = self.request(Method::HEAD, object, QUESTION_TIMEOUT).await;
        self.call("head", head).await.ok().as_ref().and_then(length)
    }

    /// Asks for the first byte as the public does: without the key, and following redirects.
    pub(super) async fn public(&self, url: Option<Url>) -> Result<Response, StorageError> {
        self.ask_publicly(url, Some(HeaderValue::from_static("bytes=0-0")), QUESTION_TIMEOUT).await
    }

    /// Asks for the whole file as the public does.
    async fn public_whole(&self, url: Option<Url>) -> Result<Response, StorageError> {
        self.ask_publicly(url, None, TRANSFER_TIMEOUT).await
    }

    async fn ask_publicly(
        &self,
        url: Option<Url>,
        range: Option<HeaderValue>,
        timeout: Duration,
    ) -> Result<Response, StorageError> {
        let mut url =
            url.ok_or_else(|| StorageError::unexpected("public", "the public URL is no address"))?;
        for _ in 0..=MOST_REDIRECTS {
            let mut request = Request::new(Method::GET, url.clone());
            // the length of a compressed answer says nothing about the file
            request.headers_mut().insert(ACCEPT_ENCODING, IDENTITY);
            if let Some(range) = &range {
                request.headers_mut().insert(RANGE, range.clone());
            }
            *request.timeout_mut() = Some(timeout);
            let answer = self.outbound.exchange(request).await?;
            let redirect =
                answer.status().is_redirection().then(|| target(&url, answer.headers())).flatten();
            match redirect.filter(|target| self.may_lead_to(target)) {
                Some(target) => url = target,
                None => return Self::expect_success("public", answer).await,
            }
        }
        Err(StorageError::unexpected("public", "the public URL leads on without end"))
    }

    /// Whether a redirect may be followed: to storage itself or, with TLS, to a host that has a
    /// name. An IP address could lead into a private network.
    fn may_lead_to(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
            || (url.scheme() == "https" && matches!(url.host(), Some(Host::Domain(_))))
    }
}

fn target(from: &Url, headers: &HeaderMap) -> Option<Url> {
    from.join(headers.get(LOCATION)?.to_str().ok()?).ok()
}

fn same_size(expected: u64, found: Option<u64>) -> Result<(), StorageError> {
    match found {
        Some(found) if found != expected => Err(StorageError::Size { expected, found }),
        _ => Ok(()),
    }
}

/// The size of an object in its description. It is a number or text, at the top level or in the
/// metadata that storage keeps of the object.
fn size_in(info: &Value) -> Option<u64> {
    const NAMES: [&str; 3] = ["size", "contentLength", "content_length"];
    [info, &info["metadata"]]
        .into_iter()
        .find_map(|place| NAMES.iter().find_map(|name| whole(&place[*name])))
}

fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The whole size, as the answer to a request for one byte states it; `*` states none.
fn total(answer: &Response) -> Option<u64> {
    match answer.status().as_u16() {
        200 => length(answer),
        206 => answer
            .headers()
            .get(CONTENT_RANGE)?
            .to_str()
            .ok()?
            .rsplit_once('/')?
            .1
            .trim()
            .parse()
            .ok(),
        _ => None,
    }
}

/// The length that the answer announces for its body, unless the body is compressed.
fn length(answer: &Response) -> Option<u64> {
    let coding = answer.headers().get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    let header = || {
        answer.headers().get(reqwest::header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
    };
    coding.is_none_or(|coding| coding.eq_ignore_ascii_case(b"identity")).then(header).flatten()
}

/// Counts the bytes of a file whose size nothing states, up to `most` and one more.
async fn count(mut answer: Response, most: u64) -> Result<u64, StorageError> {
    if answer.status().as_u16() != 200 {
        return Err(StorageError::unexpected(
            "public",
            "storage does not say how large the video is",
        ));
    }
    let mut bytes = 0;
    while bytes <= most {
        let Some(chunk) = answer.chunk().await.map_err(WireError::from)? else { break };
        bytes += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
    }
    Ok(bytes)
}
