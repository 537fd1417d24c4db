//! A job as callers see it, and what a dry run would have made.

use super::billing::Billing;
use super::schema::{self, UnixSeconds, video_dry_run, video_job};
use crate::failure::Failure;
use crate::job::{Job, State};
use serde::Serialize;
use utoipa::ToSchema;

/// Ten fields, in this order, always all present, and after them what this gateway adds. None is
/// renamed or dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VideoJob {
    /// The job's UUID.
    #[schema(format = "uuid")]
    pub id: String,
    /// Always `video.job`.
    #[schema(schema_with = video_job)]
    pub object: &'static str,
    /// `pending`, `processing`, `completed` or `failed`.
    #[schema(value_type = schema::Status)]
    pub status: &'static str,
    /// The catalog id that was asked for.
    pub model: String,
    /// The caller's text.
    pub prompt: String,
    /// The public, persistent MP4, once completed.
    #[schema(required, format = "uri")]
    pub video_url: Option<String>,
    /// Seconds of video.
    #[schema(minimum = 1)]
    pub duration: u32,
    /// One line of cause, once failed.
    #[schema(required)]
    pub error: Option<String>,
    /// When it was accepted, in Unix seconds.
    #[schema(value_type = UnixSeconds)]
    pub created: i64,
    /// When it ended, in Unix seconds.
    #[schema(value_type = Option<UnixSeconds>, required)]
    pub completed: Option<i64>,
    /// Its receipt.
    pub billing: Billing,
    /// The cause for programs, once failed.
    #[schema(required)]
    pub error_detail: Option<ErrorDetail>,
    /// When the provider was asked to stop, in Unix seconds: by a cancellation, or at a deadline.
    /// Such a job stays `processing` until it is known what became of its render: it fails
    /// uncharged once the provider has stopped, and is completed and charged once the video is
    /// there.
    #[schema(value_type = Option<UnixSeconds>, required)]
    pub cancel_requested: Option<i64>,
}

/// Why a job failed, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// One of a small set.
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
        let (video_url, failure, ended) = match job.state() {
            State::Pending { .. } | State::Processing(_) => (None, None, None),
            State::Completed { at, video_url, .. } => (Some(video_url.clone()), None, Some(at)),
            State::Failed { at, failure, .. } => (None, Some(failure), Some(at)),
        };
        Self {
            id: job.id().to_string(),
            object: "video.job",
            status: job.status().as_str(),
            model: job.terms().model().to_owned(),
            prompt: job.terms().prompt().to_owned(),
            video_url,
            duration: job.terms().seconds(),
            error: failure.map(|failure| failure.message.clone()),
            created: job.created().unix_s(),
            completed: ended.map(|at| at.unix_s()),
            billing: Billing::of(job),
            error_detail: failure.map(ErrorDetail::from),
            cancel_requested: job.stop().map(|stop| stop.requested.unix_s()),
        }
    }
}

/// What a submit with `"dry_run": true` is answered: the job that would have been accepted, and
/// what it would cost. Nothing was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DryRun {
    /// Always `video.dry_run`.
    #[schema(schema_with = video_dry_run)]
    pub object: &'static str,
    /// The catalog id that was asked for.
    pub model: String,
    /// Seconds of video.
    #[schema(minimum = 1)]
    pub duration: u32,
    /// The shape that was asked for; null leaves it to the provider.
    #[schema(required)]
    pub aspect_ratio: Option<String>,
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
            billing: Billing::of_a_dry_run(job),
        }
    }
}
