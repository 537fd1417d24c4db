//! What a caller orders, as it was sent. Each field has its type; nothing is filled in, and nothing
//! is checked against a model. `null` is the same as leaving a field out.

mod field;
mod unknown;

pub use field::LONGEST_USER;

use crate::error::Refusal;
use crate::money::Money;
use field::{labels, money, object, text, truth, whole_number};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// The body of a submit, field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    model: String,
    prompt: Option<String>,
    duration: Option<i128>,
    aspect_ratio: Option<String>,
    resolution: Option<String>,
    generate_audio: Option<bool>,
    seed: Option<u32>,
    negative_prompt: Option<String>,
    metadata: Option<Map<String, Value>>,
    user: Option<String>,
    max_cost: Option<Money>,
    dry_run: bool,
}

impl Order {
    /// The fields that an order may have.
    pub const FIELDS: [&str; 12] = [
        "model",
        "prompt",
        "duration",
        "aspect_ratio",
        "resolution",
        "generate_audio",
        "seed",
        "negative_prompt",
        "metadata",
        "user",
        "max_cost",
        "dry_run",
    ];

    /// Reads a body.
    ///
    /// # Errors
    ///
    /// A refusal that names the first field that is unknown, or has the wrong type.
    pub fn read(body: &Map<String, Value>) -> Result<Self, Refusal> {
        let no_model =
            || Refusal::invalid("model: it is required, a string such as \"fal/kling-2\"");
        unknown::refuse(body, &Self::FIELDS)?;
        Ok(Self {
            model: text(body, "model")?.ok_or_else(no_model)?,
            prompt: text(body, "prompt")?,
            duration: whole_number(body, "duration", "a whole number of seconds")?,
            aspect_ratio: text(body, "aspect_ratio")?,
            resolution: text(body, "resolution")?,
            generate_audio: truth(body, "generate_audio")?,
            seed: field::seed(body, "seed")?,
            negative_prompt: text(body, "negative_prompt")?,
            metadata: object(body, "metadata")?.map(labels).transpose()?,
            user: field::user(body, "user")?,
            max_cost: money(body, "max_cost")?,
            dry_run: truth(body, "dry_run")?.unwrap_or(false),
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

    /// The resolution, not checked yet.
    pub fn resolution(&self) -> Option<&str> {
        self.resolution.as_deref()
    }

    /// Whether the video is to have sound.
    pub const fn generate_audio(&self) -> Option<bool> {
        self.generate_audio
    }

    /// The number that makes a render repeatable, where the model takes one.
    pub const fn seed(&self) -> Option<u32> {
        self.seed
    }

    /// What the video must not show, not checked yet.
    pub fn negative_prompt(&self) -> Option<&str> {
        self.negative_prompt.as_deref()
    }

    /// The caller's own labels of the job.
    pub const fn metadata(&self) -> Option<&Map<String, Value>> {
        self.metadata.as_ref()
    }

    /// The caller's own end user.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The most that the job may cost.
    pub const fn max_cost(&self) -> Option<Money> {
        self.max_cost
    }

    /// Whether the caller only asks for the price: the order is checked, and no job is made.
    pub const fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// The SHA-256 of the order, in hex. Two bodies with the same hash are the same request under
    /// an idempotency key. So the hash covers every field that was sent, and no default: a default
    /// that changes between two attempts changes nothing.
    ///
    /// The first four fields stand alone where no other was sent. The version before knows only
    /// them, and its records stand for 24 hours.
    pub fn request_hash(&self) -> String {
        let Self {
            model,
            prompt,
            duration,
            aspect_ratio,
            resolution,
            generate_audio,
            seed,
            negative_prompt,
            metadata,
            user,
            max_cost,
            dry_run: _,
        } = self;
        let duration = duration.map(|seconds| seconds.to_string());
        let mut further = json!({
            "resolution": resolution,
            "generate_audio": generate_audio,
            "seed": seed,
            "negative_prompt": negative_prompt,
            "metadata": metadata,
            "user": user,
            "max_cost": max_cost.map(Money::micros),
        });
        let further = further.as_object_mut().map(std::mem::take).unwrap_or_default();
        let further: Map<String, Value> =
            further.into_iter().filter(|(_, value)| !value.is_null()).collect();
        let mut sent = vec![json!(model), json!(prompt), json!(duration), json!(aspect_ratio)];
        if !further.is_empty() {
            sent.push(Value::Object(further));
        }
        sha256_hex(&Value::Array(sent))
    }
}

/// The SHA-256 of a JSON text, in hex.
pub(crate) fn sha256_hex(value: &Value) -> String {
    hex::encode(Sha256::digest(value.to_string()))
}

#[cfg(test)]
mod tests;
