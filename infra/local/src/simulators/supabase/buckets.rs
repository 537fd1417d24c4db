//! Buckets: create, read, list, change.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::auth::Caller;
use super::disk::Bucket;
use super::errors::Refusal;
use super::{Project, keys, parse};
use crate::simulators::dates;

/// No object of the project may be larger, whatever its bucket says: the most that a standard
/// upload takes.
pub(super) const PROJECT_LIMIT: u64 = 5 * 1024 * 1024 * 1024;

#[derive(Deserialize)]
struct NewBucket {
    name: String,
    id: Option<String>,
    #[serde(default)]
    public: Option<bool>,
    #[serde(default)]
    file_size_limit: Option<Size>,
    #[serde(default)]
    allowed_mime_types: Option<Vec<String>>,
}

/// Absent leaves a field alone, null clears it.
#[derive(Deserialize)]
struct Change {
    public: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    file_size_limit: Option<Option<Size>>,
    #[serde(default, deserialize_with = "present")]
    allowed_mime_types: Option<Option<Vec<String>>>,
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Size {
    Bytes(u64),
    Text(String),
}

pub(super) async fn create(
    State(project): State<Arc<Project>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let caller = project.caller(&headers)?;
    let new: NewBucket = parse(&body)?;
    let id = new.id.clone().unwrap_or_else(|| new.name.clone());
    keys::check_bucket(&id)?;
    let file_size_limit = limit(new.file_size_limit)?;
    caller.may_write()?;
    let now = project.now_ms();
    let bucket = Bucket {
        id,
        name: new.name.clone(),
        public: new.public.unwrap_or(false),
        file_size_limit,
        allowed_mime_types: new.allowed_mime_types,
        created_ms: now,
        updated_ms: now,
    };
    match project.disk.create_bucket(bucket)? {
        true => Ok(Json(json!({ "name": new.name }))),
        false => Err(Refusal::BucketExists),
    }
}

pub(super) async fn get(
    State(project): State<Arc<Project>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    match project.caller(&headers)? {
        Caller::Service => {
            project.disk.bucket(&id).map(|bucket| Json(view(&bucket))).ok_or(Refusal::BucketMissing)
        }
        // row-level security hides what it does not allow
        Caller::Anon => Err(Refusal::BucketMissing),
    }
}

pub(super) async fn list(
    State(project): State<Arc<Project>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    match project.caller(&headers)? {
        Caller::Service => Ok(Json(project.disk.buckets().iter().map(view).collect())),
        Caller::Anon => Ok(Json(json!([]))),
    }
}

pub(super) async fn change(
    State(project): State<Arc<Project>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let caller = project.caller(&headers)?;
    let change: Change = parse(&body)?;
    let file_size_limit = change.file_size_limit.map(limit).transpose()?;
    if caller == Caller::Anon {
        return Err(Refusal::BucketMissing);
    }
    let now = project.now_ms();
    let found = project.disk.change_bucket(&id, |bucket| {
        bucket.public = change.public.unwrap_or(bucket.public);
        bucket.updated_ms = now;
        if let Some(limit) = file_size_limit {
            bucket.file_size_limit = limit;
        }
        if let Some(mime_types) = change.allowed_mime_types {
            bucket.allowed_mime_types = mime_types;
        }
    })?;
    if found {
        Ok(Json(json!({ "message": "Successfully updated" })))
    } else {
        Err(Refusal::BucketMissing)
    }
}

fn view(bucket: &Bucket) -> Value {
    json!({
        "id": bucket.id,
        "name": bucket.name,
        "owner": "",
        "public": bucket.public,
        "type": "STANDARD",
        "file_size_limit": bucket.file_size_limit,
        "allowed_mime_types": bucket.allowed_mime_types,
        "created_at": dates::iso(bucket.created_ms),
        "updated_at": dates::iso(bucket.updated_ms),
    })
}

/// Zero and absent are no limit.
fn limit(size: Option<Size>) -> Result<Option<u64>, Refusal> {
    let limit = match size {
        None => return Ok(None),
        Some(Size::Bytes(bytes)) => bytes,
        Some(Size::Text(text)) => bytes(&text).ok_or_else(|| {
            Refusal::Invalid("Invalid file size format, hint: use 20GB / 20MB / 30KB / 3B".into())
        })?,
    };
    if limit > PROJECT_LIMIT {
        Err(Refusal::TooLarge)
    } else {
        Ok(Some(limit).filter(|limit| *limit > 0))
    }
}

/// `"10MB"` is 10000000, `"1.5kb"` is 1500; text without a unit is none.
fn bytes(text: &str) -> Option<u64> {
    let text = text.to_ascii_uppercase();
    let units = [("GB", 9), ("MB", 6), ("KB", 3), ("B", 0)];
    let (number, zeros) =
        units.iter().find_map(|(unit, zeros)| Some((text.strip_suffix(unit)?, *zeros)))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction: String = fraction.chars().chain("000000000".chars()).take(zeros).collect();
    if whole.is_empty()
        || !whole.chars().chain(fraction.chars()).all(|digit| digit.is_ascii_digit())
    {
        return None;
    }
    format!("{whole}{fraction}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes_with_decimal_units() {
        assert_eq!(bytes("10MB"), Some(10_000_000));
        assert_eq!(bytes("1.5kb"), Some(1500));
        assert_eq!(bytes("2GB"), Some(2_000_000_000));
        assert_eq!(bytes("7B"), Some(7));
        assert_eq!(bytes("MB"), None);
        assert_eq!(bytes("-1MB"), None);
        assert_eq!(bytes("10 MB"), None);
        assert_eq!(bytes("10"), None);
    }
}
