//! The catalog: what a caller may ask of each model, its price, and who renders it. The entries are
//! data, `catalog/models.json`. The JSON in the variable `CATALOG` overrides some of their values.

mod availability;
mod built_in;
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

use built_in::BUILT_IN;
use std::collections::BTreeMap;

/// The longest prompt that we accept for any model, in Unicode scalar values.
pub const LONGEST_PROMPT: usize = 4000;

/// All models, by id: the built-in ones, each of which is read when it is first asked for, and
/// those that the operator changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    changed: BTreeMap<String, Model>,
}

impl Catalog {
    /// The built-in catalog, without overrides.
    pub fn published() -> Self {
        Self::default()
    }

    /// The model with this id, available or not.
    pub fn get(&self, id: &str) -> Option<&Model> {
        self.changed.get(id).or_else(|| {
            let place = BUILT_IN.binary_search_by_key(&id, |entry| entry.id).ok()?;
            Some(BUILT_IN[place].model())
        })
    }

    /// The ids of all models, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        BUILT_IN.iter().map(|entry| entry.id)
    }

    /// All models, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &Model> {
        BUILT_IN.iter().map(|entry| self.changed.get(entry.id).unwrap_or_else(|| entry.model()))
    }

    /// The models that the operator changed, ordered by id.
    pub fn changed(&self) -> impl Iterator<Item = &Model> {
        self.changed.values()
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
