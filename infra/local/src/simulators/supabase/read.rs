//! Reading objects: with a key, from a public bucket, by a signed URL; and what is said about them
//! without their bytes.

use std::io::{ErrorKind, SeekFrom};
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::auth::{self, Caller};
use super::disk::Row;
use super::errors::Refusal;
use super::faults::{Odd, Ordered};
use super::{Project, sign};
use crate::simulators::{dates, ranges};

const CHUNK: usize = 64 * 1024;

type At = Path<(String, String)>;

/// `GET` and `HEAD /object/{bucket}/{path}`
pub(super) async fn read_with_key(
    State(project): State<Arc<Project>>,
    Path((bucket, name)): At,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let row = visible(&project, &headers, &bucket, &name)?;
    serve(&project, &row, &method, &headers, None).await
}

/// `GET` and `HEAD /object/public/{bucket}/{path}`
pub(super) async fn read_public(
    State(project): State<Arc<Project>>,
    Path((bucket, name)): At,
    ordered: Ordered,
    method: Method,
    mut headers: HeaderMap,
) -> Result<Response, Refusal> {
    let fault = ordered.map(|fault| fault.0);
    if fault == Some(Odd::Chunked) {
        headers.remove(header::RANGE);
    }
    if fault == Some(Odd::Private) {
        return Err(Refusal::BucketMissing);
    }
    let row = in_public(&project, &bucket, &name)?;
    let mut response = serve(&project, &row, &method, &headers, None).await?;
    match fault {
        Some(Odd::Chunked) => drop(response.headers_mut().remove(header::CONTENT_LENGTH)),
        Some(Odd::UnknownTotal) => set(&mut response, header::CONTENT_RANGE, "bytes 0-0/*"),
        _ => {}
    }
    Ok(response)
}

#[derive(Deserialize)]
pub(super) struct Token {
    #[serde(default)]
    token: String,
}

pub(super) async fn read_signed(
    State(project): State<Arc<Project>>,
    Path((bucket, name)): At,
    Query(Token { token }): Query<Token>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let expires_s =
        sign::verify(&project.key, &token, &format!("{bucket}/{name}"), project.now_ms() / 1000)?;
    let row = project.disk.find(&bucket, &name).ok_or(Refusal::ObjectMissing)?;
    let expires = Some(dates::http(expires_s.saturating_mul(1000)));
    serve(&project, &row, &method, &headers, expires).await
}

pub(super) async fn info(
    State(project): State<Arc<Project>>,
    Path((bucket, name)): At,
    ordered: Ordered,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Ok(describe(&visible(&project, &headers, &bucket, &name)?, ordered))
}

fn visible(
    project: &Project,
    headers: &HeaderMap,
    bucket: &str,
    name: &str,
) -> Result<Row, Refusal> {
    match auth::optional(&project.key, headers)? {
        Caller::Anon => in_public(project, bucket, name),
        Caller::Service => {
            project.disk.bucket(bucket).ok_or(Refusal::BucketMissing)?;
            project.disk.find(bucket, name).ok_or(Refusal::ObjectMissing)
        }
    }
}

fn in_public(project: &Project, bucket: &str, name: &str) -> Result<Row, Refusal> {
    project.disk.bucket(bucket).filter(|bucket| bucket.public).ok_or(Refusal::BucketMissing)?;
    project.disk.find(bucket, name).ok_or(Refusal::ObjectMissing)
}

fn describe(row: &Row, ordered: Ordered) -> Response {
    let size = match ordered {
        Some(axum::Extension(Odd::WrongSize { size })) => size,
        _ => row.size,
    };
    let body = json!({
        "id": row.id,
        "name": row.name,
        "version": row.version,
        "bucket_id": row.bucket,
        "size": size,
        "content_type": row.content_type,
        "cache_control": row.cache_control,
        "etag": row.etag,
        "metadata": row.user_metadata,
        "last_modified": dates::iso(row.updated_ms),
        "created_at": dates::iso(row.created_ms),
    });
    let mut response = Json(body).into_response();
    set(&mut response, header::ETAG, &row.etag);
    set(&mut response, header::LAST_MODIFIED, &dates::http(row.updated_ms));
    set(&mut response, header::CACHE_CONTROL, &row.cache_control);
    response
}

async fn serve(
    project: &Project,
    row: &Row,
    method: &Method,
    headers: &HeaderMap,
    expires: Option<String>,
) -> Result<Response, Refusal> {
    let range = match auth::text(headers, "range") {
        Some(range) if method == Method::GET => {
            Some(ranges::demanded(range, row.size).map_err(|_| Refusal::Range)?)
        }
        _ => None,
    };
    let (start, length) =
        range.as_ref().map_or((0, row.size), |range| (range.start, range.end - range.start));
    let body = match *method {
        Method::HEAD => Body::empty(),
        _ => content(open(project, row).await?, start, length).await?,
    };
    let mut response = Response::new(body);
    *response.status_mut() = match range {
        Some(_) => StatusCode::PARTIAL_CONTENT,
        None => StatusCode::OK,
    };
    if range.is_some() {
        set(
            &mut response,
            header::CONTENT_RANGE,
            &format!("bytes {start}-{}/{}", start + length - 1, row.size),
        );
    }
    set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    // The server never lets a browser render an uploaded page from the project's host.
    let content_type =
        if row.content_type.contains("text/html") { "text/plain" } else { &row.content_type };
    set(&mut response, header::CONTENT_TYPE, content_type);
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    set(&mut response, header::ETAG, &row.etag);
    set(&mut response, header::LAST_MODIFIED, &dates::http(row.updated_ms));
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("none"));
    match expires {
        Some(expires) => set(&mut response, header::EXPIRES, &expires),
        None => set(&mut response, header::CACHE_CONTROL, &row.cache_control),
    }
    Ok(response)
}

/// An object that was replaced or deleted since its row was read is missing, as it is for a reader
/// of hosted storage.
async fn open(project: &Project, row: &Row) -> Result<File, Refusal> {
    File::open(project.disk.file(row)).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Refusal::ObjectMissing,
        _ => error.into(),
    })
}

/// Streams part of a file. The file may be replaced meanwhile: the open one is read to its end.
async fn content(mut file: File, start: u64, length: u64) -> Result<Body, Refusal> {
    file.seek(SeekFrom::Start(start)).await?;
    let chunks = futures::stream::try_unfold(file.take(length), |mut file| async move {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((Bytes::from(chunk), file)))
    });
    Ok(Body::from_stream(chunks))
}

/// A value that no header can carry is left out.
fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
