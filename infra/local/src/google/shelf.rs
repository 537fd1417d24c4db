//! Where what was accepted outlives the process: one JSON file each, or nowhere.

use std::path::PathBuf;
use std::{fs, io};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) struct Shelf(Option<PathBuf>);

impl Shelf {
    pub(super) fn open(directory: Option<PathBuf>) -> io::Result<Self> {
        if let Some(directory) = &directory {
            fs::create_dir_all(directory)?;
        }
        Ok(Self(directory))
    }

    /// All that was kept, in no order.
    pub(super) fn all<T: DeserializeOwned>(&self) -> io::Result<Vec<T>> {
        let Some(directory) = &self.0 else { return Ok(Vec::new()) };
        let mut kept = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                kept.push(serde_json::from_slice(&fs::read(path)?)?);
            }
        }
        Ok(kept)
    }

    /// Keeps a thing as it is now under its id. A write that fails costs only what a restart would have found.
    pub(super) fn keep(&self, id: &str, thing: &impl Serialize) {
        let Some(directory) = &self.0 else { return };
        let (file, draft) = (directory.join(id).with_extension("json"), directory.join(id).with_extension("draft"));
        let written = serde_json::to_vec_pretty(thing)
            .map_err(io::Error::from)
            .and_then(|text| fs::write(&draft, text))
            .and_then(|()| fs::rename(&draft, &file));
        if let Err(error) = written {
            tracing::warn!(%error, file = %file.display(), "an operation is not kept for the next start");
        }
    }
}
