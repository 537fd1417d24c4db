//! Reads a submission back into the words of an order, by what the providers document and without
//! the catalog.

use super::entry::FIELDS;
use ghub::adapter::{Method, Request};
use ghub::provider::Provider;
use local::{fal, google};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What decides the price or changes the prompt at fal, wherever an endpoint has it.
const DECIDES_AT_FAL: [&str; 4] = ["resolution", "generate_audio", "auto_fix", "prompt_optimizer"];

/// The parameters that Veo is not always told, and why.
const LEFT_TO_GOOGLE: [(&str, &str); 5] = [
    ("seed", "only the caller has one"),
    ("negativePrompt", "only the caller has one"),
    ("storageUri", "only where the operator has a bucket"),
    ("enhancePrompt", "Veo 3 can do nothing but its default"),
    ("compressionQuality", "no document says which Veo takes it"),
];

/// A submission, read back.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) provider: Provider,
    pub(super) path: String,
    pub(super) prompt: Value,
    /// What the order decided, under the names of its fields.
    pub(super) values: BTreeMap<&'static str, Value>,
    pub(super) body: Value,
    /// fal's endpoint, or Google's model.
    route: String,
    /// The fields of the body that are the model's own, without the prompt.
    input: Map<String, Value>,
}

impl Told {
    pub(super) fn by(request: &Request) -> Self {
        assert_eq!(request.method, Method::Post);
        let (provider, path) = (request.credential, request.url.path().to_owned());
        let body = request.body.clone().unwrap();
        let (route, prompt, input) = match provider {
            Provider::Fal => {
                let mut input = body.as_object().unwrap().clone();
                (path.trim_start_matches('/'), input.remove("prompt").unwrap(), input)
            }
            Provider::Google => {
                let (_, model) = path.rsplit_once('/').unwrap();
                let parts = body.as_object().unwrap();
                assert_eq!(parts.keys().collect::<Vec<_>>(), ["instances", "parameters"], "{body}");
                let instance = parts["instances"][0].as_object().unwrap();
                assert_eq!(instance.keys().collect::<Vec<_>>(), ["prompt"], "{body}");
                let input = parts["parameters"].as_object().unwrap().clone();
                (model.split_once(':').unwrap().0, instance["prompt"].clone(), input)
            }
            Provider::Sandbox => panic!("a sandbox is sent nothing"),
        };
        let (route, values) = (route.to_owned(), values(provider, &input));
        Self { provider, path, prompt, values, body, route, input }
    }

    /// Checks the body against the provider's schema. No field is unknown there, and no default
    /// decides anything.
    pub(super) fn expect_valid(&self) {
        let body = self.body.to_string();
        match self.provider {
            Provider::Fal => {
                assert_eq!(fal::check(&self.route, body.as_bytes()), Ok(()), "{body}");
                let properties = fal::properties(&self.route).unwrap();
                assert!(self.input.keys().all(|name| properties.contains_key(name)), "{body}");
                for (name, schema) in properties {
                    let decides =
                        schema.get("default").is_some() || DECIDES_AT_FAL.contains(&name.as_str());
                    assert!(!decides || self.input.contains_key(name), "{name}: {body}");
                }
            }
            _ => {
                assert_eq!(google::check(&self.route, body.as_bytes()), Ok(()), "{body}");
                let known = |name: &String| google::PARAMETERS.contains(&name.as_str());
                assert!(self.input.keys().all(known), "{body}");
                for name in google::PARAMETERS {
                    let left = LEFT_TO_GOOGLE.iter().any(|(left, _)| *left == name);
                    assert!(left || self.input.contains_key(name), "{name}: {body}");
                }
                assert_eq!(self.input["sampleCount"], 1, "each sample is billed: {body}");
            }
        }
    }

    /// Whether the provider has a field for this input.
    pub(super) fn could_have(&self, field: &str) -> bool {
        match self.provider {
            Provider::Fal => fal::properties(&self.route).unwrap().contains_key(field),
            _ => true,
        }
    }
}

/// What a provider's input says, under the names of an order's fields.
pub(super) fn values(
    provider: Provider,
    input: &Map<String, Value>,
) -> BTreeMap<&'static str, Value> {
    let names = match provider {
        Provider::Google => [
            ("duration", "durationSeconds"),
            ("aspect_ratio", "aspectRatio"),
            ("resolution", "resolution"),
            ("generate_audio", "generateAudio"),
            ("seed", "seed"),
            ("negative_prompt", "negativePrompt"),
        ],
        _ => FIELDS.map(|field| (field, field)),
    };
    let value = |(field, name): (&'static str, &str)| {
        let value = input.get(name)?.clone();
        let seconds = value.as_str().filter(|_| field == "duration").map(|text| {
            let seconds: u32 = text.trim_end_matches('s').parse().unwrap();
            Value::from(seconds)
        });
        Some((field, seconds.unwrap_or(value)))
    };
    names.into_iter().filter_map(value).collect()
}
