//! Google Veo on Vertex AI. <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/veo-video-generation>
//!
//! A submission starts a long-running operation; asking for the operation gives its state and in the end the video: the name of an
//! object in Cloud Storage when a bucket is configured, else the video itself as base64 inside the answer. Google has no queue to be
//! seen and no way to stop an operation.

pub mod inline;
mod reply;

use super::{Checked, FileSource, Method, Provider, Reply, Request, Submitted};
use crate::job::{Failure, FailureCode, Job};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

/// How Vertex AI is reached.
#[derive(Debug, Clone)]
pub struct Google {
    /// The API's base, `https://us-central1-aiplatform.googleapis.com`.
    pub api_url: Url,
    /// Cloud Storage's base, `https://storage.googleapis.com`.
    pub storage_api_url: Url,
    /// The Google Cloud project that pays.
    pub project: String,
    /// Where it renders, such as `us-central1`.
    pub location: String,
    /// `gs://bucket/folder`, where Veo is to put videos; inline without.
    pub storage_uri: Option<String>,
}

/// What Google calls an operation that it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// `projects/…/operations/…`.
    pub operation: String,
    /// The model that it was asked of, under whose path it is asked for.
    pub model: String,
}

/// The address of a video that is inside the operation's answer.
const INLINE: &str = "inline:";

impl Google {
    /// The request that submits a job.
    pub fn submit(&self, job: &Job) -> Request {
        let mut parameters = json!({
            "sampleCount": 1,
            "durationSeconds": job.seconds,
            "generateAudio": job.model != "google/veo-3", // which is sold without sound
        });
        if let Some(ratio) = &job.aspect_ratio {
            parameters["aspectRatio"] = ratio.clone().into();
        }
        if let Some(uri) = &self.storage_uri {
            parameters["storageUri"] = format!("{}/{}/{}/", uri.trim_end_matches('/'), job.org, job.id).into();
        }
        self.call(
            &job.route,
            "predictLongRunning",
            json!({"instances": [{"prompt": job.prompt}], "parameters": parameters}),
        )
    }

    /// What the reply to a submission means.
    pub fn submitted(&self, job: &Job, reply: &Reply) -> Submitted {
        reply::submitted(&job.route, reply)
    }

    /// The request that asks for the operation.
    pub fn check(&self, handle: &Handle) -> Request {
        self.call(&handle.model, "fetchPredictOperation", json!({"operationName": handle.operation}))
    }

    /// What the reply to [`Self::check`] means.
    pub fn checked(&self, reply: &Reply) -> Checked {
        reply::operation(reply)
    }

    /// Where the finished file is fetched.
    pub fn file(&self, handle: &Handle, file_url: &str) -> Result<FileSource, Failure> {
        if file_url == INLINE {
            return Ok(FileSource::Inline(self.check(handle)));
        }
        let object = file_url.strip_prefix("gs://").and_then(|path| path.split_once('/')).ok_or_else(|| {
            Failure::new(FailureCode::ProviderNoOutput, "Google gave an address that is not in Cloud Storage")
        })?;
        let mut url = self.storage_api_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["storage", "v1", "b", object.0, "o", object.1]);
        }
        url.set_query(Some("alt=media"));
        Ok(FileSource::Private(Request { method: Method::Get, url, credential: Provider::Google, body: None }))
    }

    fn call(&self, model: &str, verb: &str, body: Value) -> Request {
        let mut url = self.api_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            let model = format!("{model}:{verb}");
            let path = [
                "v1",
                "projects",
                &self.project,
                "locations",
                &self.location,
                "publishers",
                "google",
                "models",
                &model,
            ];
            segments.pop_if_empty().extend(path);
        }
        Request { method: Method::Post, url, credential: Provider::Google, body: Some(body) }
    }
}

#[cfg(test)]
mod tests;
