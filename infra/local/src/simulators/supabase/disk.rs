//! Buckets and objects on disk, and their index in memory. An object is a directory named like its
//! key. The content is in `~<version>`, and the row in `~object.json`. The object changes at the
//! moment at which the row is renamed. The `~` cannot occur in a key, so a key may end where
//! another one goes on.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::incoming::Written;
use crate::simulators::json_file;

const ROW: &str = "~object.json";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bucket {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) public: bool,
    /// Bytes; `None` leaves the project's limit.
    pub(super) file_size_limit: Option<u64>,
    pub(super) allowed_mime_types: Option<Vec<String>>,
    pub(super) created_ms: u64,
    pub(super) updated_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) bucket: String,
    pub(super) name: String,
    pub(super) version: Uuid,
    pub(super) size: u64,
    pub(super) content_type: String,
    pub(super) cache_control: String,
    pub(super) etag: String,
    pub(super) user_metadata: Option<serde_json::Value>,
    pub(super) created_ms: u64,
    pub(super) updated_ms: u64,
}

/// What an upload says about its object, beside the bytes.
pub(super) struct Label {
    pub(super) bucket: String,
    pub(super) name: String,
    pub(super) content_type: String,
    pub(super) cache_control: String,
    pub(super) user_metadata: Option<serde_json::Value>,
}

pub(super) struct Disk {
    root: PathBuf,
    buckets: Mutex<BTreeMap<String, Bucket>>,
    objects: Mutex<BTreeMap<(String, String), Row>>,
}

impl Disk {
    /// Reads what an earlier run left. Files that never became whole are removed.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        match std::fs::remove_dir_all(root.join("tmp")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => std::fs::create_dir_all(root.join("tmp"))?,
        }
        std::fs::create_dir_all(root.join("objects"))?;
        let buckets = json_file::read(&root.join("buckets.json"))?.unwrap_or_default();
        let mut objects = BTreeMap::new();
        collect(&root.join("objects"), &mut objects)?;
        Ok(Self { root, buckets: Mutex::new(buckets), objects: Mutex::new(objects) })
    }

    /// A name for a file under construction, on the same file system as the objects.
    pub(super) fn temporary(&self) -> PathBuf {
        self.root.join("tmp").join(Uuid::new_v4().to_string())
    }

    pub(super) fn bucket(&self, id: &str) -> Option<Bucket> {
        lock(&self.buckets).get(id).cloned()
    }

    pub(super) fn buckets(&self) -> Vec<Bucket> {
        lock(&self.buckets).values().cloned().collect()
    }

    /// Says whether the bucket is new; an existing one stays as it is.
    pub(super) fn create_bucket(&self, bucket: Bucket) -> io::Result<bool> {
        let mut buckets = lock(&self.buckets);
        if buckets.contains_key(&bucket.id) {
            return Ok(false);
        }
        buckets.insert(bucket.id.clone(), bucket);
        json_file::write(&self.root.join("buckets.json"), &*buckets)?;
        Ok(true)
    }

    /// Says whether there is such a bucket.
    pub(super) fn change_bucket(
        &self,
        id: &str,
        change: impl FnOnce(&mut Bucket),
    ) -> io::Result<bool> {
        let mut buckets = lock(&self.buckets);
        let Some(bucket) = buckets.get_mut(id) else { return Ok(false) };
        change(bucket);
        json_file::write(&self.root.join("buckets.json"), &*buckets)?;
        Ok(true)
    }

    pub(super) fn find(&self, bucket: &str, name: &str) -> Option<Row> {
        lock(&self.objects).get(&(bucket.to_owned(), name.to_owned())).cloned()
    }

    /// The bucket's objects, by name.
    pub(super) fn rows(&self, bucket: &str) -> Vec<Row> {
        lock(&self.objects).values().filter(|row| row.bucket == bucket).cloned().collect()
    }

    pub(super) fn file(&self, row: &Row) -> PathBuf {
        self.place(&row.bucket, &row.name).join(format!("~{}", row.version))
    }

    /// Moves a whole file to its place; an object of that name is replaced and keeps its id.
    pub(super) fn commit(&self, label: Label, written: &Written, now_ms: u64) -> io::Result<Row> {
        let mut objects = lock(&self.objects);
        let key = (label.bucket.clone(), label.name.clone());
        let before = objects.get(&key).cloned();
        let row = Row {
            id: before.as_ref().map_or_else(Uuid::new_v4, |before| before.id),
            bucket: label.bucket,
            name: label.name,
            version: Uuid::new_v4(),
            size: written.size,
            content_type: label.content_type,
            cache_control: label.cache_control,
            etag: format!("\"{}\"", written.md5),
            user_metadata: label.user_metadata,
            created_ms: before.as_ref().map_or(now_ms, |before| before.created_ms),
            updated_ms: now_ms,
        };
        std::fs::create_dir_all(self.place(&row.bucket, &row.name))?;
        std::fs::rename(written.path.path(), self.file(&row))?;
        json_file::write(&self.place(&row.bucket, &row.name).join(ROW), &row)?;
        if let Some(before) = before {
            // readers hold it open; a leftover is never served
            let _ = std::fs::remove_file(self.file(&before));
        }
        objects.insert(key, row.clone());
        Ok(row)
    }

    pub(super) fn remove(&self, bucket: &str, name: &str) -> io::Result<Option<Row>> {
        let mut objects = lock(&self.objects);
        let Some(row) = objects.remove(&(bucket.to_owned(), name.to_owned())) else {
            return Ok(None);
        };
        std::fs::remove_file(self.place(bucket, name).join(ROW))?;
        std::fs::remove_file(self.file(&row))?;
        // stays while longer keys live below it
        let _ = std::fs::remove_dir(self.place(bucket, name));
        Ok(Some(row))
    }

    /// Segments that a file system would read as something else are marked.
    fn place(&self, bucket: &str, name: &str) -> PathBuf {
        let safe = |segment: &str| match segment {
            "" | "." | ".." => format!("~{segment}"),
            plain => plain.to_owned(),
        };
        let start = self.root.join("objects").join(safe(bucket));
        name.split('/').fold(start, |path, segment| path.join(safe(segment)))
    }
}

fn collect(directory: &Path, objects: &mut BTreeMap<(String, String), Row>) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), objects)?;
        } else if entry.file_name() == ROW
            && let Some(row) = json_file::read::<Row>(&entry.path())?
        {
            objects.insert((row.bucket.clone(), row.name.clone()), row);
        }
    }
    Ok(())
}

pub(super) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
