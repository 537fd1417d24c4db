//! fal.ai's queue API. <https://docs.fal.ai/model-apis/model-endpoints/queue>, errors <https://docs.fal.ai/model-apis/errors>.
//!
//! A submission goes to the model's whole path; status, result and cancellation live under its first two segments only, and fal
//! answers with their addresses. Those are used as they come when they are on the configured origin; behind a proxy or on fal's
//! backup host they are not, and are then made from the request's id.

mod reply;

pub use reply::{cancel_read, result_read};

use super::{Checked, Method, Provider, Reply, Request, Submitted};
use crate::job::{Failure, FailureCode, Job};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

/// How fal is reached.
#[derive(Debug, Clone)]
pub struct Fal {
    queue_url: Url,
}

/// What fal calls a request that it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// fal's id of the request.
    pub request_id: String,
    /// Where its status is read.
    pub status_url: String,
    /// Where its result is read.
    pub response_url: String,
    /// Where it is cancelled.
    pub cancel_url: String,
}

impl Fal {
    /// fal at this queue base, `https://queue.fal.run` unless configured otherwise.
    pub const fn new(queue_url: Url) -> Self {
        Self { queue_url }
    }

    /// Where the queue answers.
    pub const fn url(&self) -> &Url {
        &self.queue_url
    }

    /// The request that submits a job.
    pub fn submit(&self, job: &Job) -> Result<Request, Failure> {
        let mut url = self.queue_url.clone();
        let path = format!("{}/{}", url.path().trim_end_matches('/'), job.route.trim_matches('/'));
        url.set_path(&path);
        Ok(Request { method: Method::Post, url, credential: Provider::Fal, body: Some(Value::Object(input(job)?)) })
    }

    /// What the reply to a submission means.
    pub fn submitted(&self, job: &Job, reply: &Reply) -> Submitted {
        reply::submitted(self, &job.route, reply)
    }

    /// The request that reads the status.
    pub fn status(&self, handle: &Handle) -> Result<Request, Failure> {
        self.own(Method::Get, &handle.status_url)
    }

    /// What the status means; a finished request still has to be asked for its result, which is the verdict.
    pub fn status_read(&self, handle: &Handle, reply: &Reply) -> Checked {
        match reply::status(reply) {
            reply::Status::Queued => Checked::Queued,
            reply::Status::Rendering => Checked::Rendering,
            reply::Status::Finished => match self.own(Method::Get, &handle.response_url) {
                Ok(request) => Checked::Ask(request),
                Err(failure) => Checked::Trouble(failure.message),
            },
            reply::Status::Trouble(why) => Checked::Trouble(why),
        }
    }

    /// The request that cancels.
    pub fn cancel(&self, handle: &Handle) -> Result<Request, Failure> {
        self.own(Method::Put, &handle.cancel_url)
    }

    fn own(&self, method: Method, address: &str) -> Result<Request, Failure> {
        let url = self.own_url(address).ok_or_else(|| {
            Failure::new(FailureCode::ProviderUnavailable, "fal gave an address that is not its own for this request")
        })?;
        Ok(Request { method, url, credential: Provider::Fal, body: None })
    }

    /// The address of a request's status, result or cancellation, by fal's rule: `{owner}/{app}/requests/{id}`, where a first segment
    /// `workflows` or `comfy` stays in front of the two.
    fn derived_url(&self, route: &str, request_id: &str, suffix: &str) -> String {
        let segments: Vec<&str> = route.trim_matches('/').split('/').collect();
        let kept = if matches!(segments.first(), Some(&("workflows" | "comfy"))) { 3 } else { 2 };
        let app = segments[..kept.min(segments.len())].join("/");
        let mut url = self.queue_url.clone();
        url.set_path(&format!("{}/{app}/requests/{request_id}{suffix}", url.path().trim_end_matches('/')));
        url.to_string()
    }

    /// The address, if it is on the configured origin and written plainly: it names no user, and reading it resolved nothing, as `..`.
    fn own_url(&self, address: &str) -> Option<Url> {
        let plain = |url: &Url| url.as_str() == address && url.username().is_empty() && url.password().is_none();
        Url::parse(address).ok().filter(|url| url.origin() == self.queue_url.origin() && plain(url))
    }
}

/// Hailuo has no input for the shape: nobody must pay for another one than its own.
pub(crate) const HAILUO: &str = "fal/hailuo-02";
pub(crate) const HAILUO_RATIO: &str = "16:9";

/// The model's own input: lengths are strings, and each model has its own spelling of them.
fn input(job: &Job) -> Result<Map<String, Value>, Failure> {
    let duration = match job.model.as_str() {
        "fal/veo-3.1" | "fal/luma-ray-2" => format!("{}s", job.seconds),
        "fal/kling-2" | HAILUO | "fal/runway-gen-4" => job.seconds.to_string(),
        model => {
            let message = format!("it is not known how fal spells a request for {model}");
            return Err(Failure::new(FailureCode::ProviderUnavailable, &message));
        }
    };
    let mut input = Map::new();
    input.insert("prompt".to_owned(), job.prompt.clone().into());
    input.insert("duration".to_owned(), duration.into());
    match &job.aspect_ratio {
        Some(ratio) if job.model == HAILUO && ratio == HAILUO_RATIO => {}
        Some(ratio) if job.model == HAILUO => {
            let message = format!("Hailuo always renders {HAILUO_RATIO}; {ratio} cannot be asked for");
            return Err(Failure::new(FailureCode::ProviderRefused, &message));
        }
        Some(ratio) => drop(input.insert("aspect_ratio".to_owned(), ratio.clone().into())),
        None => {}
    }
    Ok(input)
}

#[cfg(test)]
mod tests;
