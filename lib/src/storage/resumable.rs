//! Uploads above one part: begun once, continued where they stopped. <https://tus.io/protocols/resumable-upload>

use super::{KEEP, QUESTION_TIMEOUT, Storage, StorageError, TRANSFER_TIMEOUT, unexpected};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Request};
use std::time::Duration;
use url::Url;

impl Storage {
    /// Begins an upload that replaces what is there, of a known or unknown length. Returns where it goes on; good for 24 hours.
    pub async fn begin(&self, path: &str, length: Option<u64>) -> Result<String, StorageError> {
        let mut request = self.tus(Method::POST, self.url("upload/resumable"), QUESTION_TIMEOUT).await;
        let headers = request.headers_mut();
        match length {
            Some(length) => headers.insert("upload-length", length.into()),
            None => headers.insert("upload-defer-length", HeaderValue::from_static("1")),
        };
        let fields = [
            ("bucketName", self.bucket.as_str()),
            ("objectName", path),
            ("contentType", "video/mp4"),
            ("cacheControl", KEEP.trim_start_matches("max-age=")),
        ];
        let metadata = fields.map(|(name, value)| format!("{name} {}", STANDARD.encode(value))).join(",");
        let metadata = HeaderValue::try_from(metadata).map_err(|error| unexpected("begin", error.to_string()))?;
        headers.insert("upload-metadata", metadata);
        let answer = self.asked("begin", request).await?;
        let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        location.map(str::to_owned).ok_or_else(|| unexpected("begin", "no location".to_owned()))
    }

    /// How many bytes of an upload have arrived; `None` when it is not known any more.
    pub async fn offset(&self, upload_url: &str) -> Result<Option<u64>, StorageError> {
        let request = self.tus(Method::HEAD, self.own(upload_url)?, QUESTION_TIMEOUT).await;
        match self.asked("offset", request).await {
            Ok(answer) => Ok(upload_offset(answer.headers())),
            Err(error) if error.forgets_the_upload() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends the next part; the last one of an upload that was begun without a length says it. Returns how many bytes have arrived.
    pub async fn append(
        &self,
        upload_url: &str,
        offset: u64,
        part: Bytes,
        length: Option<u64>,
    ) -> Result<u64, StorageError> {
        let mut request = self.tus(Method::PATCH, self.own(upload_url)?, TRANSFER_TIMEOUT).await;
        let headers = request.headers_mut();
        headers.insert("upload-offset", offset.into());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/offset+octet-stream"));
        if let Some(length) = length {
            headers.insert("upload-length", length.into());
        }
        *request.body_mut() = Some(part.into());
        let answer = self.asked("append", request).await?;
        upload_offset(answer.headers()).ok_or_else(|| unexpected("append", "no upload-offset".to_owned()))
    }

    async fn tus(&self, method: Method, url: Url, timeout: Duration) -> Request {
        let mut request = self.request(method, url, timeout).await;
        request.headers_mut().insert("tus-resumable", HeaderValue::from_static("1.0.0"));
        request.headers_mut().insert("x-upsert", HeaderValue::from_static("true")); // Supabase asks for it on every step
        request
    }

    /// The upload's address on the configured origin: the key goes nowhere else, and a server behind a proxy may name a wrong host.
    fn own(&self, upload_url: &str) -> Result<Url, StorageError> {
        let given = Url::parse(upload_url).map_err(|error| unexpected("begin", error.to_string()))?;
        let prefix = self.url("upload/resumable/");
        if !given.path().starts_with(prefix.path()) {
            return Err(unexpected("begin", "the upload's location is not one of storage's own".to_owned()));
        }
        let mut url = self.base.clone();
        url.set_path(given.path());
        url.set_query(given.query());
        Ok(url)
    }
}

fn upload_offset(headers: &HeaderMap) -> Option<u64> {
    headers.get("upload-offset")?.to_str().ok()?.parse().ok()
}
