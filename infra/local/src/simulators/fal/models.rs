//! The endpoints that the simulated fal serves, each with the schema of its input: `schemas.json`,
//! from the types of `@fal-ai/client` 1.10.1 and the models' pages (<https://fal.ai/models>). The
//! lengths of prompts are from memory but for Veo's.
//!
//! `fal-ai/runway-gen-4` does not exist at the real fal, which has no Runway. It stands for the
//! operator's own route to that model, so that the local system can serve the whole catalog.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The schema of an endpoint's input: a JSON Schema object.
#[derive(Deserialize)]
pub(super) struct Model {
    pub(super) required: Vec<String>,
    /// The schema of each field; the subset of JSON Schema that `input.rs` checks.
    pub(super) properties: Map<String, Value>,
}

static MODELS: LazyLock<BTreeMap<String, Model>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("schemas.json")).expect("a test reads the schemas")
});

static WORKFLOW: LazyLock<Model> =
    LazyLock::new(|| Model { required: Vec::new(), properties: Map::new() });

/// The endpoint with this id. Workflows are their owners' own, so any name is one.
pub(super) fn find(endpoint: &str) -> Option<&'static Model> {
    let is_workflow = ["workflows/", "comfy/"].iter().any(|space| endpoint.starts_with(space));
    MODELS.get(endpoint).or_else(|| is_workflow.then_some(&*WORKFLOW))
}

/// The schemas of the fields of an endpoint's input.
pub fn properties(endpoint: &str) -> Option<&'static Map<String, Value>> {
    find(endpoint).map(|model| &model.properties)
}

impl Model {
    /// The value of a field as the endpoint reads it: the one that was sent, or its default.
    pub(super) fn value<'v>(&'v self, name: &str, sent: &'v Map<String, Value>) -> &'v Value {
        let schema = self.properties.get(name);
        sent.get(name)
            .filter(|_| schema.is_some())
            .or(schema.and_then(|it| it.get("default")))
            .unwrap_or(&Value::Null)
    }
}

/// The seconds that a duration spells. An endpoint without the field renders six, as Hailuo does.
pub(super) fn seconds(duration: &Value) -> u32 {
    let spelled = duration.as_str().map(|text| text.trim_end_matches('s'));
    spelled.and_then(|text| text.parse().ok()).unwrap_or(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_one_of_the_values() {
        for (endpoint, model) in &*MODELS {
            assert!(model.required.iter().all(|name| model.properties.contains_key(name)));
            for (name, schema) in &model.properties {
                let values = schema["enum"].as_array();
                let default = &schema["default"];
                assert!(values.is_none_or(|values| values.contains(default)), "{endpoint} {name}");
            }
        }
    }

    #[test]
    fn an_unknown_endpoint_is_not_found_but_any_workflow_is() {
        assert!(find("fal-ai/kling-video").is_none());
        assert!(find("fal-ai/veo3").is_none());
        assert!(find("workflows/me/film").is_some());
    }
}
