//! The catalog: what a caller may ask of each model, its price, and who renders it. The entries are
//! data, `catalog/models.json`. The JSON in the variable `CATALOG` overrides some of their values.

mod availability;
mod check;
mod inputs;
mod model;
mod offer;
mod overrides;
mod price_row;
mod upstream;

pub use availability::{Service, Services, Unavailable};
pub use inputs::{Choice, Input, Inputs, Resolved, Text};
pub use model::{Model, PromptLength};
pub use offer::Offer;
pub use overrides::CatalogError;
pub use price_row::{PriceRow, When, applying};
pub use upstream::{Asks, Form, Modes, Spelling, Upstream};

use serde::Deserialize;
use std::collections::BTreeMap;

/// The longest prompt that we accept for any model, in Unicode scalar values.
pub const LONGEST_PROMPT: usize = 4000;

/// The entries that come with the program.
const BUILT_IN: &str = include_str!("catalog/models.json");

/// All models, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog(BTreeMap<String, Model>);

/// A file of entries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// For editors.
    #[serde(rename = "$schema")]
    _schema: String,
    models: Vec<Model>,
}

impl Catalog {
    /// The built-in catalog, without overrides.
    pub fn published() -> Self {
        let file: File = serde_json::from_str(BUILT_IN).expect("a test reads the built-in entries");
        Self(file.models.into_iter().map(|model| (model.id.clone(), model)).collect())
    }

    /// The model with this id, available or not.
    pub fn get(&self, id: &str) -> Option<&Model> {
        self.0.get(id)
    }

    /// All models, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &Model> {
        self.0.values()
    }
}

/// Joins items for a sentence: `5`, `5 or 10`, `4, 6 or 8`.
fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match items.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests;
