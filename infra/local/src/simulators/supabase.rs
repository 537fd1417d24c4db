//! A simulator of Supabase Storage as it is hosted: the REST paths under `/storage/v1`, the
//! resumable uploads, the gateway's treatment of keys, and the oddities of each. It owns buckets
//! and objects on disk and the order in which it misbehaves; it knows nothing of who uploads, or
//! why.
//!
//! `POST /_simulator/faults` takes a fault as JSON, such as `{"step": "tus_patch", "then":
//! {"break_after": {"bytes": 1000}}}`.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderMap;
use axum::routing::{delete, get, post};
use serde::de::DeserializeOwned;
use strum::VariantNames;

pub use crate::simulators::seen::Seen;
pub use faults::{Odd, Step};

use crate::Now;
use crate::faults::Faults;
use crate::simulators::dates;
use crate::simulators::door::Door;

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
mod service;
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
    door: Door<Odd>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
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
            door: Door::new(Step::VARIANTS, faults::step_of, now.clone()),
            now,
            disk,
            partials,
        }))
    }

    /// The routes, to be served on the origin that the options name.
    pub fn router(&self) -> Router {
        let storage = Router::new()
            .route("/bucket", post(buckets::create).get(buckets::list))
            .route("/bucket/{bucket}", get(buckets::get).put(buckets::change))
            .route("/object/{bucket}", delete(objects::delete_many))
            .route("/object/list/{bucket}", post(objects::list))
            .route("/object/sign/{bucket}/{*path}", post(objects::sign).get(read::read_signed))
            .route("/object/public/{bucket}/{*path}", get(read::read_public))
            .route("/object/info/{bucket}/{*path}", get(read::info))
            .route(
                "/object/{bucket}/{*path}",
                post(upload::create)
                    .put(upload::replace)
                    .get(read::read_with_key)
                    .delete(objects::delete),
            )
            .merge(resumable::routes());
        let routes = Router::new()
            .nest("/storage/v1", storage)
            .fallback(errors::no_route)
            .layer(DefaultBodyLimit::disable())
            .with_state(self.0.clone());
        self.0.door.before(routes)
    }

    /// What goes wrong on the wire.
    pub fn faults(&self) -> &Faults<Odd> {
        &self.0.door.faults
    }

    /// Every request that arrived, oldest first, of the last ten thousand.
    pub fn requests(&self) -> Vec<Seen> {
        self.0.door.requests()
    }

    /// What is stored under a name.
    pub fn object(&self, bucket: &str, path: &str) -> Option<Object> {
        let row = self.0.disk.find(bucket, path)?;
        let file = self.0.disk.file(&row);
        Some(Object { size: row.size, content_type: row.content_type, etag: row.etag, file })
    }

    /// Makes the bucket as `cargo admin storage init` would, unless it is there.
    pub(crate) fn ensure_bucket(&self, name: &str) -> std::io::Result<()> {
        let now_ms = self.0.now_ms();
        let bucket = disk::Bucket {
            id: name.to_owned(),
            name: name.to_owned(),
            public: true,
            file_size_limit: Some(512 << 20),
            allowed_mime_types: Some(vec!["video/mp4".to_owned()]),
            created_ms: now_ms,
            updated_ms: now_ms,
        };
        self.0.disk.create_bucket(bucket).map(drop)
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

/// A JSON body, whatever its content type.
fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, errors::Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| errors::Refusal::Invalid(format!("body is not as expected: {error}")))
}
