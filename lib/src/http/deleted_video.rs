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
    /// Always `true`.
    pub deleted: bool,
}

impl DeletedVideo {
    /// The answer for this job.
    pub fn of(job: JobId) -> Self {
        Self { id: job.to_string(), object: "video.deleted", deleted: true }
    }
}
