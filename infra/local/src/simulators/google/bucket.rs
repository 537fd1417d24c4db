//! Cloud Storage, as far as finished files are fetched from it and removed: the JSON API,
//! <https://cloud.google.com/storage/docs/json_api>. Objects exist from the moment their operation
//! is done.

use axum::extract::{OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Google;
use super::answer::{JSON, Reason};
use super::tokens::{self, Service};
use crate::simulators::output::Output;

pub(super) const JSON_PATH: &str = "/storage/v1/b/{bucket}/o/{object}";

/// The object's name is one segment: its slashes are percent-encoded.
pub(super) async fn json_api(
    State(google): State<Google>,
    Path((bucket, object)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Response {
    if let Err(reason) = tokens::admit(&google, &headers, Service::Storage) {
        return json_refused(reason, &bucket, &object);
    }
    let wants_media = has_alt_media(uri.query());
    match find(&google, &bucket, &object) {
        Some(output) if wants_media => send(&object, &output, &headers),
        Some(output) => about(&bucket, &object, &output),
        None if wants_media => (StatusCode::NOT_FOUND, missing(&bucket, &object)).into_response(),
        None => json_error(StatusCode::NOT_FOUND, "notFound", &missing(&bucket, &object)),
    }
}

/// Removes an object, for good: the bucket keeps no versions.
pub(super) async fn remove(
    State(google): State<Google>,
    Path((bucket, object)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(reason) = tokens::admit(&google, &headers, Service::Storage) {
        return json_refused(reason, &bucket, &object);
    }
    if find(&google, &bucket, &object).is_none() {
        return json_error(StatusCode::NOT_FOUND, "notFound", &missing(&bucket, &object));
    }
    google.removed().insert((bucket, object));
    StatusCode::NO_CONTENT.into_response()
}

fn missing(bucket: &str, object: &str) -> String {
    format!("No such object: {bucket}/{object}")
}

fn find(google: &Google, bucket: &str, object: &str) -> Option<Output> {
    if google.removed().contains(&(bucket.to_owned(), object.to_owned())) {
        return None;
    }
    let (now_ms, state) = (google.now_ms(), google.state());
    let mut done = state.renders.iter().filter(|operation| operation.is_done(now_ms));
    done.find_map(|operation| operation.object(bucket, object))
}

fn send(object: &str, output: &Output, headers: &HeaderMap) -> Response {
    output.send(&format!("\"{}\"", object.replace(['/', '"'], "-")), headers)
}

fn has_alt_media(query: Option<&str>) -> bool {
    let query = query.unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .any(|(key, value)| key == "alt" && value == "media")
}

fn about(bucket: &str, object: &str, output: &Output) -> Response {
    let size = output.file.len().to_string();
    let body = json!({
        "kind": "storage#object",
        "bucket": bucket,
        "name": object,
        "size": size,
        "contentType": output.kind,
    });
    ([(CONTENT_TYPE, JSON)], format!("{body:#}\n")).into_response()
}

fn json_refused(reason: Reason, bucket: &str, object: &str) -> Response {
    match reason {
        Reason::Missing => {
            let text = format!(
                "Anonymous caller does not have storage.objects.get access to the Google Cloud \
                 Storage object. Permission 'storage.objects.get' denied on resource '{bucket}/{object}' (or it may not exist)."
            );
            json_error(StatusCode::UNAUTHORIZED, "required", &text)
        }
        Reason::Invalid | Reason::Expired => {
            json_error(StatusCode::UNAUTHORIZED, "authError", "Invalid Credentials")
        }
    }
}

/// The older shape of Google's errors, which Cloud Storage still has.
fn json_error(status: StatusCode, reason: &str, message: &str) -> Response {
    let errors = json!([{"message": message, "domain": "global", "reason": reason}]);
    let body = json!({"error": {"code": status.as_u16(), "message": message, "errors": errors}});
    (status, [(CONTENT_TYPE, JSON)], format!("{body:#}\n")).into_response()
}
