//! What a submit orders, as callers are told. It is read field by field, so that each mistake has
//! its own message; a test keeps both in step.

use super::video_job::{about_a_job, asked_again};
use super::{DryRun, VideoJob};
use crate::catalog::Catalog;
use crate::http::ErrorCode;
use crate::http::openapi::{Operation, Told, in_header, of, ok, shapes, text, words};
use utoipa::ToSchema;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::AnyOf;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{Content, Required};

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
        ErrorCode::InsufficientBalance,
        ErrorCode::ModelNotFound,
        ErrorCode::JobNotFound,
        ErrorCode::IdempotencyConflict,
        ErrorCode::RequestTooLarge,
    ])
    .sent(body)
}
