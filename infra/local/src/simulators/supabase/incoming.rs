//! Bytes on their way in: a temporary file that takes its name only when it is whole, and its
//! length and MD5.

use std::path::{Path, PathBuf};

use axum::body::Bytes;
use futures::{Stream, StreamExt};
use md5::{Digest, Md5};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::errors::Refusal;

/// A file under construction. Dropped before `finish`, it leaves nothing behind.
pub(super) struct Incoming {
    path: Leftover,
    file: File,
    md5: Md5,
    size: u64,
    limit: u64,
}

/// A whole file that waits to be moved to its place.
pub(super) struct Written {
    pub(super) path: Leftover,
    pub(super) size: u64,
    pub(super) md5: String,
}

/// A path whose file is removed unless it was moved away.
pub(super) struct Leftover(PathBuf);

impl Leftover {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Leftover {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0); // gone already when it was moved
    }
}

impl Incoming {
    /// `limit` is the most bytes it takes.
    pub(super) async fn create(path: PathBuf, limit: u64) -> Result<Self, Refusal> {
        let file = File::create(&path).await?;
        Ok(Self { path: Leftover(path), file, md5: Md5::new(), size: 0, limit })
    }

    pub(super) async fn append(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.size = self.size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.size > self.limit {
            return Err(Refusal::TooLarge);
        }
        self.md5.update(bytes);
        Ok(self.file.write_all(bytes).await?)
    }

    /// `expected` is the announced length: a body that ends before it was cut off.
    pub(super) async fn finish(mut self, expected: Option<u64>) -> Result<Written, Refusal> {
        if expected.is_some_and(|expected| expected != self.size) {
            return Err(Refusal::Invalid(
                "Request stream closed before upload could complete".into(),
            ));
        }
        self.file.flush().await?;
        Ok(Written { path: self.path, size: self.size, md5: hex::encode(self.md5.finalize()) })
    }
}

impl Written {
    /// A file that is whole already, read once for its MD5.
    pub(super) async fn of_file(path: PathBuf) -> Result<Self, Refusal> {
        let read = move || -> std::io::Result<Self> {
            let mut md5 = Md5::new();
            let size = std::io::copy(&mut std::fs::File::open(&path)?, &mut md5)?;
            Ok(Self { path: Leftover(path), size, md5: hex::encode(md5.finalize()) })
        };
        tokio::task::spawn_blocking(read)
            .await
            .map_err(|error| Refusal::Internal(error.to_string()))?
            .map_err(Into::into)
    }
}

/// Reads what is left of a body and forgets it: a client that is still sending would meet a reset
/// connection instead of the answer.
pub(super) async fn drain<E>(body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin)) {
    while let Some(Ok(_)) = body.next().await {}
}
