//! The steps of storage's protocol, and the faults that only storage has.

use axum::Extension;
use axum::http::Method;
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, IntoStaticStr, VariantNames};

/// A step of the protocol that can go wrong.
#[derive(AsRefStr, Clone, Copy, Debug, IntoStaticStr, PartialEq, Eq, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Step {
    /// `POST` and `PUT /object/{bucket}/{path}`
    Upload,
    Delete,
    TusCreate,
    TusPatch,
    TusHead,
    Info,
    /// `GET` and `HEAD /object/public/…`
    Public,
}

/// A fault that one step plays itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Odd {
    /// `TusPatch` only: the connection closes when this much of the body is stored.
    BreakAfter {
        /// Bytes of this request's body that are kept.
        bytes: u64,
    },
    /// `Public` only: the answer of a bucket that is not public.
    Private,
    /// `Public` only: the whole object comes in chunks, and nothing says how long it is.
    Chunked,
    /// `Public` only: the range is answered as one of an unknown total, `bytes 0-0/*`.
    UnknownTotal,
    /// `TusCreate` only: the upload is begun, and its location is this text.
    Location {
        /// What the header says; `{id}` in it is the upload's id.
        location: String,
    },
    /// `Info` only: the object's size is reported wrong.
    WrongSize {
        /// The size to report, in bytes.
        size: u64,
    },
}

/// The fault that a handler plays on this request.
pub(super) type Ordered = Option<Extension<Odd>>;

/// The step that a request is, if it is one.
pub(super) fn step_of(method: &Method, path: &str) -> Option<&'static str> {
    let path = path.strip_prefix("/storage/v1/")?;
    let (area, rest) = path.split_once('/')?;
    let step = match (area, method.as_str(), rest.split_once('/')) {
        ("upload", "POST", None | Some((_, ""))) => Step::TusCreate,
        ("upload", "PATCH", Some(_)) => Step::TusPatch,
        ("upload", "HEAD", Some(_)) => Step::TusHead,
        ("object", "GET" | "HEAD", Some(("info", _))) => Step::Info,
        ("object", "GET" | "HEAD", Some(("public", _))) => Step::Public,
        ("object", _, Some(("info" | "list" | "public" | "sign", _))) => return None,
        ("object", "POST" | "PUT", Some(_)) => Step::Upload,
        ("object", "DELETE", Some(_)) => Step::Delete,
        _ => return None,
    };
    Some(step.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_at_most_one_step() {
        for (method, path, step) in [
            (Method::POST, "object/videos/a/b.mp4", Some("upload")),
            (Method::PUT, "object/videos/a.mp4", Some("upload")),
            (Method::DELETE, "object/videos/a.mp4", Some("delete")),
            (Method::DELETE, "object/videos", None),
            (Method::GET, "object/videos/a.mp4", None),
            (Method::POST, "object/list/videos", None),
            (Method::GET, "object/info/videos/a.mp4", Some("info")),
            (Method::HEAD, "object/public/videos/a.mp4", Some("public")),
            (Method::POST, "upload/resumable", Some("tus_create")),
            (Method::POST, "upload/resumable/", Some("tus_create")),
            (Method::PATCH, "upload/resumable/x", Some("tus_patch")),
            (Method::HEAD, "upload/resumable/x", Some("tus_head")),
            (Method::OPTIONS, "upload/resumable", None),
            (Method::POST, "bucket", None),
        ] {
            assert_eq!(step_of(&method, &format!("/storage/v1/{path}")), step, "{method} {path}");
        }
    }
}
