//! Unfinished resumable uploads on disk: `<version>` holds the bytes that arrived, `<version>.json`
//! what is known of the upload. The offset is the file's length, so it cannot disagree with the
//! bytes after a crash.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use super::disk::lock;
use crate::simulators::json_file;

/// How long an upload URL is valid.
const LIFETIME_MS: u64 = 24 * 60 * 60 * 1000;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Partial {
    pub(super) version: Uuid,
    pub(super) bucket: String,
    pub(super) name: String,
    /// Bytes; `None` while the client has not said it.
    pub(super) length: Option<u64>,
    pub(super) metadata: Vec<(String, Option<String>)>,
    pub(super) created_ms: u64,
    /// The object exists and the bytes moved there.
    pub(super) finished: bool,
}

impl Partial {
    pub(super) fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.iter().find(|(name, _)| name == key)?.1.as_deref()
    }

    pub(super) fn expires_ms(&self) -> u64 {
        self.created_ms.saturating_add(LIFETIME_MS)
    }

    /// The last segment of the upload URL: like the hosted one it names the object, so it is no
    /// secret.
    pub(super) fn id(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}/{}/{}", self.bucket, self.name, self.version))
    }
}

pub(super) struct Partials {
    directory: PathBuf,
    locks: Mutex<HashMap<Uuid, Arc<tokio::sync::Mutex<()>>>>,
}

impl Partials {
    pub(super) fn open(directory: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        Ok(Self { directory, locks: Mutex::default() })
    }

    /// The version inside an upload URL's last segment, when it is one.
    pub(super) fn version(id: &str) -> Option<Uuid> {
        let name = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
        name.rsplit_once('/')?.1.parse().ok()
    }

    /// One request at a time works on an upload; the next waits until the bytes of the one before
    /// are stored.
    pub(super) async fn lock(&self, version: Uuid) -> OwnedMutexGuard<()> {
        let mutex = lock(&self.locks).entry(version).or_default().clone();
        mutex.lock_owned().await
    }

    pub(super) fn load(&self, version: Uuid) -> io::Result<Option<Partial>> {
        json_file::read(&self.row(version))
    }

    pub(super) fn create(&self, partial: &Partial) -> io::Result<()> {
        std::fs::write(self.file(partial.version), [])?;
        self.save(partial)
    }

    pub(super) fn save(&self, partial: &Partial) -> io::Result<()> {
        json_file::write(&self.row(partial.version), partial)
    }

    /// `None` when the bytes are gone although the upload is known.
    pub(super) fn offset(&self, partial: &Partial) -> Option<u64> {
        match partial.length {
            Some(length) if partial.finished => Some(length),
            _ => std::fs::metadata(self.file(partial.version)).ok().map(|file| file.len()),
        }
    }

    pub(super) fn file(&self, version: Uuid) -> PathBuf {
        self.directory.join(version.to_string())
    }

    fn row(&self, version: Uuid) -> PathBuf {
        self.directory.join(format!("{version}.json"))
    }
}
