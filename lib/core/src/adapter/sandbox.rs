//! The sandbox: a provider that renders nothing and bills nothing, for callers who test with a key
//! that begins with `ghub_sk_test_`. Its jobs go the way of all jobs; only the far end of it is
//! here, in the process, instead of at a company. What the prompt says decides how a job ends
//! ([`Outcome`]), and time alone decides when, so that nothing has to be kept.

mod answer;

pub use answer::{VIDEO, answered};

use super::{
    Adapter, Cancelled, Checked, FileSource, Handle as ProviderHandle, Method, Reply, Request,
    Submitted, foreign,
};
use crate::failure::{Failure, FailureCode};
use crate::id::JobKey;
use crate::provider::Provider;
use crate::terms::Terms;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

/// Where it would be. Names below `invalid` lead nowhere (RFC 6761), should such a request ever be
/// sent.
const ORIGIN: &str = "https://sandbox.invalid";

/// How a job goes: by the first of these words that is in its prompt, else [`Self::Completed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// `sandbox:completed`: a video after 3 s.
    Completed,
    /// `sandbox:slow`: a video after a minute.
    Slow,
    /// `sandbox:stored`: a video after 3 s, which is stored as a live one is.
    Stored,
    /// `sandbox:content_filtered`: refused after 3 s, for what the prompt asks.
    ContentFiltered,
    /// `sandbox:render_failed`: the render fails after 3 s.
    RenderFailed,
    /// `sandbox:provider_down`: never taken; `pending` for ten minutes, and failed then.
    ProviderDown,
}

impl Outcome {
    pub const ALL: [Self; 6] = [
        Self::Completed,
        Self::Slow,
        Self::Stored,
        Self::ContentFiltered,
        Self::RenderFailed,
        Self::ProviderDown,
    ];

    /// What a prompt says to have it.
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Completed => "sandbox:completed",
            Self::Slow => "sandbox:slow",
            Self::Stored => "sandbox:stored",
            Self::ContentFiltered => "sandbox:content_filtered",
            Self::RenderFailed => "sandbox:render_failed",
            Self::ProviderDown => "sandbox:provider_down",
        }
    }

    /// The one that a prompt asks for.
    pub fn of(prompt: &str) -> Self {
        let asked = Self::ALL
            .into_iter()
            .filter_map(|outcome| Some((prompt.find(outcome.marker())?, outcome)));
        asked.min_by_key(|(at, _)| *at).map_or(Self::Completed, |(_, outcome)| outcome)
    }
}

/// What the sandbox calls a job: all that it would have to remember of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// How it goes. [`Outcome::Stored`] is written as `completed`, which the version before reads,
    /// with `stored`.
    pub outcome: Outcome,
    /// When it was taken, in Unix seconds.
    pub taken: i64,
    /// Whether its video is a file of its own in storage, and not the one that sandbox jobs share.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub stored: bool,
}

/// What it answers about a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum Status {
    Rendering,
    Completed { video: String },
    Filtered,
    Failed,
    Cancelled,
}

/// The adapter of the sandbox, which has nothing to configure.
#[derive(Debug, Clone, Copy)]
pub struct Sandbox;

impl Adapter for Sandbox {
    fn url(&self) -> Option<&Url> {
        None
    }

    /// It has no credential.
    fn is_own(&self, _url: &Url) -> bool {
        false
    }

    fn submit(&self, _job: JobKey, terms: &Terms) -> Result<Request, Failure> {
        Ok(request(Method::Post, "requests", Some(json!({"prompt": terms.prompt()}))))
    }

    fn submitted(&self, _terms: &Terms, reply: &Reply) -> Submitted {
        match (reply.status, serde_json::from_slice(&reply.body)) {
            (200, Ok(handle)) => Submitted::Accepted(ProviderHandle::Sandbox(handle)),
            (503, _) => Submitted::NotTaken("the sandbox plays a provider that is down".to_owned()),
            (status, _) => Submitted::Unknown(format!("the sandbox answered {status}")),
        }
    }

    fn check(&self, handle: &ProviderHandle) -> Result<Request, Failure> {
        Ok(request(Method::Post, "status", Some(json!(own(handle)?))))
    }

    fn checked(&self, _handle: &ProviderHandle, reply: &Reply) -> Checked {
        match serde_json::from_slice(&reply.body) {
            Ok(Status::Rendering) => Checked::Rendering,
            Ok(Status::Completed { video }) => Checked::Done { file_url: video },
            Ok(Status::Filtered) => {
                let says = "the sandbox plays a content filter";
                let failure = Failure::new(FailureCode::ContentFiltered, says);
                Checked::Failed(failure.with_provider_code("content_policy_violation"))
            }
            Ok(Status::Failed) => {
                let says = "the sandbox plays a render that fails";
                let failure = Failure::new(FailureCode::RenderFailed, says);
                Checked::Failed(failure.with_provider_code("render_failed"))
            }
            Ok(Status::Cancelled) | Err(_) => Checked::Trouble(NO_SENSE.to_owned()),
        }
    }

    fn cancel(&self, handle: &ProviderHandle) -> Option<Request> {
        Some(request(Method::Put, "cancel", Some(json!(own(handle).ok()?))))
    }

    fn cancelled(&self, reply: &Reply) -> Cancelled {
        match serde_json::from_slice(&reply.body) {
            Ok(Status::Cancelled) => Cancelled::Stopped,
            Ok(Status::Completed { .. } | Status::Filtered | Status::Failed) => {
                Cancelled::AlreadyDone
            }
            Ok(Status::Rendering) | Err(_) => Cancelled::Trouble(NO_SENSE.to_owned()),
        }
    }

    fn file(&self, _handle: &ProviderHandle, _file_url: &str) -> Result<FileSource, Failure> {
        Ok(FileSource::Private(request(Method::Get, "video.mp4", None)))
    }

    fn refuses_our_account(&self, _reply: &Reply) -> bool {
        false
    }
}

/// What is said of an answer that cannot be read.
const NO_SENSE: &str = "the sandbox's answer makes no sense";

/// The sandbox's own part of a handle.
fn own(handle: &ProviderHandle) -> Result<&Handle, Failure> {
    match handle {
        ProviderHandle::Sandbox(handle) => Ok(handle),
        _ => Err(foreign()),
    }
}

fn request(method: Method, path: &str, body: Option<serde_json::Value>) -> Request {
    let mut url = Url::parse(ORIGIN).expect("the origin is an address");
    url.set_path(path);
    Request { method, url, credential: Provider::Sandbox, headers: Vec::new(), body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{changed, kling};

    fn asked(request: &Request, now_unix_s: i64) -> Reply {
        answered(request, now_unix_s)
    }

    fn taken(prompt: &str) -> Submitted {
        let terms = changed(kling().terms(), &json!({"prompt": prompt}));
        let request = Sandbox.submit(kling().key(), &terms).unwrap();
        Sandbox.submitted(&terms, &asked(&request, 1_000))
    }

    fn handle(prompt: &str) -> Handle {
        match taken(prompt) {
            Submitted::Accepted(ProviderHandle::Sandbox(handle)) => handle,
            other => panic!("{prompt}: {other:?}"),
        }
    }

    fn given(prompt: &str) -> ProviderHandle {
        ProviderHandle::Sandbox(handle(prompt))
    }

    fn check(prompt: &str) -> Request {
        Sandbox.check(&given(prompt)).unwrap()
    }

    fn checked(reply: &Reply) -> Checked {
        Sandbox.checked(&given(""), reply)
    }

    #[test]
    fn the_first_marker_in_the_prompt_decides() {
        assert_eq!(Outcome::of("a hummingbird"), Outcome::Completed);
        assert_eq!(Outcome::of("sandbox:slow, then sandbox:render_failed"), Outcome::Slow);
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::of(&format!("a hummingbird, {}", outcome.marker())), outcome);
            let word = serde_json::to_value(outcome).unwrap();
            assert_eq!(
                Some(outcome.marker()),
                word.as_str().map(|word| format!("sandbox:{word}")).as_deref()
            );
        }
    }

    #[test]
    fn each_outcome_comes_when_it_should() {
        let at = |prompt: &str, now| checked(&asked(&check(prompt), now));
        for (prompt, ready) in [
            ("", 1_003),
            ("sandbox:stored", 1_003),
            ("sandbox:slow", 1_060),
            ("sandbox:content_filtered", 1_003),
        ] {
            assert_eq!(at(prompt, ready - 1), Checked::Rendering, "{prompt}");
            assert_ne!(at(prompt, ready), Checked::Rendering, "{prompt}");
        }
        assert!(matches!(at("", 2_000), Checked::Done { .. }));
        assert!(matches!(at("sandbox:slow", 2_000), Checked::Done { .. }));
        let code = |prompt: &str| match at(prompt, 2_000) {
            Checked::Failed(failure) => failure.code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code("sandbox:content_filtered"), FailureCode::ContentFiltered);
        assert_eq!(code("sandbox:render_failed"), FailureCode::RenderFailed);
        assert!(matches!(taken("sandbox:provider_down"), Submitted::NotTaken(_)));
    }

    /// During an update the version before reads what this one wrote.
    #[test]
    fn a_stored_job_is_a_completed_one_to_the_version_before() {
        let stored = serde_json::to_value(handle("sandbox:stored")).unwrap();
        assert_eq!(stored, json!({"outcome": "completed", "taken": 1_000, "stored": true}));
        let before = json!({"outcome": "completed", "taken": 1_000});
        assert_eq!(serde_json::to_value(handle("")).unwrap(), before);
        assert_eq!(serde_json::from_value::<Handle>(before).unwrap(), handle(""));
    }

    #[test]
    fn it_stops_only_what_is_not_over() {
        let at = |prompt: &str, now| {
            let request = Sandbox.cancel(&given(prompt)).unwrap();
            Sandbox.cancelled(&asked(&request, now))
        };
        assert_eq!(at("sandbox:slow", 1_059), Cancelled::Stopped);
        assert_eq!(at("sandbox:slow", 1_060), Cancelled::AlreadyDone);
        assert_eq!(at("sandbox:render_failed", 1_003), Cancelled::AlreadyDone);
    }

    #[test]
    fn its_video_is_a_whole_mp4() {
        let FileSource::Private(request) = Sandbox.file(&given(""), "").unwrap() else {
            panic!("it is the sandbox's own")
        };
        let video = asked(&request, 0);
        let mut walker = crate::mp4::Walker::default();
        walker.pass(&video.body).unwrap();
        walker.finish().unwrap();
        assert!(video.status == 200 && video.body.len() < 64 << 10, "{} bytes", video.body.len());
    }

    #[test]
    fn what_it_does_not_know_is_an_error() {
        let odd = Request { body: Some(json!(7)), ..check("") };
        assert!(matches!(checked(&asked(&odd, 0)), Checked::Trouble(_)));
        assert_eq!(asked(&request(Method::Get, "nothing", None), 0).status, 404);
    }
}
