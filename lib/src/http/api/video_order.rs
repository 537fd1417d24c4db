//! What a submit orders, as callers are told. It is read field by field, so that each mistake has
//! its own message; a test keeps both in step.

use super::schema;
use super::video_job::{about_a_job, asked_again};
use super::{DryRun, VideoJob};
use crate::catalog::Catalog;
use crate::http::ErrorCode;
use crate::http::openapi::{Operation, Told, in_header, of, ok, shapes, text, words};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::AnyOf;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{Content, Required};

/// The longest idempotency key, in characters.
pub const LONGEST_KEY: usize = 255;

/// Fields that are not listed are refused. `null` is the same as leaving a field out.
/// `GET /v1/models` says under `inputs` which further fields a model takes.
#[derive(Debug, ToSchema)]
#[schema(examples(
    json!({"model": "fal/kling-2", "prompt": "a hummingbird at dawn"}),
    json!({"model": "google/veo-3.1", "prompt": "an astronaut surfing a wave of salsa", "duration": 4, "aspect_ratio": "9:16"}),
    json!({"model": "fal/veo-3.1-lite", "prompt": "a hummingbird", "resolution": "1080p", "generate_audio": false, "seed": 7}),
    json!({"model": "fal/kling-2", "prompt": "what would it cost?", "duration": 10, "dry_run": true}),
))]
pub struct VideoOrder {
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
    /// One of the model's resolutions; its default when it is left out.
    #[schema(examples("720p", "1080p"))]
    pub resolution: Option<String>,
    /// Whether the video is to have sound, where the model can do both.
    pub generate_audio: Option<bool>,
    /// The number that makes a render repeatable, where the model takes one.
    #[schema(minimum = 0)]
    pub seed: Option<u32>,
    /// What the video must not show, where the model takes such a text.
    #[schema(min_length = 1, max_length = 2500, pattern = r"\S", examples("blur"))]
    pub negative_prompt: Option<String>,
    /// Labels of your own, which come back with the job.
    #[schema(value_type = Option<schema::Metadata>)]
    pub metadata: Option<Map<String, Value>>,
    /// Your own end user. `GET /v1/videos` filters by it.
    #[schema(min_length = 1, max_length = 256)]
    pub user: Option<String>,
    /// The most that the job may cost. A job that would cost more is refused with
    /// `max_cost_exceeded`.
    #[schema(value_type = Option<schema::Mxn>)]
    pub max_cost: Option<String>,
    /// With `true` the order is checked and priced, and nothing is created.
    pub dry_run: Option<bool>,
}

fn model_ids() -> Object {
    let catalog = Catalog::published();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("A model's id. `GET /v1/models` tells which of them are available."))
        .enum_values(Some(catalog.ids()))
        .build()
}

/// `POST /v1/videos/generations` in the OpenAPI document.
pub(super) fn submit() -> Operation {
    let body = RequestBodyBuilder::new()
        .description(Some("A JSON object, whatever its content type says."))
        .required(Some(Required::True))
        .content("application/json", Content::new(Some(of::<VideoOrder>())))
        .build();
    let either = AnyOf::builder().item(of::<VideoJob>()).item(of::<DryRun>());
    let replayed = words(
        "`true` when this is the job of an earlier request with the same `Idempotency-Key`.",
        &["true"],
    );
    let key = in_header(
        "Idempotency-Key",
        "A text of your own, such as a UUID: within 24 hours the same key with the same body is answered with the same job.",
        text().min_length(Some(1)).max_length(Some(LONGEST_KEY)).pattern(Some("^[!-~]+$")),
    );
    let told = Told {
        id: "submitVideo",
        tag: "videos",
        summary: "Submits a job",
        description: "Accepts a job, holds its cost and hands it to the provider. Nothing is charged yet. With `\"dry_run\": true` the order is \
                      checked and priced, and nothing is created.\n\nWhich lengths and shapes a model renders is its own: `fal/kling-2` renders 5 \
                      or 10 seconds, `google/veo-3.1` 4, 6 or 8. `GET /v1/models` has them, as `durations` and `aspect_ratios`; anything else is \
                      refused with the list of what would be right.",
        parameters: vec![key],
        shapes: [shapes::<VideoOrder>(), shapes::<VideoJob>(), shapes::<DryRun>()].concat(),
        answer: about_a_job(ok("The job, or what a dry run would have made.", either))
            .header("Retry-After", asked_again())
            .header("idempotent-replayed", replayed)
            .build(),
    };
    told.guarded(&[
        ErrorCode::InvalidRequestError,
        ErrorCode::MaxCostExceeded,
        ErrorCode::InsufficientBalance,
        ErrorCode::ModelNotFound,
        ErrorCode::JobNotFound,
        ErrorCode::IdempotencyConflict,
        ErrorCode::RequestTooLarge,
    ])
    .sent(body)
}
