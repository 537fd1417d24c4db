//! What fal's replies mean.

use super::refusal::{Said, described, error_type};
use super::{Fal, Handle, Part, is_plain_id, video};
use crate::job::{Failure, FailureCode};
use crate::provider::{Cancelled, Checked, Handle as ProviderHandle, LONGEST_ADDRESS, Reply, Submitted};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// Where a request stands, by its status alone.
pub(super) enum Status {
    Queued,
    Rendering,
    /// It is over, or the word for where it stands is not known: the result tells.
    Finished,
    Trouble(String),
}

#[derive(Deserialize)]
struct StatusBody {
    status: String,
}

/// The one documented 503 that says by itself that nothing was begun: no runner could be allocated.
/// After trouble with a connection to a runner fal's queue tries again by itself, so those are no
/// refusals.
const NOT_BEGUN: &str = "runner_scheduling_failure";

/// What was stopped at our own wish, by a cancellation whose answer or whose record was lost.
const STOPPED: &str = "client_cancelled";

#[derive(Deserialize)]
struct Taken {
    request_id: String,
    status_url: Option<String>,
    response_url: Option<String>,
    cancel_url: Option<String>,
}

pub(super) fn submitted(fal: &Fal, route: &str, reply: &Reply) -> Submitted {
    let why = || described(reply);
    match reply.status {
        200..=299 => accepted(fal, route, reply),
        // Our account at fal, or its limits: refused before anything was taken, and none of the
        // caller's doing.
        401..=403 | 407 | 429 => Submitted::NotTaken(why()),
        503 if error_type(reply).as_deref() == Some(NOT_BEGUN) => Submitted::NotTaken(why()),
        // The operator's route leads nowhere, or nowhere any more.
        404 | 405 | 410 => Submitted::Refused(
            Failure::new(FailureCode::ProviderUnavailable, "fal does not have this model at present").with_said(&why()),
        ),
        408 | 409 | 425 | 499 => Submitted::Unknown(why()),
        400..=499 => Submitted::Refused(Said::by(reply).failure(reply.status)),
        _ => Submitted::Unknown(why()),
    }
}

fn accepted(fal: &Fal, route: &str, reply: &Reply) -> Submitted {
    let taken = serde_json::from_slice::<Taken>(&reply.body).ok();
    let Some(taken) = taken.filter(|taken| is_plain_id(&taken.request_id)) else {
        return Submitted::Unknown(described(reply));
    };
    let address = |given: Option<String>, part| {
        let own = given.filter(|given| is_address(given) && fal.own_url(given).is_some());
        own.unwrap_or_else(|| fal.made_url(&app(route), &taken.request_id, part).into())
    };
    Submitted::Accepted(ProviderHandle::Fal(Handle {
        status_url: address(taken.status_url, Part::Status),
        response_url: address(taken.response_url, Part::Result),
        cancel_url: address(taken.cancel_url, Part::Cancel),
        request_id: taken.request_id,
    }))
}

/// What of a model's path is in the addresses of its requests: the first two segments, or three
/// where the first is a namespace.
fn app(route: &str) -> String {
    let segments: Vec<&str> = route.trim_matches('/').split('/').collect();
    let kept = if segments.first().is_some_and(|first| super::is_namespace(first)) { 3 } else { 2 };
    segments[..kept.min(segments.len())].join("/")
}

fn is_address(text: &str) -> bool {
    (1..=LONGEST_ADDRESS).contains(&text.len())
}

pub(super) fn status(reply: &Reply) -> Status {
    let read = serde_json::from_slice::<StatusBody>(&reply.body).map(|body| body.status.to_ascii_uppercase());
    match (reply.status, read.as_deref()) {
        (200 | 202, Ok("IN_QUEUE")) => Status::Queued,
        (200 | 202, Ok("IN_PROGRESS")) => Status::Rendering,
        (200 | 202, Ok(_)) => Status::Finished,
        _ => Status::Trouble(described(reply)),
    }
}

/// What the result means, which was read from `base`. It carries the model's own status code.
///
/// - A list of errors is the model's verdict, with any status but those of a limit.
/// - Without a list, 401, 402, 403, 407 and 5xx speak of our account or of a passing fault. They are no verdict.
/// - Any other 4xx is one: fal says in no other way that a render failed. A page is none, for fal's API does not write pages.
pub(super) fn result(base: &Url, reply: &Reply) -> Checked {
    let said = Said::by(reply);
    let trouble = || Checked::Trouble(described(reply));
    let verdict = || Checked::Failed(said.failure(reply.status));
    match (reply.status, serde_json::from_slice::<Value>(&reply.body)) {
        (200, Ok(body)) => match video::address(&body, base) {
            Some(file_url) => Checked::Done { file_url },
            None if said.by_the_model => verdict(),
            None => Checked::Failed(
                Failure::new(FailureCode::ProviderNoOutput, "fal finished the render and gave no video")
                    .with_said(&format!("the result has: {}", video::keys(&body))),
            ),
        },
        (408 | 425 | 429, _) => trouble(),
        (499, _) if error_type(reply).as_deref() == Some(STOPPED) => Checked::Failed(Failure::cancelled()),
        (400.., _) if said.by_the_model => verdict(),
        (400, _) if said.is_that_it_goes_on() => Checked::Rendering,
        (404 | 405 | 410, _) => {
            let message = format!("fal finished the render and does not have its result (HTTP {})", reply.status);
            Checked::Failed(said.marked(Failure::new(FailureCode::ProviderNoOutput, &message)))
        }
        (400 | 406 | 409..=498, _) if !is_page(&reply.body) => verdict(),
        _ => trouble(),
    }
}

fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// What the reply to a cancellation means. The word decides; the status codes differ between
/// versions of fal's documentation.
pub fn cancel_read(reply: &Reply) -> Cancelled {
    match serde_json::from_slice::<StatusBody>(&reply.body).as_ref().map(|body| body.status.as_str()) {
        Ok("OK") => Cancelled::Stopped,
        Ok("NOT_FOUND") => Cancelled::Unknown,
        Ok("CANCELLATION_REQUESTED") => Cancelled::Asked,
        Ok("ALREADY_COMPLETED") => Cancelled::AlreadyDone,
        _ => Cancelled::Trouble(described(reply)),
    }
}
