//! Where accepted renders outlive the process: one JSON file each, or nowhere.

use std::path::PathBuf;
use std::{fs, io};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::simulators::json_file;

pub(crate) struct Shelf(Option<PathBuf>);

impl Shelf {
    pub(crate) fn open(directory: Option<PathBuf>) -> io::Result<Self> {
        if let Some(directory) = &directory {
            fs::create_dir_all(directory)?;
        }
        Ok(Self(directory))
    }

    /// Everything that was kept, in the order of submission.
    pub(crate) fn all<T: DeserializeOwned>(
        &self,
        submitted_ms: impl Fn(&T) -> u64,
    ) -> io::Result<Vec<T>> {
        let Some(directory) = &self.0 else { return Ok(Vec::new()) };
        let mut kept = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                kept.extend(json_file::read(&path)?);
            }
        }
        kept.sort_by_key(submitted_ms);
        Ok(kept)
    }

    /// Keeps a thing as it is now under its id. A write that fails costs only what a restart would
    /// have found.
    pub(crate) fn keep(&self, id: &str, thing: &impl Serialize) {
        let Some(directory) = &self.0 else { return };
        let file = directory.join(id).with_extension("json");
        if let Err(error) = json_file::write(&file, thing) {
            let file = file.display();
            tracing::warn!(%error, %file, "a render is not kept for the next start");
        }
    }
}
