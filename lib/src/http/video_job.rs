//! A job as callers see it.

use crate::job::{Job, State};
use serde::Serialize;

/// Ten fields, in this order, always all present. Fields may be added after these ten; none is renamed or dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VideoJob {
    /// The job's UUID.
    pub id: String,
    /// Always `video.job`.
    pub object: &'static str,
    /// `pending`, `processing`, `completed` or `failed`.
    pub status: &'static str,
    /// The catalog id that was asked for.
    pub model: String,
    /// The caller's text.
    pub prompt: String,
    /// The public, persistent MP4, once completed.
    pub video_url: Option<String>,
    /// Seconds of video.
    pub duration: u32,
    /// One line of cause, once failed.
    pub error: Option<String>,
    /// When it was accepted, in Unix seconds.
    pub created: i64,
    /// When it ended, in Unix seconds.
    pub completed: Option<i64>,
}

impl From<&Job> for VideoJob {
    fn from(job: &Job) -> Self {
        let (video_url, error, ended) = match &job.state {
            State::Pending { .. } | State::Processing(_) => (None, None, None),
            State::Completed { at, video_url } => (Some(video_url.clone()), None, Some(at)),
            State::Failed { at, failure } => (None, Some(failure.message.clone()), Some(at)),
        };
        Self {
            id: job.id.to_string(),
            object: "video.job",
            status: job.status().as_str(),
            model: job.model.clone(),
            prompt: job.prompt.clone(),
            video_url,
            duration: job.seconds,
            error,
            created: job.created.unix_s(),
            completed: ended.map(|at| at.unix_s()),
        }
    }
}
