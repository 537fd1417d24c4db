//! Jobs: submitted, looked at, listed, cancelled, deleted.

use crate::answers::{balance, link, of, ok, retry_after, words};
use crate::operation::{Endpoint, Told, in_header, in_path, in_query, limit, text};
use ghub::catalog::Catalog;
use ghub::http::video_order::{LONGEST_KEY, VideoOrder};
use ghub::http::{DeletedVideo, DryRun, ErrorCode, VideoJob};
use ghub::status::Status;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{AnyOf, ObjectBuilder, Ref, SchemaFormat};
use utoipa::openapi::{Content, HttpMethod, Required};

/// What a page of jobs is called.
pub(crate) const VIDEO_LIST: &str = "VideoList";

/// Where a job's id is in an answer that is a job.
const OWN_ID: &str = "$response.body#/id";

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![submit(), list(), get(), delete(), cancel()]
}

fn submit() -> Endpoint {
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
        answer: about_a_job(ok("The job, or what a dry run would have made.", either))
            .header("Retry-After", asked_again())
            .header("idempotent-replayed", replayed)
            .build(),
    };
    let operation = told
        .guarded(&[
            ErrorCode::InvalidRequestError,
            ErrorCode::InsufficientBalance,
            ErrorCode::ModelNotFound,
            ErrorCode::JobNotFound,
            ErrorCode::IdempotencyConflict,
            ErrorCode::RequestTooLarge,
        ])
        .request_body(Some(body));
    Endpoint { method: HttpMethod::Post, path: "/videos/generations", operation: operation.build() }
}

fn list() -> Endpoint {
    let models = Catalog::published();
    let parameters = vec![
        limit(),
        in_query(
            "after",
            "The `last_id` of the page before: only jobs older than that one.",
            uuid(),
        ),
        in_query(
            "status",
            "Only jobs with this status.",
            text().enum_values(Some(Status::ALL.map(Status::as_str))),
        ),
        in_query(
            "model",
            "Only jobs of this model.",
            text().enum_values(Some(models.iter().map(|model| model.id.as_str()))),
        ),
    ];
    let told = Told {
        id: "listVideos",
        tag: "videos",
        summary: "Lists the jobs",
        description: "The organization's jobs, newest first. Jobs that are added meanwhile do not shift the pages.",
        parameters,
        answer: ok("A page of jobs.", Ref::from_schema_name(VIDEO_LIST))
            .header("x-geekhub-balance-mxn", balance())
            .link("next", link("listVideos", "after", "$response.body#/last_id", "The next page."))
            .link(
                "newest",
                link(
                    "getVideo",
                    "id",
                    "$response.body#/data/0/id",
                    "The first job of the page, as it stands.",
                ),
            )
            .build(),
    };
    let operation = told.guarded(&[ErrorCode::InvalidRequestError]);
    Endpoint { method: HttpMethod::Get, path: "/videos", operation: operation.build() }
}

fn get() -> Endpoint {
    let told = Told {
        id: "getVideo",
        tag: "videos",
        summary: "Shows a job",
        description: "The job as it stands. Reading moves no money. An id that is none, is unknown, or is another organization's is answered alike.",
        parameters: vec![id()],
        answer: about_a_job(ok("The job.", of::<VideoJob>()))
            .header("Retry-After", asked_again())
            .build(),
    };
    let operation = told.guarded(&[ErrorCode::JobNotFound]);
    Endpoint { method: HttpMethod::Get, path: "/videos/{id}", operation: operation.build() }
}

fn cancel() -> Endpoint {
    let told = Told {
        id: "cancelVideo",
        tag: "videos",
        summary: "Cancels a job",
        description: "Ends a job before its time, as far as its provider lets it; no body is needed. A job that no provider has, or that its \
                      provider has stopped, is `failed` with the error `cancelled`, and costs nothing. A provider that may go on is asked to \
                      stop: the job stays `processing`, with `cancel_requested` set and its cost held, until it is known what became of the \
                      render. A video that is rendered all the same is stored and charged. After 24 hours without news the job fails, \
                      uncharged. A second cancellation is answered alike.",
        parameters: vec![id()],
        answer: about_a_job(ok("The job, failed or asked to stop.", of::<VideoJob>()))
            .header("Retry-After", asked_again())
            .build(),
    };
    let operation = told.guarded(&[ErrorCode::JobNotFound, ErrorCode::NotCancellable]);
    Endpoint { method: HttpMethod::Post, path: "/videos/{id}/cancel", operation: operation.build() }
}

fn delete() -> Endpoint {
    let told = Told {
        id: "deleteVideo",
        tag: "videos",
        summary: "Deletes a job",
        description: "Removes a finished job's video, its prompt and its URL; afterwards the job is not found. The video is gone from \
                      storage when this is answered with 200; `cached_for_at_most_seconds` says for how long a cache may still give it \
                      out. Its receipt stays among the transactions.",
        parameters: vec![id()],
        answer: ok("The job is gone.", of::<DeletedVideo>())
            .header("x-geekhub-balance-mxn", balance())
            .link("job", link("getVideo", "id", OWN_ID, "The job, which is not found."))
            .build(),
    };
    let operation = told.guarded(&[
        ErrorCode::JobNotFound,
        ErrorCode::JobNotFinal,
        ErrorCode::StorageUnavailable,
    ]);
    Endpoint { method: HttpMethod::Delete, path: "/videos/{id}", operation: operation.build() }
}

fn id() -> Parameter {
    in_path("id", "The job's id.", uuid())
}

fn uuid() -> ObjectBuilder {
    text().format(Some(SchemaFormat::Custom("uuid".to_owned())))
}

fn asked_again() -> utoipa::openapi::header::Header {
    retry_after("While the job is in progress: seconds until asking for it again is worth it.")
}

/// An answer whose `id` leads to the job's other operations.
fn about_a_job(answer: ResponseBuilder) -> ResponseBuilder {
    answer
        .header("x-geekhub-balance-mxn", balance())
        .link("job", link("getVideo", "id", OWN_ID, "The job as it stands."))
        .link("cancel", link("cancelVideo", "id", OWN_ID, "Ends the job before its time."))
        .link("delete", link("deleteVideo", "id", OWN_ID, "Removes the job once it is over."))
}
