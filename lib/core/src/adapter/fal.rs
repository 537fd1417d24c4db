//! fal.ai's queue API. <https://docs.fal.ai/model-apis/model-endpoints/queue>, errors
//! <https://docs.fal.ai/model-apis/errors>.
//!
//! A submission goes to the model's whole path; status, result and cancellation live under its
//! first two segments only, and fal answers with their addresses. Those are used as they come when
//! they are below the configured base. Else they are made from the request's id: behind a proxy, on
//! fal's backup host, and when the base was another one at the submission.

mod refusal;
mod reply;
mod video;

use super::{
    Adapter, Cancelled, Checked, Handle as ProviderHandle, Method, Reply, Request, Submitted,
    foreign,
};
use crate::failure::{Failure, FailureCode};
use crate::id::JobKey;
use crate::provider::Provider;
use crate::terms::Terms;
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

/// Whether the text has the form of a key, `id:secret`, as fal's page shows it once.
pub fn is_key(text: &str) -> bool {
    let whole = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic());
    text.split_once(':').is_some_and(|(id, secret)| whole(id) && whole(secret))
}

impl Fal {
    /// fal at this queue base, `https://queue.fal.run` unless configured otherwise.
    pub const fn new(queue_url: Url) -> Self {
        Self { queue_url }
    }

    /// A request about a job, to the address that fal gave if that is below the configured base,
    /// else to one that is made again.
    fn request(&self, method: Method, handle: &Handle, part: Part) -> Result<Request, Failure> {
        let given = match part {
            Part::Status => &handle.status_url,
            Part::Result => &handle.response_url,
            Part::Cancel => &handle.cancel_url,
        };
        let url =
            self.own_url(given).or_else(|| self.made_again(handle, part)).ok_or_else(|| {
                Failure::new(
                    FailureCode::ProviderUnavailable,
                    "fal gave an address that is not its own for this request",
                )
            })?;
        Ok(Request { method, url, credential: Provider::Fal, headers: Vec::new(), body: None })
    }

    /// The address, if it is below the configured base and written plainly: it names no user, and
    /// reading it resolved nothing, as `..`.
    fn own_url(&self, address: &str) -> Option<Url> {
        let base = self.queue_url.path().trim_end_matches('/');
        let below =
            |url: &Url| url.path().strip_prefix(base).is_some_and(|path| path.starts_with('/'));
        let plain = |url: &Url| {
            url.as_str() == address && url.username().is_empty() && url.password().is_none()
        };
        Url::parse(address)
            .ok()
            .filter(|url| url.origin() == self.queue_url.origin() && below(url) && plain(url))
    }

    /// The address below today's base, from the request's id and the app, which is read from the
    /// addresses that fal gave.
    fn made_again(&self, handle: &Handle, part: Part) -> Option<Url> {
        let given = [&handle.status_url, &handle.response_url, &handle.cancel_url];
        let app = given.into_iter().find_map(|address| app_of(address, &handle.request_id))?;
        Some(self.made_url(&app, &handle.request_id, part))
    }

    /// The address of a request's status, result or cancellation, by fal's rule:
    /// `{owner}/{app}/requests/{id}`.
    fn made_url(&self, app: &str, request_id: &str, part: Part) -> Url {
        let mut url = self.queue_url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{app}/requests/{request_id}{}", part.suffix()));
        url
    }
}

impl Adapter for Fal {
    fn url(&self) -> Option<&Url> {
        Some(&self.queue_url)
    }

    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.queue_url.origin()
    }

    fn submit(&self, _job: JobKey, terms: &Terms) -> Result<Request, Failure> {
        let mut url = self.queue_url.clone();
        let path =
            format!("{}/{}", url.path().trim_end_matches('/'), terms.route().trim_matches('/'));
        url.set_path(&path);
        let (method, credential, body) =
            (Method::Post, Provider::Fal, Some(Value::Object(input(terms)?)));
        let headers = submit_headers();
        Ok(Request { method, url, credential, headers, body })
    }

    fn submitted(&self, terms: &Terms, reply: &Reply) -> Submitted {
        reply::submitted(self, terms.route(), reply)
    }

    fn check(&self, handle: &ProviderHandle) -> Result<Request, Failure> {
        self.request(Method::Get, own(handle)?, Part::Status)
    }

    /// A finished request still has to be asked for its result, which is the verdict.
    fn checked(&self, handle: &ProviderHandle, reply: &Reply) -> Checked {
        let result = || self.request(Method::Get, own(handle)?, Part::Result);
        match reply::status(reply) {
            reply::Status::Queued => Checked::Queued,
            reply::Status::Rendering => Checked::Rendering,
            reply::Status::Finished => match result() {
                Ok(request) => Checked::Ask(request),
                Err(failure) => Checked::Trouble(failure.message),
            },
            reply::Status::Trouble(why) => Checked::Trouble(why),
        }
    }

    fn verdict(&self, handle: &ProviderHandle, reply: &Reply) -> Checked {
        let result = || self.request(Method::Get, own(handle)?, Part::Result);
        match result() {
            Ok(request) => reply::result(&request.url, reply),
            Err(failure) => Checked::Trouble(failure.message),
        }
    }

    fn cancel(&self, handle: &ProviderHandle) -> Option<Request> {
        self.request(Method::Put, own(handle).ok()?, Part::Cancel).ok()
    }

    fn cancelled(&self, reply: &Reply) -> Cancelled {
        reply::cancelled(reply)
    }

    fn refuses_our_account(&self, reply: &Reply) -> bool {
        refusal::refuses_our_account(reply)
    }
}

/// fal's own part of a handle.
fn own(handle: &ProviderHandle) -> Result<&Handle, Failure> {
    match handle {
        ProviderHandle::Fal(handle) => Ok(handle),
        _ => Err(foreign()),
    }
}

/// What a request's addresses lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Status,
    Result,
    Cancel,
}

impl Part {
    const fn suffix(self) -> &'static str {
        match self {
            Self::Status => "/status",
            Self::Result => "",
            Self::Cancel => "/cancel",
        }
    }
}

/// Sent with every submission. fal would otherwise render a failed request up to ten times by
/// itself, or render it with another model.
/// <https://docs.fal.ai/model-apis/model-endpoints/reliability>
fn submit_headers() -> Vec<(&'static str, String)> {
    vec![("x-fal-no-retry", "1".to_owned()), ("x-app-fal-disable-fallback", "true".to_owned())]
}

/// fal's ids are UUIDs.
const LONGEST_ID: usize = 128;

fn is_plain_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(plain)
}

/// Whether a first segment stands in front of owner and app.
fn is_namespace(segment: &str) -> bool {
    matches!(segment, "workflows" | "comfy")
}

/// The owner and the app in the address of this request, whatever base that is below.
fn app_of(address: &str, request_id: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|_| is_plain_id(request_id))?;
    let segments: Vec<&str> = url.path_segments()?.collect();
    let at = segments.windows(2).position(|pair| pair == ["requests", request_id])?;
    let namespaced = at >= 3 && is_namespace(segments[at - 3]);
    let app = &segments[at.checked_sub(if namespaced { 3 } else { 2 })?..at];
    let plain = |segment: &&str| {
        segment.starts_with(|first: char| first.is_ascii_alphanumeric())
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    app.iter().all(plain).then(|| app.join("/"))
}

/// The model's own input. The catalog says how each model spells it.
fn input(terms: &Terms) -> Result<Map<String, Value>, Failure> {
    let mut input = terms.input()?;
    input.insert("prompt".to_owned(), terms.prompt().into());
    Ok(input)
}

#[cfg(test)]
mod tests;
