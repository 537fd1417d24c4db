//! The entries that come with the program: `models.json`, cut into entries by the build.

use super::Model;
use std::sync::OnceLock;

/// An entry that is read when it is first asked for.
#[derive(Debug)]
pub(super) struct BuiltIn {
    pub(super) id: &'static str,
    json: &'static str,
    read: OnceLock<Model>,
}

// `BUILT_IN`, the entries in the order of their ids.
include!(concat!(env!("OUT_DIR"), "/entries.rs"));

impl BuiltIn {
    const fn new(id: &'static str, json: &'static str) -> Self {
        Self { id, json, read: OnceLock::new() }
    }

    pub(super) fn model(&self) -> &Model {
        self.read.get_or_init(|| {
            serde_json::from_str(self.json).expect("a test reads every built-in entry")
        })
    }
}
