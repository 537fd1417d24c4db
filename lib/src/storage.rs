//! Supabase Storage: where finished videos live. <https://supabase.com/docs/guides/storage>, resumable uploads are TUS 1.0.0.
//!
//! Nearly every refusal comes as HTTP 400 with the true status in its body. Keys that begin with `sb_` go in `apikey` alone; older
//! ones are JWTs and go in `authorization` too.

mod resumable;

use crate::config::{ConfigError, Env, Secret};
use crate::id::{JobId, OrgId};
use crate::outbound::{Outbound, SdkConfig, WireError, read_body};
use crate::secrets::{Credential, Secrets};
use crate::world::World;
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, HeaderValue, RANGE};
use reqwest::{Method, Request, Response};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// What a single upload may hold, and the size of a part of a resumable one: Supabase takes parts of exactly 6 MiB.
pub const PART_BYTES: usize = 6 << 20;

/// The largest video that is stored: ten seconds at 400 Mbit/s, ten times what any model renders. More is a fault, and would fill the
/// operator's storage.
pub const LARGEST_VIDEO: u64 = 512 << 20;

/// A part of 6 MiB at 1 Mbit/s takes 50 s; slower than that is not worth waiting for.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(60);
/// Questions are small.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read; they are under 2 KB.
const LONGEST_ANSWER: usize = 64 << 10;
/// A video never changes under its URL, but its owner may delete it: what a cache holds then, it holds for a day at most.
const KEEP: &str = "max-age=86400";
/// Storage's names for an object that is not there: the present one, and the one before.
const NOT_THERE: [&str; 2] = ["NoSuchKey", "not_found"];

/// Storage did not do what was asked. Every call may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// No answer.
    #[error("storage did not answer")]
    Wire(#[from] WireError),
    /// An answer that is not the wanted one.
    #[error("storage answered {status} to {step}: {message}")]
    Refused {
        /// What was asked.
        step: &'static str,
        /// The true status, out of the body where there is one.
        status: u16,
        /// Storage's name for it, if it gave one.
        code: String,
        /// Storage's own words.
        message: String,
    },
    /// What is stored is not what was sent.
    #[error("storage holds {found} bytes of {expected}")]
    Size {
        /// As it was counted while it passed.
        expected: u64,
        /// As storage reports it.
        found: u64,
    },
}

impl StorageError {
    /// Whether a resumable upload cannot go on: storage refuses it, other than for load (408, 429) or a lock that passes (423).
    pub const fn forgets_the_upload(&self) -> bool {
        matches!(self, Self::Refused { status: 400..=499, .. })
            && !matches!(self, Self::Refused { status: 408 | 423 | 429, .. })
    }
}

/// One bucket.
#[derive(Debug, Clone)]
pub struct Storage {
    outbound: Outbound,
    base: Url,
    key: Credential<Secret>,
    bucket: String,
}

#[derive(Deserialize)]
struct Info {
    size: u64,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ErrorBody {
    status_code: String,
    error: String,
    code: String,
    message: String,
}

impl Storage {
    /// The bucket of `SUPABASE_URL`, `SUPABASE_BUCKET` and the secret `SUPABASE_SECRET_KEY`, which is read.
    pub async fn new(world: &World, aws: &SdkConfig) -> Result<Self, ConfigError> {
        let key = Secrets::new(world, aws).credential("SUPABASE_SECRET_KEY", usable).await?;
        let named_by = Env::secret_variable("SUPABASE_SECRET_KEY");
        Self::opened(world, key.ok_or_else(|| ConfigError::new(&named_by, "is not set"))?)
    }

    /// The same bucket, opened with this key.
    pub fn with_key(world: &World, key: Secret) -> Result<Self, ConfigError> {
        Self::opened(world, Credential::fixed(key))
    }

    fn opened(world: &World, key: Credential<Secret>) -> Result<Self, ConfigError> {
        let bucket = world.env.optional("SUPABASE_BUCKET").unwrap_or("generated-videos").to_owned();
        Ok(Self { outbound: world.outbound.clone(), base: world.env.url("SUPABASE_URL")?, key, bucket })
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Asks storage for something else than a video: a small question with a small answer.
    pub async fn ask(
        &self,
        step: &'static str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Vec<u8>, StorageError> {
        let mut request = self.request(method, self.url(path), QUESTION_TIMEOUT).await;
        if let Some(body) = body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.to_string().into());
        }
        Ok(read_body(self.asked(step, request).await?, LONGEST_ANSWER).await?)
    }

    /// Where a job's video lives in the bucket: the same for every attempt, so that a repeat replaces and never adds.
    pub fn path(org: OrgId, job: JobId) -> String {
        format!("{}/{job}/video.mp4", org.uuid())
    }

    /// The video's public, persistent URL.
    pub fn public_url(&self, path: &str) -> String {
        self.url(&format!("object/public/{}/{path}", self.bucket)).to_string()
    }

    /// Stores a whole small video, replacing what is there.
    pub async fn upload(&self, path: &str, video: Bytes) -> Result<(), StorageError> {
        let object = self.url(&format!("object/{}/{path}", self.bucket));
        let mut request = self.request(Method::POST, object, TRANSFER_TIMEOUT).await;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("video/mp4"));
        request.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(KEEP));
        request.headers_mut().insert("x-upsert", HeaderValue::from_static("true"));
        *request.body_mut() = Some(video.into());
        self.asked("upload", request).await.map(drop)
    }

    /// Removes the stored video. What is not there is removed: a repeat changes nothing. A bucket that is not there is an error, for then
    /// nobody knows where the video is.
    pub async fn remove(&self, path: &str) -> Result<(), StorageError> {
        let object = self.url(&format!("object/{}/{path}", self.bucket));
        let request = self.request(Method::DELETE, object, QUESTION_TIMEOUT).await;
        match self.asked("remove", request).await {
            Ok(_) => Ok(()),
            Err(StorageError::Refused { status: 404, code, .. }) if NOT_THERE.contains(&code.as_str()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Checks that the stored video has this size and that its public URL answers with it.
    pub async fn confirm(&self, path: &str, bytes: u64) -> Result<(), StorageError> {
        let info = self.url(&format!("object/info/{}/{path}", self.bucket));
        let info = self.request(Method::GET, info, QUESTION_TIMEOUT).await;
        let body = read_body(self.asked("info", info).await?, LONGEST_ANSWER).await?;
        let stored = serde_json::from_slice::<Info>(&body).map_err(|error| unexpected("info", error.to_string()))?;
        self.same_size(bytes, stored.size)?;

        let url = Url::parse(&self.public_url(path)).map_err(|error| unexpected("public", error.to_string()))?;
        let mut public = Request::new(Method::GET, url); // as anybody would: without the key
        public.headers_mut().insert(RANGE, HeaderValue::from_static("bytes=0-0"));
        *public.timeout_mut() = Some(QUESTION_TIMEOUT);
        let answer = self.asked("public", public).await?;
        let total =
            answer.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok()?.rsplit_once('/')?.1.parse().ok());
        self.same_size(bytes, total.or(answer.content_length()).unwrap_or(0))
    }

    fn same_size(&self, expected: u64, found: u64) -> Result<(), StorageError> {
        if expected == found { Ok(()) } else { Err(StorageError::Size { expected, found }) }
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
            let mut value = HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
            value.set_sensitive(true);
            value
        };
        if !key.expose().starts_with("sb_") {
            request.headers_mut().insert(AUTHORIZATION, secret(format!("Bearer {}", key.expose())));
        }
        request.headers_mut().insert("apikey", secret(key.expose().to_owned()));
        request
    }

    async fn asked(&self, step: &'static str, request: Request) -> Result<Response, StorageError> {
        let answer = self.outbound.exchange(request).await?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let http_status = answer.status().as_u16();
        let body = read_body(answer, LONGEST_ANSWER).await.unwrap_or_default();
        let error = serde_json::from_slice::<ErrorBody>(&body).unwrap_or_default();
        Err(StorageError::Refused {
            step,
            status: error.status_code.parse().unwrap_or(http_status),
            code: if error.code.is_empty() { error.error } else { error.code },
            message: error.message,
        })
    }
}

fn usable(key: &Secret) -> Result<Secret, String> {
    match HeaderValue::try_from(key.expose()) {
        Ok(_) => Ok(key.clone()),
        Err(_) => Err("has characters that no header can carry".to_owned()),
    }
}

fn unexpected(step: &'static str, message: String) -> StorageError {
    StorageError::Refused { step, status: 200, code: String::new(), message }
}
