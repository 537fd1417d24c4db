//! A directory for the files of storage in one run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A temporary directory, removed when dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes a new, empty directory.
    ///
    /// # Panics When the system's directory for temporary files cannot be written to.
    #[expect(clippy::new_without_default, reason = "each is another directory")]
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "geekhub-chaos-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::SeqCst)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("temporary files can be written");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The operating system removes what is left.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
