//! What a deletion is answered.

use super::schema::video_deleted;
use super::video_job::{OWN_ID, job_id};
use crate::http::ErrorCode;
use crate::http::openapi::{Operation, Told, balance, link, of, ok, shapes};
use crate::id::JobId;
use serde::Serialize;
use utoipa::ToSchema;

/// A job's video, its prompt and its URL are gone; its receipt stays in the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeletedVideo {
    /// The id of the job that is gone, a UUID.
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(schema_with = video_deleted)]
    pub object: &'static str,
    /// Always `true`: the video is gone from storage.
    pub deleted: bool,
    /// For so many seconds at most a cache may still give the video out. 0 where there was none.
    #[schema(examples(86_400))]
    pub cached_for_at_most_seconds: u32,
}

impl DeletedVideo {
    /// The answer for this job.
    pub fn of(job: JobId, cached_for_at_most_seconds: u32) -> Self {
        Self {
            id: job.to_string(),
            object: "video.deleted",
            deleted: true,
            cached_for_at_most_seconds,
        }
    }
}

/// `DELETE /v1/videos/{id}` in the OpenAPI document.
pub(super) fn delete() -> Operation {
    let told = Told {
        id: "deleteVideo",
        tag: "videos",
        summary: "Deletes a job",
        description: "Removes a finished job's video, its prompt and its URL; afterwards the job is not found. The video is gone from \
                      storage when this is answered with 200; `cached_for_at_most_seconds` says for how long a cache may still give it \
                      out. Its receipt stays among the transactions.",
        parameters: vec![job_id()],
        shapes: shapes::<DeletedVideo>(),
        answer: ok("The job is gone.", of::<DeletedVideo>())
            .header("x-geekhub-balance-mxn", balance())
            .link("job", link("getVideo", "id", OWN_ID, "The job, which is not found."))
            .build(),
    };
    told.guarded(&[ErrorCode::JobNotFound, ErrorCode::JobNotFinal, ErrorCode::StorageUnavailable])
}
