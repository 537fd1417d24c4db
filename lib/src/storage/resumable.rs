//! Uploads of more than one part, which are begun once and continue where they stopped.
//! <https://tus.io/protocols/resumable-upload>

use super::location::{ENDPOINT, UploadId};
use super::{KEEP, QUESTION_TIMEOUT, Storage, StorageError, TRANSFER_TIMEOUT};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Request};
use std::time::Duration;
use url::Url;

impl Storage {
    /// Begins an upload, of a known or unknown length, that replaces what is there. Returns the
    /// address at which it continues, below our own address. The address is valid for 24 hours.
    pub async fn begin(&self, path: &str, length: Option<u64>) -> Result<String, StorageError> {
        let mut request = self.tus(Method::POST, self.url(ENDPOINT), QUESTION_TIMEOUT).await;
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
        let metadata =
            fields.map(|(name, value)| format!("{name} {}", STANDARD.encode(value))).join(",");
        let metadata = HeaderValue::try_from(metadata).map_err(|_| StorageError::Location)?;
        headers.insert("upload-metadata", metadata);
        let answer = self.call("begin", request).await?;
        let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        Ok(self.own(location.unwrap_or_default())?.into())
    }

    /// How many bytes of an upload have arrived. `None` if storage does not continue it.
    pub async fn offset(&self, upload_url: &str) -> Result<Option<u64>, StorageError> {
        let Ok(url) = self.own(upload_url) else { return Ok(None) };
        let request = self.tus(Method::HEAD, url, QUESTION_TIMEOUT).await;
        match self.call("offset", request).await {
            Ok(answer) => Ok(upload_offset(answer.headers())),
            Err(error) if error.is_an_answer() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends the next part, and returns how many bytes have arrived. If the upload was begun
    /// without a length, the last part states it.
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
        let answer = self.call("append", request).await?;
        upload_offset(answer.headers())
            .ok_or_else(|| StorageError::unexpected("append", "no upload-offset"))
    }

    async fn tus(&self, method: Method, url: Url, timeout: Duration) -> Request {
        let mut request = self.request(method, url, timeout).await;
        request.headers_mut().insert("tus-resumable", HeaderValue::from_static("1.0.0"));
        // Supabase wants this header on every step
        request.headers_mut().insert("x-upsert", HeaderValue::from_static("true"));
        request
    }

    /// The address of the upload on the configured origin, so that the key goes nowhere else.
    fn own(&self, upload_url: &str) -> Result<Url, StorageError> {
        let id = UploadId::of(upload_url).ok_or(StorageError::Location)?;
        Ok(id.below(self.url(ENDPOINT)))
    }
}

fn upload_offset(headers: &HeaderMap) -> Option<u64> {
    headers.get("upload-offset")?.to_str().ok()?.trim().parse().ok()
}
