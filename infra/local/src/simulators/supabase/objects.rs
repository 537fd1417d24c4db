//! What is done to objects without their bytes: delete, list, sign.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Caller;
use super::disk::Row;
use super::errors::Refusal;
use super::{Project, parse, sign};
use crate::simulators::dates;

type Answer = Result<Json<Value>, Refusal>;

/// Only the object is looked for: in a bucket that is not there it is missing too, as on the real
/// server.
pub(super) async fn delete(
    State(project): State<Arc<Project>>,
    Path((bucket, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let caller = project.caller(&headers)?;
    project.disk.find(&bucket, &name).ok_or(Refusal::ObjectMissing)?;
    if caller == Caller::Anon {
        return Err(Refusal::Denied("Access denied"));
    }
    project.disk.remove(&bucket, &name)?.ok_or(Refusal::ObjectMissing)?;
    Ok(Json(json!({ "message": "Successfully deleted" })))
}

#[derive(Deserialize)]
struct Prefixes {
    prefixes: Vec<String>,
}

/// Whole names, in spite of the field's name; those that are missing are not in the answer.
pub(super) async fn delete_many(
    State(project): State<Arc<Project>>,
    Path(bucket): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let caller = project.caller(&headers)?;
    let Prefixes { prefixes } = parse(&body)?;
    let mut deleted = Vec::new();
    for name in prefixes.iter().filter(|_| caller == Caller::Service) {
        deleted.extend(project.disk.remove(&bucket, name)?.map(|row| {
            let mut view = listed(&row, &row.name);
            view["bucket_id"] = json!(row.bucket);
            view["version"] = json!(row.version);
            view["user_metadata"] = json!(row.user_metadata);
            view
        }));
    }
    Ok(Json(Value::Array(deleted)))
}

#[derive(Deserialize)]
struct Listing {
    prefix: String,
    limit: Option<usize>,
    #[serde(default)]
    offset: usize,
}

/// One folder's objects and folders by name, named relative to it. Folders have no id.
pub(super) async fn list(
    State(project): State<Arc<Project>>,
    Path(bucket): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let caller = project.caller(&headers)?;
    let listing: Listing = parse(&body)?;
    let folder = listing.prefix.trim_matches('/');
    let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    for row in project.disk.rows(&bucket) {
        let Some(name) = row.name.strip_prefix(&folder) else { continue };
        match name.split_once('/') {
            Some((inner, _)) => found.insert(inner.to_owned(), folder_view(inner)),
            None => found.insert(name.to_owned(), listed(&row, name)),
        };
    }
    let visible = found.into_values().filter(|_| caller == Caller::Service);
    Ok(Json(visible.skip(listing.offset).take(listing.limit.unwrap_or(100)).collect()))
}

fn folder_view(name: &str) -> Value {
    json!({
        "name": name,
        "id": null,
        "updated_at": null,
        "created_at": null,
        "last_accessed_at": null,
        "metadata": null,
    })
}

fn listed(row: &Row, name: &str) -> Value {
    let updated = dates::iso(row.updated_ms);
    json!({
        "name": name,
        "id": row.id,
        "updated_at": updated,
        "created_at": dates::iso(row.created_ms),
        "last_accessed_at": updated,
        "metadata": {
            "eTag": row.etag,
            "size": row.size,
            "mimetype": row.content_type,
            "cacheControl": row.cache_control,
            "lastModified": updated,
            "contentLength": row.size,
            "httpStatusCode": 200,
        },
    })
}

#[derive(Deserialize)]
struct Signing {
    #[serde(rename = "expiresIn")]
    expires_in: Seconds,
}

/// The Python client sends the number as text, and the server takes it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(u64),
    Text(String),
}

pub(super) async fn sign(
    State(project): State<Arc<Project>>,
    Path((bucket, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let caller = project.caller(&headers)?;
    let Signing { expires_in } = parse(&body)?;
    let expires_in_s = match expires_in {
        Seconds::Number(seconds) => Some(seconds),
        Seconds::Text(text) => text.parse().ok(),
    };
    let expires_in_s = expires_in_s
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| Refusal::Invalid("body/expiresIn must be integer >= 1".into()))?;
    let visible = project.disk.find(&bucket, &name).filter(|_| caller == Caller::Service);
    visible.ok_or(Refusal::ObjectMissing)?;
    let target = format!("{bucket}/{name}");
    let token = sign::token(&project.key, &target, project.now_ms() / 1000, expires_in_s);
    Ok(Json(json!({ "signedURL": format!("/object/sign/{target}?token={token}") })))
}
