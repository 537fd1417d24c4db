//! What a submit orders, as callers are told. It is read field by field, so that each mistake has
//! its own message; a test keeps both in step.

use crate::catalog::Catalog;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// The longest idempotency key, in characters.
pub const LONGEST_KEY: usize = 255;

/// Fields that are not listed are ignored. `null` is the same as leaving a field out.
#[derive(Debug, ToSchema)]
#[schema(examples(
    json!({"model": "fal/kling-2", "prompt": "a hummingbird at dawn"}),
    json!({"model": "google/veo-3.1", "prompt": "an astronaut surfing a wave of salsa", "duration": 4, "aspect_ratio": "9:16"}),
    json!({"model": "fal/kling-2", "prompt": "what would it cost?", "duration": 10, "dry_run": true}),
))]
pub struct VideoOrder {
    /// A model's id.
    #[schema(schema_with = model_ids)]
    pub model: String,
    /// What the video shows: 1 to 4000 characters, or as many as the model's `prompt_length` says.
    /// Something of it can be seen, and line breaks and tabs are the only control characters in it.
    #[schema(
        min_length = 1,
        max_length = 4000,
        pattern = r"\S",
        examples("a hummingbird at dawn")
    )]
    pub prompt: String,
    /// Seconds of video, one of the model's `durations`; the model's `default_duration` when it is
    /// left out.
    #[schema(minimum = 1, examples(5))]
    pub duration: Option<u32>,
    /// One of the model's `aspect_ratios`; its first when it is left out.
    #[schema(examples("16:9", "9:16"))]
    pub aspect_ratio: Option<String>,
    /// With `true` the order is checked and priced, and nothing is created.
    pub dry_run: Option<bool>,
}

fn model_ids() -> Object {
    let catalog = Catalog::published();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("A model's id. `GET /v1/models` tells which of them are available."))
        .enum_values(Some(catalog.iter().map(|model| model.id.as_str())))
        .build()
}
