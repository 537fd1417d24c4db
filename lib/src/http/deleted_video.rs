//! What a deletion is answered.

use super::schema::video_deleted;
use crate::id::JobId;
use serde::Serialize;
use utoipa::ToSchema;

/// A job's video, its prompt and its URL are gone; its receipt stays in the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeletedVideo {
    /// The job's UUID.
    #[schema(format = "uuid")]
    pub id: String,
    /// Always `video.deleted`.
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
