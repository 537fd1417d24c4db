//! A job as callers see it, and what a dry run would have made.

use super::billing::Billing;
use super::schema::{self, UnixSeconds, video_dry_run, video_job};
use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::http::ErrorCode;
use crate::http::openapi::{
    Operation, Told, balance, in_path, in_query, limit, link, of, ok, page, retry_after, shapes,
    text,
};
use crate::job::{Job, State};
use crate::order::LONGEST_USER;
use crate::status;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Ref, SchemaFormat};

/// Ten fields, in this order, always all present, and after them what this gateway adds. None is
/// renamed or dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VideoJob {
    /// The job's id, a UUID: `GET /v1/videos/{id}` shows it.
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(schema_with = video_job)]
    pub object: &'static str,
    /// `pending`, `processing`, `completed` or `failed`.
    #[schema(value_type = schema::Status)]
    pub status: &'static str,
    /// The catalog id that was asked for.
    pub model: String,
    /// The text that was sent, as it was sent.
    pub prompt: String,
    /// The public, permanent address of the MP4; null until the job is completed.
    #[schema(required, format = "uri")]
    pub video_url: Option<String>,
    /// The length of the video in seconds.
    #[schema(minimum = 1)]
    pub duration: u32,
    /// Why it failed, in one line for people; null unless it failed.
    #[schema(required)]
    pub error: Option<String>,
    /// When it was accepted, in Unix seconds.
    #[schema(value_type = UnixSeconds)]
    pub created: i64,
    /// When it was completed or failed, in Unix seconds; null until then.
    #[schema(value_type = Option<UnixSeconds>, required)]
    pub completed: Option<i64>,
    /// The receipt: what the job costs, and what became of that cost.
    pub billing: Billing,
    /// Why it failed, for programs; null unless it failed.
    #[schema(required)]
    pub error_detail: Option<ErrorDetail>,
    /// When the provider was asked to stop, in Unix seconds: by a cancellation, or at a deadline.
    /// Null if it was not asked. Such a job stays `processing` until it is known what became of
    /// its render. If the provider has stopped, the job fails and is not charged. If the video is
    /// there all the same, the job is completed and charged.
    #[schema(value_type = Option<UnixSeconds>, required)]
    pub cancel_requested: Option<i64>,
    /// The shape; null on jobs that are older than this field and left it to the provider.
    #[schema(required)]
    pub aspect_ratio: Option<String>,
    /// The resolution; null where the model has one alone.
    #[schema(required)]
    pub resolution: Option<String>,
    /// Whether sound was asked for; null where the model gives no choice.
    #[schema(required)]
    pub generate_audio: Option<bool>,
    /// The seed that the submit gave, or null.
    #[schema(required)]
    pub seed: Option<u32>,
    /// What the video must not show; null where the model takes no such text.
    #[schema(required)]
    pub negative_prompt: Option<String>,
    /// The labels that the submit gave, or null.
    #[schema(required, value_type = Option<schema::Metadata>)]
    pub metadata: Option<Map<String, Value>>,
    /// The caller's own end user, or null.
    #[schema(required)]
    pub user: Option<String>,
}

/// Why a job failed, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// The kind of failure, one of the words listed.
    #[schema(value_type = schema::FailureCode)]
    pub code: String,
    /// Whether the same request may succeed when it is sent again, as a new job.
    pub retryable: bool,
    /// The provider's own word for it, when it gave one.
    #[schema(required)]
    pub provider_code: Option<String>,
}

impl From<&Failure> for ErrorDetail {
    fn from(failure: &Failure) -> Self {
        let (code, retryable) = (failure.code_word().to_owned(), failure.code.is_retryable());
        Self { code, retryable, provider_code: failure.provider_code.clone() }
    }
}

impl From<&Job> for VideoJob {
    fn from(job: &Job) -> Self {
        let terms = job.terms();
        let (video_url, failure, ended) = match job.state() {
            State::Pending { .. } | State::Processing(_) => (None, None, None),
            State::Completed { at, video_url, .. } => (Some(video_url.clone()), None, Some(at)),
            State::Failed { at, failure, .. } => (None, Some(failure), Some(at)),
        };
        Self {
            id: job.id().to_string(),
            object: "video.job",
            status: job.status().as_str(),
            model: terms.model().to_owned(),
            prompt: terms.prompt().to_owned(),
            video_url,
            duration: terms.seconds(),
            error: failure.map(|failure| failure.message.clone()),
            created: job.created().unix_s(),
            completed: ended.map(|at| at.unix_s()),
            billing: Billing::of(job),
            error_detail: failure.map(ErrorDetail::from),
            cancel_requested: job.stop().map(|stop| stop.requested.unix_s()),
            aspect_ratio: terms.aspect_ratio().map(str::to_owned),
            resolution: terms.resolution().map(str::to_owned),
            generate_audio: terms.generate_audio(),
            seed: terms.seed(),
            negative_prompt: terms.negative_prompt().map(str::to_owned),
            metadata: terms.metadata().cloned(),
            user: terms.user().map(str::to_owned),
        }
    }
}

/// What a submit with `"dry_run": true` is answered: the job that would have been accepted, and
/// what it would cost. Nothing was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DryRun {
    #[schema(schema_with = video_dry_run)]
    pub object: &'static str,
    /// The catalog id that was asked for.
    pub model: String,
    /// The length of the video in seconds.
    #[schema(minimum = 1)]
    pub duration: u32,
    /// The shape that the model renders.
    #[schema(required)]
    pub aspect_ratio: Option<String>,
    /// The resolution; null where the model has one alone.
    #[schema(required)]
    pub resolution: Option<String>,
    /// Whether sound was asked for; null where the model gives no choice.
    #[schema(required)]
    pub generate_audio: Option<bool>,
    /// What it would cost.
    pub billing: Billing,
}

impl From<&Job> for DryRun {
    fn from(job: &Job) -> Self {
        Self {
            object: "video.dry_run",
            model: job.terms().model().to_owned(),
            duration: job.terms().seconds(),
            aspect_ratio: job.terms().aspect_ratio().map(str::to_owned),
            resolution: job.terms().resolution().map(str::to_owned),
            generate_audio: job.terms().generate_audio(),
            billing: Billing::of_a_dry_run(job),
        }
    }
}

/// What the OpenAPI document calls a page of jobs.
const LIST: &str = "VideoList";

/// Where a job's id is in an answer that is a job.
pub(super) const OWN_ID: &str = "$response.body#/id";

/// `GET /v1/videos` in the OpenAPI document.
pub(super) fn list() -> Operation {
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
            text().enum_values(Some(status::Status::ALL.map(status::Status::as_str))),
        ),
        in_query("model", "Only jobs of this model.", text().enum_values(Some(models.ids()))),
        in_query(
            "user",
            "Only jobs of this end user, as the submits named it.",
            text().min_length(Some(1)).max_length(Some(LONGEST_USER)),
        ),
    ];
    let told = Told {
        id: "listVideos",
        tag: "videos",
        summary: "Lists the jobs",
        description: "The organization's jobs, newest first. Jobs that are added meanwhile do not shift the pages.",
        parameters,
        shapes: page::<VideoJob>(LIST),
        answer: ok("A page of jobs.", Ref::from_schema_name(LIST))
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
    told.guarded(&[ErrorCode::InvalidRequestError])
}

/// `GET /v1/videos/{id}` in the OpenAPI document.
pub(super) fn get() -> Operation {
    let told = Told {
        id: "getVideo",
        tag: "videos",
        summary: "Shows a job",
        description: "The job as it stands. Reading moves no money. An id that is none, is unknown, or is another organization's is answered alike.",
        parameters: vec![job_id()],
        shapes: shapes::<VideoJob>(),
        answer: about_a_job(ok("The job.", of::<VideoJob>()))
            .header("Retry-After", asked_again())
            .build(),
    };
    told.guarded(&[ErrorCode::JobNotFound])
}

/// `POST /v1/videos/{id}/cancel` in the OpenAPI document.
pub(super) fn cancel() -> Operation {
    let told = Told {
        id: "cancelVideo",
        tag: "videos",
        summary: "Cancels a job",
        description: "Ends a job before its time, as far as its provider lets it; no body is needed. A job that no provider has, or that its \
                      provider has stopped, is `failed` with the error `cancelled`, and costs nothing. A provider that may go on is asked to \
                      stop: the job stays `processing`, with `cancel_requested` set and its cost held, until it is known what became of the \
                      render. A video that is rendered all the same is stored and charged. After 24 hours without news the job fails, \
                      uncharged. A second cancellation is answered alike.",
        parameters: vec![job_id()],
        shapes: shapes::<VideoJob>(),
        answer: about_a_job(ok("The job, failed or asked to stop.", of::<VideoJob>()))
            .header("Retry-After", asked_again())
            .build(),
    };
    told.guarded(&[ErrorCode::JobNotFound, ErrorCode::NotCancellable])
}

pub(super) fn job_id() -> Parameter {
    in_path("id", "The job's id.", uuid())
}

fn uuid() -> ObjectBuilder {
    text().format(Some(SchemaFormat::Custom("uuid".to_owned())))
}

pub(super) fn asked_again() -> Header {
    retry_after("While the job is in progress: seconds until asking for it again is worth it.")
}

/// An answer whose `id` leads to the job's other operations.
pub(super) fn about_a_job(answer: ResponseBuilder) -> ResponseBuilder {
    answer
        .header("x-geekhub-balance-mxn", balance())
        .link("job", link("getVideo", "id", OWN_ID, "The job as it stands."))
        .link("cancel", link("cancelVideo", "id", OWN_ID, "Ends the job before its time."))
        .link("delete", link("deleteVideo", "id", OWN_ID, "Removes the job once it is over."))
}
