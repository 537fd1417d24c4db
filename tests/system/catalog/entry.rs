//! The built-in entries as their file has them. Nothing here is read by the catalog's own code, so
//! that each of its answers is compared with a second one.

use local::simulators::SERVICES;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const FILE: &str = include_str!("../../../lib/core/src/catalog/models.json");

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let file: Value = serde_json::from_str(FILE).unwrap();
    file["models"].as_array().unwrap().iter().cloned().map(Entry).collect()
});

/// The inputs of an order, by the names of their fields.
pub(super) const FIELDS: [&str; 6] =
    ["duration", "aspect_ratio", "resolution", "generate_audio", "seed", "negative_prompt"];

/// The entry of a model.
#[derive(Debug, Clone)]
pub(super) struct Entry(Value);

/// The values with which an order is to be rendered, by the names of their fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Values(BTreeMap<&'static str, Value>);

/// All entries, in the order of the file.
pub(super) fn all() -> &'static [Entry] {
    &ENTRIES
}

impl Values {
    pub(super) fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// What is chosen of the values that a model has.
    pub(super) fn combination(&self) -> Vec<String> {
        let chosen = FIELDS.iter().take(4).filter_map(|field| self.get(field));
        chosen.map(Value::to_string).collect()
    }
}

impl Entry {
    pub(super) fn id(&self) -> &str {
        self.0["id"].as_str().unwrap()
    }

    /// An input that the model takes.
    pub(super) fn input(&self, field: &str) -> Option<&Value> {
        self.0["inputs"].get(field)
    }

    /// The values of an input that is a choice.
    pub(super) fn values(&self, field: &str) -> &[Value] {
        let values = self.input(field).and_then(|input| input["values"].as_array());
        values.map_or(&[], Vec::as_slice)
    }

    /// How many combinations of values there are.
    pub(super) fn combinations(&self) -> usize {
        FIELDS.iter().map(|field| self.values(field).len().max(1)).product()
    }

    /// The texts that the model takes: the fewest and the most characters of each.
    pub(super) fn bounds(&self) -> Vec<(&'static str, [usize; 2])> {
        let length = |value: &Value| value.as_u64().unwrap().try_into().unwrap();
        let prompt = ["min", "max"].map(|bound| length(&self.0["prompt"][bound]));
        let negative = self.input("negative_prompt").map(|input| [1, length(&input["max"])]);
        let negative = negative.map(|bounds| ("negative_prompt", bounds));
        [("prompt", prompt)].into_iter().chain(negative).collect()
    }

    pub(super) fn prices(&self) -> &Value {
        &self.0["prices"]
    }

    pub(super) fn upstream(&self) -> &Value {
        &self.0["upstreams"][0]
    }

    pub(super) fn provider(&self) -> &str {
        self.upstream()["provider"].as_str().unwrap()
    }

    /// Where a submission goes.
    pub(super) fn path(&self) -> String {
        let local = || {
            let routes = SERVICES.iter().flat_map(|service| service.routes);
            routes.copied().find(|(id, _)| *id == self.id()).unwrap().1
        };
        let route = self.upstream()["modes"]["text"].as_str().unwrap_or_else(local);
        match self.provider() {
            "fal" => format!("/{route}"),
            _ => format!(
                "/v1/projects/acme/locations/us-central1/publishers/google/models/{route}:predictLongRunning"
            ),
        }
    }

    /// The values with which an order is to be rendered: the caller's, and the entry's defaults.
    pub(super) fn expected(&self, body: &Value) -> Values {
        let default = |field: &str| self.input(field).and_then(|input| input.get("default"));
        let value = |field: &'static str| {
            let value = body.get(field).or_else(|| default(field))?;
            Some((field, value.clone()))
        };
        Values(FIELDS.into_iter().filter_map(value).collect())
    }

    /// The rows of the model's price, or of the upstream's, that apply to these values.
    pub(super) fn rows<'e>(&self, prices: &'e Value, values: &Values) -> Vec<&'e Value> {
        let holds = |(field, condition): (&String, &Value)| {
            let value = values.get(field);
            match condition {
                Value::Array(some) => value.is_some_and(|value| some.contains(value)),
                one => value == Some(one),
            }
        };
        let conditions = |row: &Value| row["when"].as_object().cloned().unwrap_or_else(Map::new);
        let applies = |row: &&Value| conditions(row).iter().all(holds);
        prices.as_array().unwrap().iter().filter(applies).collect()
    }
}

/// The models that take an input, by their ids.
pub(super) fn with_input(field: &str) -> Vec<&'static str> {
    all().iter().filter(|entry| entry.input(field).is_some()).map(Entry::id).collect()
}

/// All values of an input, of any model.
pub(super) fn values_anywhere(field: &str) -> Vec<Value> {
    all().iter().flat_map(|entry| entry.values(field)).cloned().collect()
}

/// The millionths of a decimal number.
pub(super) fn micros(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap();
    format!("{whole}{fraction:0<6}").parse().unwrap()
}
