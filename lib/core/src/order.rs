//! What a caller orders, as it was sent. Each field has its type; nothing is filled in, and nothing
//! is checked against a model. `null` is the same as leaving a field out. Unknown fields are
//! ignored.

use crate::error::{Refusal, shortened};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// From 2^53 on, every float is a whole number.
const LARGE: f64 = 9_007_199_254_740_992.0;

/// The body of a submit, field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    model: String,
    prompt: Option<String>,
    duration: Option<i128>,
    aspect_ratio: Option<String>,
    dry_run: bool,
}

impl Order {
    /// Reads a body. The refusal names the first field that has the wrong type.
    pub fn read(body: &Map<String, Value>) -> Result<Self, Refusal> {
        let no_model =
            || Refusal::invalid("model: it is required, a string such as \"fal/kling-2\"");
        Ok(Self {
            model: text(body, "model")?.ok_or_else(no_model)?,
            prompt: text(body, "prompt")?,
            duration: whole_number(body, "duration")?,
            aspect_ratio: text(body, "aspect_ratio")?,
            dry_run: truth(body, "dry_run")?,
        })
    }

    /// The id of the model.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The prompt, not checked yet.
    pub fn prompt(&self) -> Option<&str> {
        self.prompt.as_deref()
    }

    /// Seconds of video, not checked yet.
    pub const fn duration(&self) -> Option<i128> {
        self.duration
    }

    /// The shape, not checked yet.
    pub fn aspect_ratio(&self) -> Option<&str> {
        self.aspect_ratio.as_deref()
    }

    /// Whether the caller only asks for the price: the order is checked, and no job is made.
    pub const fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// The SHA-256 of the order, in hex. Two bodies with the same hash are the same request under
    /// an idempotency key. So the hash covers every field that decides what is rendered, as it was
    /// sent: a default that changes between two attempts changes nothing.
    pub fn request_hash(&self) -> String {
        let Self { model, prompt, duration, aspect_ratio, dry_run: _ } = self;
        let duration = duration.map(|seconds| seconds.to_string());
        sha256_hex(&json!([model, prompt, duration, aspect_ratio]))
    }
}

/// The SHA-256 of a JSON text, in hex.
pub(crate) fn sha256_hex(value: &Value) -> String {
    hex::encode(Sha256::digest(value.to_string()))
}

fn text(body: &Map<String, Value>, field: &str) -> Result<Option<String>, Refusal> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(wrong(field, "a string", kind(other))),
    }
}

fn truth(body: &Map<String, Value>, field: &str) -> Result<bool, Refusal> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(truth)) => Ok(*truth),
        Some(other) => Err(wrong(field, "true or false", kind(other))),
    }
}

/// A whole number of seconds. `5.0` is not written as a whole number and is refused.
fn whole_number(body: &Map<String, Value>, field: &str) -> Result<Option<i128>, Refusal> {
    const WANTED: &str = "a whole number of seconds";
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(number.as_i128()),
        // serde reads a number that an i64 has no room for as a float, and it is whole all the
        // same.
        Some(Value::Number(number)) if number.as_f64().is_some_and(|it| it.abs() >= LARGE) => {
            let number = shortened(&number.to_string());
            Err(Refusal::invalid(format!(
                "{field}: {number} is out of range; a video has a few seconds"
            )))
        }
        Some(Value::Number(number)) => Err(wrong(field, WANTED, &shortened(&number.to_string()))),
        Some(other) => Err(wrong(field, WANTED, kind(other))),
    }
}

fn wrong(field: &str, wanted: &str, sent: &str) -> Refusal {
    Refusal::invalid(format!("{field}: it must be {wanted}, not {sent}"))
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(body: Value) -> Order {
        Order::read(body.as_object().unwrap()).unwrap()
    }

    #[test]
    fn the_hash_covers_what_was_sent_and_not_what_it_means() {
        let sent = || json!({"model": "fal/kling-2", "prompt": "a hummingbird"});
        let hash = |change: Value| {
            let mut body = sent();
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            order(body).request_hash()
        };
        let plain = hash(json!({}));
        assert_eq!(plain.len(), 64);
        for same in [
            json!({"duration": null}),
            json!({"aspect_ratio": null, "unknown": 1}),
            json!({"dry_run": true}),
        ] {
            assert_eq!(hash(same.clone()), plain, "{same}");
        }
        let others = [
            json!({"model": "fal/veo-3.1"}),
            json!({"prompt": "a hummingbird "}),
            json!({"duration": 5}),
            json!({"duration": 10}),
            json!({"aspect_ratio": "16:9"}),
        ];
        let mut hashes: Vec<_> = others.into_iter().map(hash).chain([plain]).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 6, "each of them is another request");
    }
}
