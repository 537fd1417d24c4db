//! The words of TUS 1.0.0: headers in, headers out, and tus-node's refusals to the letter.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::auth;
use super::errors::Refusal;

/// Why a request on an upload ends without success.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A status and its text.
    Said(u16, Cow<'static, str>),
    /// Refused before TUS was reached, in the manner of the REST paths.
    Stopped(Refusal),
    /// The connection is gone, or is to go.
    Broken,
}

const fn said(status: u16, text: &'static str) -> Trouble {
    Trouble::Said(status, Cow::Borrowed(text))
}

pub(super) const MISSING_OFFSET: Trouble = said(403, "Upload-Offset header required\n");
pub(super) const MISSING_CONTENT_TYPE: Trouble = said(403, "Content-Type header required\n");
pub(super) const INVALID_CONTENT_TYPE: Trouble = said(400, "Invalid content-type\n");
pub(super) const NOT_FOUND: Trouble = said(404, "The file for this url was not found\n");
pub(super) const OFFSET_CONFLICT: Trouble = said(409, "Upload-Offset conflict\n");
pub(super) const NO_LONGER_EXISTS: Trouble = said(410, "The file for this url no longer exists\n");
pub(super) const SIZE_EXCEEDED: Trouble = said(413, "upload's size exceeded\n");
pub(super) const MAX_SIZE_EXCEEDED: Trouble = said(413, "Maximum size exceeded\n");
pub(super) const INVALID_LENGTH: Trouble =
    said(400, "Upload-Length or Upload-Defer-Length header required\n");
pub(super) const INVALID_METADATA: Trouble = said(400, "Invalid upload-metadata\n");
const NOT_TUS: Trouble = said(412, "Tus-Resumable Required\n");
const WRITE_ERROR: Trouble = said(500, "Something went wrong receiving the file\n");

/// The text is this simulator's own: the hosted service only documents the rule.
pub(super) const WRONG_CHUNK: Trouble =
    said(400, "Chunks must be exactly 6291456 bytes, except the last\n");

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        let (status, _, _, message) = refusal.row();
        Self::Said(status, message.into())
    }
}

impl From<std::io::Error> for Trouble {
    fn from(_: std::io::Error) -> Self {
        WRITE_ERROR
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        match self {
            Self::Stopped(refusal) => refusal.into_response(),
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Self::Said(status, text) => {
                let mut response = text.into_owned().into_response();
                *response.status_mut() =
                    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                sign(response)
            }
        }
    }
}

pub(super) fn respond(status: u16, fields: &[(&'static str, &str)]) -> Response {
    let mut response =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    sign(response)
}

pub(super) fn respond_with(status: u16, fields: &[(&'static str, String)]) -> Response {
    let fields: Vec<(&'static str, &str)> =
        fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    respond(status, &fields)
}

fn sign(mut response: Response) -> Response {
    response.headers_mut().insert("tus-resumable", HeaderValue::from_static("1.0.0"));
    response
}

/// Refuses what is not TUS 1.0.0, and headers whose value cannot be right.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Trouble> {
    let version = auth::text(headers, "tus-resumable").ok_or(NOT_TUS)?;
    let bad_number = |name: &str| headers.contains_key(name) && number(headers, name).is_none();
    let bad_metadata =
        auth::text(headers, "upload-metadata").is_some_and(|text| metadata(text).is_none());
    let bad_defer = auth::text(headers, "upload-defer-length").is_some_and(|value| value != "1");
    let bad: Vec<&str> = [
        ("tus-resumable", version != "1.0.0"),
        ("upload-offset", bad_number("upload-offset")),
        ("upload-length", bad_number("upload-length")),
        ("upload-defer-length", bad_defer),
        ("upload-metadata", bad_metadata),
    ]
    .into_iter()
    .filter_map(|(name, bad)| bad.then_some(name))
    .collect();
    if bad.is_empty() {
        Ok(())
    } else {
        Err(Trouble::Said(400, format!("Invalid {}\n", bad.join(" ")).into()))
    }
}

/// A non-negative whole number, spelled the one way.
pub(super) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    let text = auth::text(headers, name)?;
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// Whether the request carries bytes of an upload.
pub(super) fn is_chunk(headers: &HeaderMap) -> bool {
    auth::text(headers, "content-type") == Some("application/offset+octet-stream")
}

/// `key base64,key base64,key`; every key once.
pub(super) fn metadata(text: &str) -> Option<Vec<(String, Option<String>)>> {
    let mut pairs: Vec<(String, Option<String>)> = Vec::new();
    for pair in text.split(',') {
        let (key, value) =
            pair.split_once(' ').map_or((pair, None), |(key, value)| (key, Some(value)));
        let known = pairs.iter().any(|(name, _)| name == key);
        if key.is_empty() || !key.is_ascii() || known {
            return None;
        }
        let value = match value.filter(|value| !value.is_empty()) {
            Some(value) => Some(String::from_utf8(STANDARD.decode(value).ok()?).ok()?),
            None => None,
        };
        pairs.push((key.to_owned(), value));
    }
    Some(pairs)
}

pub(super) fn encode_metadata(pairs: &[(String, Option<String>)]) -> String {
    let encode = |(key, value): &(String, Option<String>)| match value {
        Some(value) => format!("{key} {}", STANDARD.encode(value)),
        None => key.clone(),
    };
    pairs.iter().map(encode).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_strictly_and_written_back() {
        let pairs = metadata("bucketName dmlkZW9z,empty,objectName YS5tcDQ=").unwrap();
        assert_eq!(pairs[0], ("bucketName".into(), Some("videos".into())));
        assert_eq!(pairs[1], ("empty".into(), None));
        assert_eq!(encode_metadata(&pairs), "bucketName dmlkZW9z,empty,objectName YS5tcDQ=");
        for bad in ["", "a b c", "a YQ==,a YQ==", "a not-base64", ",", "a YQ==,,b YQ=="] {
            assert!(metadata(bad).is_none(), "{bad}");
        }
    }
}
