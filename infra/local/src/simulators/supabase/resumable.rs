//! Resumable uploads: TUS 1.0.0 with creation, creation-defer-length and expiration, as tus-node
//! speaks it behind Supabase. Refusals are genuine status
//! codes with a text body; only a bad key is refused before, in the manner of the REST paths.
//! `x-upsert` counts on every request, not only on the first.
//!
//! <https://tus.io/protocols/resumable-upload>,
//! <https://supabase.com/docs/guides/storage/uploads/resumable-uploads>

use std::sync::Arc;

use axum::body::BodyDataStream;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{patch, post};
use axum::{Extension, Router};

use super::auth::{self, Caller};
use super::buckets::PROJECT_LIMIT;
use super::disk::Label;
use super::errors::Refusal;
use super::faults::{Odd, Ordered};
use super::incoming::{Written, drain};
use super::partials::{Partial, Partials};
use super::tus::{self, Trouble};
use super::{Project, append, keys, upload};
use crate::faults::hang_up;
use crate::simulators::dates;

pub(super) fn routes() -> Router<Arc<Project>> {
    let create = post(begin);
    let one = patch(go_on).head(tell);
    Router::new()
        .route("/upload/resumable", create.clone())
        .route("/upload/resumable/", create)
        .route("/upload/resumable/{id}", one)
}

/// `POST`: the upload gets its URL. Bytes that come along are not read.
async fn begin(
    State(project): State<Arc<Project>>,
    ordered: Ordered,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let outcome = create(&project, &head.headers).await;
    let mut response = answer(outcome, &mut body).await;
    if let Some(Extension(Odd::Location { location })) = ordered {
        relocate(&mut response, &location);
    }
    response
}

/// Names the upload as an odd server does.
fn relocate(response: &mut Response, location: &str) {
    let known = response.headers().get(header::LOCATION).and_then(|known| known.to_str().ok());
    let id = known.and_then(|known| known.rsplit('/').next()).unwrap_or_default();
    if let Ok(odd) = HeaderValue::try_from(location.replace("{id}", id)) {
        response.headers_mut().insert(header::LOCATION, odd);
    }
}

async fn create(project: &Project, headers: &HeaderMap) -> Result<Response, Trouble> {
    let caller = auth::token(&project.key, headers).map_err(Trouble::Stopped)?;
    tus::check(headers)?;
    let length = tus::number(headers, "upload-length");
    if length.is_some() == headers.contains_key("upload-defer-length") {
        return Err(tus::INVALID_LENGTH);
    }
    let mut partial = announce(project, headers, length)?;
    let bucket = project.disk.bucket(&partial.bucket).ok_or(Refusal::BucketMissing)?;
    if length.is_some_and(|length| length > bucket.file_size_limit.unwrap_or(PROJECT_LIMIT)) {
        return Err(tus::MAX_SIZE_EXCEEDED);
    }
    upload::permit(project, caller, &partial.bucket, &partial.name, upsert(headers))?;
    if let Some(content_type) = partial.metadata("contentType") {
        upload::check_mime(&bucket, content_type)?;
    }
    let _one_at_a_time = project.partials.lock(partial.version).await;
    project.partials.create(&partial)?;
    let mut fields = vec![(
        "location",
        format!("{}/storage/v1/upload/resumable/{}", project.base_url, partial.id()),
    )];
    fields.push(settle(project, &mut partial, 0).await?);
    Ok(tus::respond_with(201, &fields))
}

/// What the request says about the upload, before anything is looked up.
fn announce(
    project: &Project,
    headers: &HeaderMap,
    length: Option<u64>,
) -> Result<Partial, Trouble> {
    let text = auth::text(headers, "upload-metadata").ok_or_else(missing_metadata)?;
    let mut metadata = tus::metadata(text).ok_or(tus::INVALID_METADATA)?;
    let find = |key: &str| {
        let found = metadata.iter().find(|(name, _)| name == key);
        found.and_then(|(_, value)| value.clone()).unwrap_or_default()
    };
    let (bucket, name) = (find("bucketName"), find("objectName"));
    keys::check_bucket(&bucket)?;
    keys::check_object(&name)?;
    let seconds = find("cacheControl");
    let cache_control = match seconds.parse::<i64>() {
        Ok(_) => format!("max-age={seconds}"),
        Err(_) => "no-cache".to_owned(),
    };
    metadata.retain(|(key, _)| key != "cacheControl");
    metadata.push(("cacheControl".to_owned(), Some(cache_control)));
    let version = uuid::Uuid::new_v4();
    Ok(Partial {
        version,
        bucket,
        name,
        length,
        metadata,
        created_ms: project.now_ms(),
        finished: false,
    })
}

fn missing_metadata() -> Trouble {
    Refusal::Invalid("Metadata header is required".into()).into()
}

async fn go_on(
    State(project): State<Arc<Project>>,
    Path(id): Path<String>,
    ordered: Ordered,
    request: Request,
) -> Response {
    let keep = match ordered {
        Some(Extension(Odd::BreakAfter { bytes })) => Some(bytes),
        _ => None,
    };
    let (head, body) = request.into_parts();
    let mut body = body.into_data_stream();
    // In its own task, because the server drops the handler of a client that went away, and what
    // arrived must be kept.
    let work = tokio::spawn(async move {
        let outcome = extend(&project, &id, &head.headers, &mut body, keep).await;
        (outcome, body)
    });
    match work.await {
        Ok((outcome, mut body)) => answer(outcome, &mut body).await,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn extend(
    project: &Project,
    id: &str,
    headers: &HeaderMap,
    body: &mut BodyDataStream,
    keep: Option<u64>,
) -> Result<Response, Trouble> {
    let caller = auth::token(&project.key, headers).map_err(Trouble::Stopped)?;
    tus::check(headers)?;
    let offset = tus::number(headers, "upload-offset").ok_or(tus::MISSING_OFFSET)?;
    if !tus::is_chunk(headers) {
        let sent = headers.contains_key("content-type");
        return Err(if sent { tus::INVALID_CONTENT_TYPE } else { tus::MISSING_CONTENT_TYPE });
    }
    let version = Partials::version(id).ok_or_else(invalid_id)?;
    let _one_at_a_time = project.partials.lock(version).await;
    let mut partial = admitted(project, caller, version, headers)?;
    if stored(project, &partial)? != offset {
        return Err(tus::OFFSET_CONFLICT);
    }
    if let Some(length) = tus::number(headers, "upload-length") {
        if partial.length.is_some() || length < offset {
            return Err(tus::INVALID_LENGTH);
        }
        if length > append::limit(project, &partial) {
            return Err(tus::MAX_SIZE_EXCEEDED);
        }
        partial.length = Some(length);
        project.partials.save(&partial)?;
    }
    let offset = append::append(project, &partial, headers, body, keep).await?;
    let field = settle(project, &mut partial, offset).await?;
    Ok(tus::respond_with(204, &[("upload-offset", offset.to_string()), field]))
}

/// `HEAD`: how far the upload is. A finished one still answers, with all its bytes.
async fn tell(
    State(project): State<Arc<Project>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let look = async || -> Result<Response, Trouble> {
        auth::token(&project.key, &headers).map_err(Trouble::Stopped)?;
        tus::check(&headers)?;
        let version = Partials::version(&id).ok_or_else(invalid_id)?;
        let _one_at_a_time = project.partials.lock(version).await;
        let partial = project.partials.load(version)?.ok_or(tus::NOT_FOUND)?;
        let offset = stored(&project, &partial)?;
        let length = match partial.length {
            Some(length) => ("upload-length", length.to_string()),
            None => ("upload-defer-length", "1".to_owned()),
        };
        let metadata = ("upload-metadata", tus::encode_metadata(&partial.metadata));
        let no_store = ("cache-control", "no-store".to_owned());
        Ok(tus::respond_with(
            200,
            &[no_store, ("upload-offset", offset.to_string()), length, metadata],
        ))
    };
    look().await.unwrap_or_else(IntoResponse::into_response)
}

fn invalid_id() -> Trouble {
    Refusal::Invalid("Invalid upload id".into()).into()
}

/// The upload, for a caller who could create its object now. Without `x-upsert` an object that
/// appeared meanwhile is in the way of every further request.
fn admitted(
    project: &Project,
    caller: Caller,
    version: uuid::Uuid,
    headers: &HeaderMap,
) -> Result<Partial, Trouble> {
    let partial = project.partials.load(version)?.ok_or(tus::NOT_FOUND)?;
    project.disk.bucket(&partial.bucket).ok_or(Refusal::BucketMissing)?;
    upload::permit(project, caller, &partial.bucket, &partial.name, upsert(headers))?;
    Ok(partial)
}

/// How many bytes are here, unless the upload's URL expired.
fn stored(project: &Project, partial: &Partial) -> Result<u64, Trouble> {
    let expired = project.now_ms() > partial.expires_ms();
    project.partials.offset(partial).filter(|_| !expired).ok_or(tus::NO_LONGER_EXISTS)
}

/// Makes the object when all bytes are here; else says until when the upload can go on.
async fn settle(
    project: &Project,
    partial: &mut Partial,
    offset: u64,
) -> Result<(&'static str, String), Trouble> {
    if partial.length != Some(offset) {
        return Ok(("upload-expires", dates::http(partial.expires_ms())));
    }
    if !partial.finished {
        let written = Written::of_file(project.partials.file(partial.version)).await?;
        let label = Label {
            bucket: partial.bucket.clone(),
            name: partial.name.clone(),
            content_type: partial
                .metadata("contentType")
                .unwrap_or("application/octet-stream")
                .to_owned(),
            cache_control: partial.metadata("cacheControl").unwrap_or("no-cache").to_owned(),
            user_metadata: partial
                .metadata("metadata")
                .and_then(|text| serde_json::from_str(text).ok()),
        };
        project.disk.commit(label, &written, project.now_ms())?;
        partial.finished = true;
        project.partials.save(partial)?;
    }
    Ok(("tus-complete", "1".to_owned()))
}

fn upsert(headers: &HeaderMap) -> bool {
    auth::text(headers, "x-upsert") == Some("true")
}

async fn answer(outcome: Result<Response, Trouble>, body: &mut BodyDataStream) -> Response {
    if matches!(outcome, Err(Trouble::Broken)) {
        hang_up();
    }
    drain(body).await;
    outcome.unwrap_or_else(IntoResponse::into_response)
}
