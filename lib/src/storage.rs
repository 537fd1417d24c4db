//! Keeps finished videos in Supabase Storage. <https://supabase.com/docs/guides/storage> Resumable
//! uploads follow TUS 1.0.0.
//!
//! A key that begins with `sb_` goes into the header `apikey` only. Older keys are JWTs, and go
//! into `authorization` too.

mod error;
mod location;
mod removal;
mod resumable;
mod stored;

pub use error::StorageError;

use crate::ambient::Ambient;
use crate::aws::SdkConfig;
use crate::config::{ConfigError, Env, Secret};
use crate::id::{JobId, OrgId};
use crate::outbound::{IDENTITY, Outbound, read_body};
use crate::secrets::{Credential, Secrets};
use crate::world::World;
use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Response};
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// The largest single upload, and the size of a part of a resumable one, in bytes. Supabase takes
/// parts of exactly 6 MiB.
pub const PART_BYTES: usize = 6 << 20;

/// The largest video that is stored, in bytes: ten seconds at 400 Mbit/s, ten times what any model
/// renders. A larger file is a fault, and would fill the operator's storage.
pub const LARGEST_VIDEO: u64 = 512 << 20;

/// How long, in seconds, a cache may keep a video that its owner has deleted. A video never changes
/// under its URL, so the limit of a day only serves the owner.
pub const CACHED_FOR_AT_MOST_S: u32 = 86_400;
/// The same limit as a `cache-control` header.
const KEEP: &str = "max-age=86400";

/// The time for a transfer. A part of 6 MiB at 1 Mbit/s takes 50 s, and a slower connection is
/// given up.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(60);
/// The time for a request without a video.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is read of an answer, in bytes; real ones are under 2 KB.
const LONGEST_ANSWER: usize = 64 << 10;

/// A bucket of Supabase Storage, with the key that opens it.
#[derive(Debug, Clone)]
pub struct Storage {
    outbound: Outbound,
    ambient: Ambient,
    base: Url,
    key: Credential<Secret>,
    bucket: String,
}

impl Storage {
    /// The bucket of `SUPABASE_URL` and `SUPABASE_BUCKET`. Reads the key from the secret
    /// `SUPABASE_SECRET_KEY`.
    pub async fn new(world: &World, aws: &SdkConfig) -> Result<Self, ConfigError> {
        let key = Secrets::new(world, aws).credential("SUPABASE_SECRET_KEY", usable).await?;
        let named_by = Env::secret_variable("SUPABASE_SECRET_KEY");
        Self::opened(world, key.ok_or_else(|| ConfigError::new(&named_by, "is not set"))?)
    }

    /// The same bucket, opened with the given key.
    pub fn with_key(world: &World, key: Secret) -> Result<Self, ConfigError> {
        Self::opened(world, Credential::fixed(key))
    }

    fn opened(world: &World, key: Credential<Secret>) -> Result<Self, ConfigError> {
        let bucket = world.env.optional("SUPABASE_BUCKET").unwrap_or("generated-videos").to_owned();
        let World { outbound, ambient, .. } = world.clone();
        Ok(Self { outbound, ambient, base: world.env.url("SUPABASE_URL")?, key, bucket })
    }

    /// The name of the bucket, as in `SUPABASE_BUCKET`.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Sends a small request that has a small answer, such as one about the bucket.
    pub async fn ask(
        &self,
        step: &'static str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Vec<u8>, StorageError> {
        let mut request = self.request(method, self.url(path), QUESTION_TIMEOUT).await;
        if let Some(body) = body {
            request
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.to_string().into());
        }
        Ok(read_body(self.call(step, request).await?, LONGEST_ANSWER).await?)
    }

    /// The path of a job's video in the bucket. It is the same for every attempt, so a repeat
    /// replaces the video and never adds one.
    pub fn path(org: OrgId, job: JobId) -> String {
        format!("{}/{job}/video.mp4", org.uuid())
    }

    /// The path of the video that all sandbox jobs share, because nothing is rendered for them.
    pub const SHARED_PATH: &'static str = "sandbox/video.mp4";

    /// The public URL of a video, which never changes.
    pub fn public_url(&self, path: &str) -> String {
        self.url(&format!("object/public/{}/{path}", self.bucket)).to_string()
    }

    /// Whether a public URL names the video that all sandbox jobs share.
    pub fn is_shared(video_url: &str) -> bool {
        removal::path_of(video_url) == Some(Self::SHARED_PATH)
    }

    /// Stores a small video in one request, and replaces what is there. A repeat is safe.
    pub async fn upload(&self, path: &str, video: Bytes) -> Result<(), StorageError> {
        let object = self.url(&format!("object/{}/{path}", self.bucket));
        let mut request = self.request(Method::POST, object, TRANSFER_TIMEOUT).await;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("video/mp4"));
        request.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(KEEP));
        request.headers_mut().insert("x-upsert", HeaderValue::from_static("true"));
        *request.body_mut() = Some(video.into());
        self.call("upload", request).await.map(drop)
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/storage/v1/{path}", url.path().trim_end_matches('/')));
        url
    }

    async fn request(&self, method: Method, url: Url, timeout: Duration) -> Request {
        let key = self.key.current().await;
        let mut request = Request::new(method, url);
        *request.timeout_mut() = Some(timeout);
        let secret = |text: String| {
            let mut value =
                HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
            value.set_sensitive(true);
            value
        };
        if !key.expose().starts_with("sb_") {
            request.headers_mut().insert(AUTHORIZATION, secret(format!("Bearer {}", key.expose())));
        }
        request.headers_mut().insert(ACCEPT_ENCODING, IDENTITY);
        request.headers_mut().insert("apikey", secret(key.expose().to_owned()));
        request
    }

    async fn call(&self, step: &'static str, request: Request) -> Result<Response, StorageError> {
        Self::expect_success(step, self.outbound.exchange(request).await?).await
    }

    async fn expect_success(
        step: &'static str,
        answer: Response,
    ) -> Result<Response, StorageError> {
        if answer.status().is_success() {
            return Ok(answer);
        }
        let http_status = answer.status().as_u16();
        Err(StorageError::refused(step, http_status, &beginning(answer).await))
    }
}

/// The beginning of a body, as far as it arrives. The beginning of a long page, or of one that
/// breaks off, says enough.
async fn beginning(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < LONGEST_ANSWER {
        let Ok(Some(chunk)) = answer.chunk().await else { break };
        body.extend_from_slice(&chunk);
    }
    body.truncate(LONGEST_ANSWER);
    body
}

fn usable(key: &Secret) -> Result<Secret, String> {
    match HeaderValue::try_from(key.expose()) {
        Ok(_) => Ok(key.clone()),
        Err(_) => Err("has characters that no header can carry".to_owned()),
    }
}

#[cfg(test)]
mod tests;
