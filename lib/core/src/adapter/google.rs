//! Google Veo on Vertex AI.
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/veo-video-generation>
//!
//! A submission starts a long-running operation. A request for the operation gives its state, and
//! at the end the video. With a bucket that is the name of an object in Cloud Storage. Without one
//! it is the video itself, as base64 inside the answer. Google shows no queue, and cannot stop an
//! operation.

pub mod inline;
mod json;
mod reply;
mod status;

use super::{
    Adapter, Checked, FileSource, Handle as ProviderHandle, Method, Reply, Request, Submitted,
    foreign,
};
use crate::failure::{Failure, FailureCode};
use crate::id::JobKey;
use crate::provider::Provider;
use crate::terms::Terms;
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
    pub operation: String,
    /// The model that it was asked of, under whose path it is asked for.
    pub model: String,
}

/// The address of a video that is inside the operation's answer.
const INLINE: &str = "inline:";

impl Google {
    /// The request that asks for an operation where it was begun, whatever project and location
    /// are configured now.
    pub fn ask_for(&self, handle: &Handle) -> Request {
        let place = Place::of(&handle.operation).unwrap_or(Place {
            project: &self.project,
            location: &self.location,
            model: &handle.model,
        });
        self.call(&place, "fetchPredictOperation", json!({"operationName": handle.operation}))
    }

    /// The address of an object, `gs://bucket/name`, in the JSON API.
    fn object(&self, file_url: &str) -> Option<Url> {
        let (bucket, name) = file_url.strip_prefix("gs://")?.split_once('/')?;
        let mut url = self.storage_api_url.clone();
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend(["storage", "v1", "b", bucket, "o", name]);
        Some(url)
    }

    fn call(&self, place: &Place<'_>, verb: &str, body: Value) -> Request {
        let mut url = self.api_url_in(place.location);
        if let Ok(mut segments) = url.path_segments_mut() {
            let model = format!("{}:{verb}", place.model);
            let in_project = ["v1", "projects", place.project, "locations", place.location];
            segments.pop_if_empty().extend(in_project).extend([
                "publishers",
                "google",
                "models",
                &model,
            ]);
        }
        Request {
            method: Method::Post,
            url,
            credential: Provider::Google,
            headers: Vec::new(),
            body: Some(body),
        }
    }

    /// Where a location answers. A base that is not Google's own, such as a proxy's, stands for all
    /// of them.
    fn api_url_in(&self, location: &str) -> Url {
        let elsewhere = location != self.location && is_vertex(&self.api_url);
        let url = elsewhere.then(|| Url::parse(&vertex_url(location)).ok()).flatten();
        url.unwrap_or_else(|| self.api_url.clone())
    }
}

impl Adapter for Google {
    fn url(&self) -> Option<&Url> {
        Some(&self.api_url)
    }

    /// The configured addresses are Google's own, and where those are Google's, Vertex AI in any
    /// location is too, for operations that were begun in another one.
    fn is_own(&self, url: &Url) -> bool {
        let origin = url.origin();
        let configured = origin == self.api_url.origin() || origin == self.storage_api_url.origin();
        configured || (is_vertex(&self.api_url) && is_vertex(url))
    }

    fn submit(&self, job: JobKey, terms: &Terms) -> Result<Request, Failure> {
        let mut parameters = terms.input()?;
        parameters.insert("sampleCount".to_owned(), 1.into());
        if let Some(uri) = &self.storage_uri {
            let folder = format!("{}/{}/{}/", uri.trim_end_matches('/'), job.org, job.job);
            parameters.insert("storageUri".to_owned(), folder.into());
        }
        let place =
            Place { project: &self.project, location: &self.location, model: terms.route() };
        let body = json!({"instances": [{"prompt": terms.prompt()}], "parameters": parameters});
        Ok(self.call(&place, "predictLongRunning", body))
    }

    fn submitted(&self, terms: &Terms, reply: &Reply) -> Submitted {
        reply::submitted(terms.route(), reply)
    }

    fn check(&self, handle: &ProviderHandle) -> Result<Request, Failure> {
        match handle {
            ProviderHandle::Google(handle) => Ok(self.ask_for(handle)),
            _ => Err(foreign()),
        }
    }

    fn checked(&self, _handle: &ProviderHandle, reply: &Reply) -> Checked {
        reply::operation(reply)
    }

    fn file(&self, handle: &ProviderHandle, file_url: &str) -> Result<FileSource, Failure> {
        if file_url == INLINE {
            return Ok(FileSource::Inline(self.check(handle)?));
        }
        let not_there = "Google gave an address that is not in Cloud Storage";
        let url = self.object(file_url);
        let mut url = url.ok_or_else(|| Failure::new(FailureCode::ProviderNoOutput, not_there))?;
        url.set_query(Some("alt=media"));
        Ok(FileSource::Private(bare(Method::Get, url)))
    }

    /// None where the video came inside an answer.
    fn remove(&self, file_url: &str) -> Option<Request> {
        Some(bare(Method::Delete, self.object(file_url)?))
    }

    fn refuses_our_account(&self, reply: &Reply) -> bool {
        reply::refuses_our_account(reply)
    }
}

/// A request without a body.
fn bare(method: Method, url: Url) -> Request {
    Request { method, url, credential: Provider::Google, headers: Vec::new(), body: None }
}

/// Where Vertex AI answers for a location, such as `us-central1` or `global`.
pub fn vertex_url(location: &str) -> String {
    match location {
        "global" => format!("https://{VERTEX}"),
        region => format!("https://{region}-{VERTEX}"),
    }
}

/// Vertex AI's host, which has a location in front of it unless that is `global`.
const VERTEX: &str = "aiplatform.googleapis.com";

/// Whether an address is Vertex AI's own in some location.
fn is_vertex(url: &Url) -> bool {
    let Some(location) = url.host_str().and_then(|host| host.strip_suffix(VERTEX)) else {
        return false;
    };
    let plain = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let own = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    own && (location.is_empty() || location.strip_suffix('-').is_some_and(plain))
}

/// Where a model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place<'a> {
    project: &'a str,
    location: &'a str,
    model: &'a str,
}

impl<'a> Place<'a> {
    /// The place that an operation's name tells:
    /// `projects/…/locations/…/publishers/google/models/…/operations/…`.
    fn of(operation: &'a str) -> Option<Self> {
        let segments: Vec<&str> = operation.split('/').collect();
        let [
            "projects",
            project,
            "locations",
            location,
            "publishers",
            "google",
            "models",
            model,
            "operations",
            _,
        ] = segments[..]
        else {
            return None;
        };
        let plain = |name: &str, further: &[u8]| {
            name.starts_with(|first: char| first.is_ascii_alphanumeric())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || further.contains(&byte))
        };
        let known = plain(project, b"-.:") && plain(location, b"-") && plain(model, b"-._@");
        known.then_some(Self { project, location, model })
    }
}

#[cfg(test)]
mod tests;
