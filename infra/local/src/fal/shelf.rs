//! Where accepted requests outlive the process: one JSON file each, or nowhere.

use std::path::PathBuf;
use std::{fs, io};

use super::render::Rendering;

pub(super) struct Shelf(Option<PathBuf>);

impl Shelf {
    pub(super) fn open(directory: Option<PathBuf>) -> io::Result<Self> {
        if let Some(directory) = &directory {
            fs::create_dir_all(directory)?;
        }
        Ok(Self(directory))
    }

    /// All that was kept, in the order of submission.
    pub(super) fn all(&self) -> io::Result<Vec<Rendering>> {
        let Some(directory) = &self.0 else { return Ok(Vec::new()) };
        let mut renders = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                renders.push(serde_json::from_slice::<Rendering>(&fs::read(path)?)?);
            }
        }
        renders.sort_by_key(|render| render.submitted_ms);
        Ok(renders)
    }

    /// Keeps the request as it is now. A write that fails costs only what a restart would have found.
    pub(super) fn keep(&self, render: &Rendering) {
        let Some(directory) = &self.0 else { return };
        let (file, draft) = (directory.join(&render.id), directory.join(&render.id));
        let (file, draft) = (file.with_extension("json"), draft.with_extension("draft"));
        let written = serde_json::to_vec_pretty(render)
            .map_err(io::Error::from)
            .and_then(|text| fs::write(&draft, text))
            .and_then(|()| fs::rename(&draft, &file));
        if let Err(error) = written {
            tracing::warn!(%error, file = %file.display(), "a request is not kept for the next start");
        }
    }
}
