//! The refusals of the server, in its own words. Nearly every refusal is HTTP 400 whose JSON body
//! carries the real status; the resumable endpoint says the same refusals as genuine codes with a
//! text body (`resumable.rs`).

use axum::Json;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    BucketExists,
    BucketMissing,
    BucketName,
    ObjectExists,
    ObjectMissing,
    Key(String),
    /// 403: a token that does not verify, or a role without a policy. The text says which.
    Denied(&'static str),
    NoAuthorization,
    Mime(String),
    TooLarge,
    /// A token of a signed URL that is forged, for another object, or late.
    Signature(&'static str),
    Invalid(String),
    /// The range starts past the end of the object, or is not one range of bytes.
    Range,
    Internal(String),
    /// Said by the gateway in front, which knows nothing of the server's table.
    Gateway(&'static str),
}

impl Refusal {
    /// The status inside the body, `error`, `code`, `message`.
    pub(super) fn row(&self) -> (u16, &'static str, &'static str, String) {
        match self {
            Self::BucketExists => {
                (409, "Duplicate", "BucketAlreadyExists", "The resource already exists".into())
            }
            Self::BucketMissing => {
                (404, "Bucket not found", "NoSuchBucket", "Bucket not found".into())
            }
            Self::BucketName => {
                (400, "Invalid Input", "InvalidBucketName", "Bucket name invalid".into())
            }
            Self::ObjectExists => {
                (409, "Duplicate", "KeyAlreadyExists", "The resource already exists".into())
            }
            Self::ObjectMissing => (404, "not_found", "NoSuchKey", "Object not found".into()),
            Self::Key(key) => (400, "InvalidKey", "InvalidKey", format!("Invalid key: {key}")),
            Self::Denied(message) => (403, "Unauthorized", "AccessDenied", (*message).into()),
            Self::NoAuthorization => (
                400,
                "Error",
                "InvalidRequest",
                "headers must have required property 'authorization'".into(),
            ),
            Self::Mime(mime) => (
                415,
                "invalid_mime_type",
                "InvalidMimeType",
                format!("mime type {mime} is not supported"),
            ),
            Self::TooLarge => (
                413,
                "Payload too large",
                "EntityTooLarge",
                "The object exceeded the maximum allowed size".into(),
            ),
            Self::Signature(message) => (400, "InvalidJWT", "InvalidJWT", (*message).into()),
            Self::Invalid(message) => (400, "InvalidRequest", "InvalidRequest", message.clone()),
            Self::Range => (416, "invalid_range", "InvalidRange", "invalid range provided".into()),
            Self::Internal(message) => (500, "Internal", "InternalError", message.clone()),
            Self::Gateway(message) => (401, "Unauthorized", "Unauthorized", (*message).into()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (inner, error, code, message) = self.row();
        if let Self::Gateway(message) = self {
            return (StatusCode::UNAUTHORIZED, Json(json!({ "message": message }))).into_response();
        }
        let status = match self {
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Range => StatusCode::RANGE_NOT_SATISFIABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        let inner = inner.to_string();
        let body = json!({ "statusCode": inner, "error": error, "message": message, "code": code });
        (status, Json(body)).into_response()
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

/// The genuine 404 of a path that the server does not know.
pub(super) async fn no_route(method: Method, uri: Uri) -> Response {
    let message = format!("Route {method}:{} not found", uri.path());
    let body = json!({
        "statusCode": "404", "error": "Not Found", "message": message, "code": "InvalidRequest",
    });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}
