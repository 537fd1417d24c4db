//! A simulator of Supabase Storage as it is hosted: the REST paths under `/storage/v1`, the
//! resumable uploads, the gateway's treatment of keys, and the oddities of each. It owns buckets
//! and objects on disk and the order in which it misbehaves; it knows nothing of who uploads, or
//! why.
//!
//! `POST /_simulator/faults` takes a [`Plan`] as JSON
//! (`{"step":"tus_patch","do":"break_after","bytes":1000,"times":1}`), `DELETE` forgets all of
//! them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;

pub use faults::{Fault, Plan, Step};

use crate::Now;
use crate::simulators::dates;
use crate::simulators::seen::Memory;

mod append;
mod auth;
mod buckets;
mod disk;
mod errors;
mod faults;
mod incoming;
mod keys;
mod objects;
mod partials;
mod read;
mod resumable;
mod sign;
mod tus;
mod upload;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_faults;
#[cfg(test)]
mod tests_resumable;

/// What a simulated project needs.
pub struct Options {
    /// The simulator's own origin, `http://127.0.0.1:PORT`; upload URLs begin with it.
    pub base_url: String,
    /// The key with all rights: `sb_secret_…`, or a legacy JWT.
    pub key: String,
    /// Where buckets, objects and unfinished uploads live. They survive a restart on the same
    /// directory.
    pub data_dir: PathBuf,
    /// The clock of timestamps and of everything that expires.
    pub now: Now,
}

/// A handle on one simulated project. Clones share it.
#[derive(Clone)]
pub struct Supabase(Arc<Project>);

/// What modules of the simulator share.
struct Project {
    base_url: String,
    key: String,
    now: Now,
    disk: disk::Disk,
    partials: partials::Partials,
    faults: faults::Faults,
    seen: Memory<Seen>,
}

/// A request as it arrived. Neither keys nor query strings are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `GET`, `PATCH`, …
    pub method: String,
    /// From the first slash, without the query.
    pub path: String,
    /// Whether there was an `apikey` header.
    pub apikey_present: bool,
    /// Whether there was an `Authorization` header.
    pub authorization_present: bool,
    /// Empty when the client sent none.
    pub user_agent: String,
    /// By the simulator's clock.
    pub at: SystemTime,
}

/// A stored object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Bytes.
    pub size: u64,
    /// As the upload said it.
    pub content_type: String,
    /// The quoted MD5, as on the wire.
    pub etag: String,
    /// The content, until the object is replaced or deleted.
    pub file: PathBuf,
}

impl Supabase {
    /// Opens the project in `data_dir`, with what an earlier run left there.
    ///
    /// # Panics
    /// When the directory cannot be read or written.
    pub fn new(options: Options) -> Self {
        let Options { base_url, key, data_dir, now } = options;
        let disk =
            disk::Disk::open(data_dir.clone()).expect("the data directory can be read and written");
        let partials = partials::Partials::open(data_dir.join("uploads"))
            .expect("the data directory can be read and written");
        Self(Arc::new(Project {
            base_url: base_url.trim_end_matches('/').to_owned(),
            key,
            now,
            disk,
            partials,
            faults: faults::Faults::default(),
            seen: Memory::new(),
        }))
    }

    /// The routes, to be served on the origin that the options name.
    pub fn router(&self) -> Router {
        let project = &self.0;
        let storage = Router::new()
            .route("/status", get(async || ()))
            .route("/bucket", post(buckets::create).get(buckets::list))
            .route("/bucket/{bucket}", get(buckets::get).put(buckets::change))
            .route("/object/{bucket}", delete(objects::delete_many))
            .route("/object/list/{bucket}", post(objects::list))
            .route("/object/sign/{bucket}/{*path}", post(objects::sign).get(read::signed))
            .route(
                "/object/public/{bucket}/{*path}",
                step(project, Step::Public, get(read::public)),
            )
            .route("/object/info/{bucket}/{*path}", step(project, Step::Info, get(read::info)))
            .route(
                "/object/info/public/{bucket}/{*path}",
                step(project, Step::Info, get(read::public_info)),
            )
            .route(
                "/object/{bucket}/{*path}",
                step(project, Step::Upload, post(upload::create).put(upload::replace))
                    .get(read::authenticated)
                    .merge(step(project, Step::Delete, delete(objects::delete))),
            )
            .merge(resumable::routes(project));
        Router::new()
            .nest("/storage/v1", storage)
            .route("/_simulator/faults", post(add_fault).delete(clear_faults))
            .fallback(errors::no_route)
            .layer(DefaultBodyLimit::disable())
            .layer(middleware::from_fn_with_state(project.clone(), remember))
            .with_state(project.clone())
    }

    /// Orders misbehaviour, after what is ordered already.
    pub fn misbehave(&self, plan: Plan) {
        self.0.faults.add(plan);
    }

    /// Forgets all orders for misbehaviour.
    pub fn behave(&self) {
        self.0.faults.clear();
    }

    /// Every request that arrived, oldest first; the last ten thousand of them.
    pub fn requests(&self) -> Vec<Seen> {
        self.0.seen.all()
    }

    /// What is stored under a name.
    pub fn object(&self, bucket: &str, path: &str) -> Option<Object> {
        let row = self.0.disk.find(bucket, path)?;
        let file = self.0.disk.file(&row);
        Some(Object { size: row.size, content_type: row.content_type, etag: row.etag, file })
    }

    /// Makes a bucket public or private. Says whether there is such a bucket.
    ///
    /// # Errors
    /// When the change cannot be written to disk.
    pub fn set_public(&self, bucket: &str, public: bool) -> std::io::Result<bool> {
        self.0.disk.change_bucket(bucket, |bucket| bucket.public = public)
    }
}

impl Project {
    fn now_ms(&self) -> u64 {
        dates::unix_ms((self.now)())
    }

    /// Who sent a request that demands credentials.
    fn caller(&self, headers: &HeaderMap) -> Result<auth::Caller, errors::Refusal> {
        auth::required(&self.key, headers)
    }
}

/// Routes of one step of the protocol, which can be ordered to misbehave.
fn step(
    project: &Arc<Project>,
    step: Step,
    routes: MethodRouter<Arc<Project>>,
) -> MethodRouter<Arc<Project>> {
    routes.route_layer(middleware::from_fn_with_state((project.clone(), step), faults::play))
}

async fn remember(State(project): State<Arc<Project>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    project.seen.add(Seen {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        apikey_present: headers.contains_key("apikey"),
        authorization_present: headers.contains_key("authorization"),
        user_agent: auth::text(headers, "user-agent").unwrap_or_default().to_owned(),
        at: (project.now)(),
    });
    next.run(request).await
}

async fn add_fault(State(project): State<Arc<Project>>, Json(plan): Json<Plan>) -> StatusCode {
    project.faults.add(plan);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(project): State<Arc<Project>>) -> StatusCode {
    project.faults.clear();
    StatusCode::NO_CONTENT
}

/// A JSON body, whatever its content type.
fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, errors::Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| errors::Refusal::Invalid(format!("body is not as expected: {error}")))
}
