//! The standard upload: one request, its body raw or as a form, streamed to a temporary file.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{Stream, StreamExt};
use serde_json::{Value, json};

use super::auth::{self, Caller};
use super::buckets::PROJECT_LIMIT;
use super::disk::{Bucket, Label, Row};
use super::errors::Refusal;
use super::incoming::{Incoming, Written, drain};
use super::{Project, keys};

type Answer = Result<Json<Value>, Refusal>;

pub(super) async fn create(
    State(project): State<Arc<Project>>,
    to: Path<(String, String)>,
    request: Request,
) -> Answer {
    let upsert = auth::text(request.headers(), "x-upsert") == Some("true");
    upload(&project, to.0, upsert, request).await
}

/// Replaces, and creates what is missing.
pub(super) async fn replace(
    State(project): State<Arc<Project>>,
    to: Path<(String, String)>,
    request: Request,
) -> Answer {
    upload(&project, to.0, true, request).await
}

async fn upload(project: &Project, to: (String, String), upsert: bool, request: Request) -> Answer {
    let gate = Gate::open(project, request.headers(), to, upsert);
    let row = if content_type(request.headers()).starts_with("multipart/form-data") {
        let mut form = Multipart::from_request(request, &()).await.map_err(invalid)?;
        let outcome = match gate {
            Ok(gate) => from_form(project, gate, &mut form).await,
            Err(refusal) => Err(refusal),
        };
        while let Ok(Some(_)) = form.next_field().await {} // the answer waits for the whole request
        outcome?
    } else {
        let (head, body) = request.into_parts();
        let mut body = body.into_data_stream();
        let outcome = match gate {
            Ok(gate) => from_body(project, gate, &head.headers, &mut body).await,
            Err(refusal) => Err(refusal),
        };
        drain(&mut body).await;
        outcome?
    };
    Ok(Json(json!({ "Key": format!("{}/{}", row.bucket, row.name), "Id": row.id })))
}

async fn from_body(
    project: &Project,
    gate: Gate,
    headers: &HeaderMap,
    body: &mut (impl Stream<Item = Result<Bytes, axum::Error>> + Unpin),
) -> Result<Row, Refusal> {
    let content_type = content_type(headers).to_owned();
    let length =
        auth::text(headers, header::CONTENT_LENGTH.as_str()).and_then(|length| length.parse().ok());
    gate.admit(project, &content_type, length)?;
    let written = receive(project, &gate, body, length).await?;
    let label = Label {
        content_type,
        cache_control: auth::text(headers, header::CACHE_CONTROL.as_str())
            .unwrap_or("no-cache")
            .to_owned(),
        user_metadata: auth::text(headers, "x-metadata").and_then(|text| {
            let json = STANDARD.decode(text).ok()?;
            serde_json::from_slice(&json).ok()
        }),
        bucket: gate.bucket.id,
        name: gate.name,
    };
    Ok(project.disk.commit(label, &written, project.now_ms())?)
}

/// Fields count only before the file, as on the server.
async fn from_form(project: &Project, gate: Gate, form: &mut Multipart) -> Result<Row, Refusal> {
    let (mut cache_control, mut user_metadata, mut named_type) =
        ("no-cache".to_owned(), None, None);
    while let Some(mut field) = form.next_field().await.map_err(invalid)? {
        if field.file_name().is_none() {
            let name = field.name().unwrap_or_default().to_owned();
            let value = field.text().await.map_err(invalid)?;
            match name.as_str() {
                "cacheControl" if !value.is_empty() => cache_control = format!("max-age={value}"),
                "metadata" | "userMetadata" => user_metadata = serde_json::from_str(&value).ok(),
                "contentType" if !value.is_empty() => named_type = Some(value),
                _ => {}
            }
            continue;
        }
        let part_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
        let content_type = named_type.unwrap_or(part_type);
        gate.admit(project, &content_type, None)?;
        let written = receive(project, &gate, &mut field, None).await?;
        let label = Label {
            content_type,
            cache_control,
            user_metadata,
            bucket: gate.bucket.id,
            name: gate.name,
        };
        return Ok(project.disk.commit(label, &written, project.now_ms())?);
    }
    Err(Refusal::Invalid("No content provided".into()))
}

async fn receive<E: std::fmt::Display>(
    project: &Project,
    gate: &Gate,
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    length: Option<u64>,
) -> Result<Written, Refusal> {
    let mut incoming = Incoming::create(project.disk.temporary(), gate.limit()).await?;
    while let Some(bytes) = body.next().await {
        incoming.append(&bytes.map_err(invalid)?).await?;
    }
    incoming.finish(length).await
}

/// The checks before the first byte, in the server's order.
struct Gate {
    caller: Caller,
    bucket: Bucket,
    name: String,
    upsert: bool,
}

impl Gate {
    fn open(
        project: &Project,
        headers: &HeaderMap,
        (bucket, name): (String, String),
        upsert: bool,
    ) -> Result<Self, Refusal> {
        let caller = project.caller(headers)?;
        let bucket = project.disk.bucket(&bucket).ok_or(Refusal::BucketMissing)?;
        Ok(Self { caller, bucket, name, upsert })
    }

    fn limit(&self) -> u64 {
        self.bucket.file_size_limit.unwrap_or(PROJECT_LIMIT)
    }

    fn admit(
        &self,
        project: &Project,
        content_type: &str,
        length: Option<u64>,
    ) -> Result<(), Refusal> {
        check_mime(&self.bucket, content_type)?;
        if length.is_some_and(|length| length > self.limit()) {
            return Err(Refusal::TooLarge);
        }
        keys::check_object(&self.name)?;
        permit(project, self.caller, &self.bucket.id, &self.name, self.upsert)
    }
}

/// What row-level security and the unique key of the table would say.
pub(super) fn permit(
    project: &Project,
    caller: Caller,
    bucket: &str,
    name: &str,
    upsert: bool,
) -> Result<(), Refusal> {
    caller.may_write()?;
    if !upsert && project.disk.find(bucket, name).is_some() {
        Err(Refusal::ObjectExists)
    } else {
        Ok(())
    }
}

/// Compares as the server does: parameters count, so `video/mp4; codecs=…` is not `video/mp4`.
pub(super) fn check_mime(bucket: &Bucket, content_type: &str) -> Result<(), Refusal> {
    let Some(allowed) = bucket.allowed_mime_types.as_ref().filter(|allowed| !allowed.is_empty())
    else {
        return Ok(());
    };
    let family = content_type.split_once('/').map(|(family, _)| format!("{family}/*"));
    let fits =
        allowed.iter().any(|allowed| allowed == content_type || Some(allowed) == family.as_ref());
    if fits { Ok(()) } else { Err(Refusal::Mime(content_type.to_owned())) }
}

fn content_type(headers: &HeaderMap) -> &str {
    auth::text(headers, header::CONTENT_TYPE.as_str()).unwrap_or("application/octet-stream")
}

fn invalid(error: impl std::fmt::Display) -> Refusal {
    Refusal::Invalid(error.to_string())
}
