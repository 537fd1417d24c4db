//! What fal's replies mean.

use super::refusal::{Said, described, error_type};
use super::{Fal, Handle, Part, is_plain_id, video};
use crate::adapter::{
    Cancelled, Checked, Handle as ProviderHandle, LONGEST_ADDRESS, Reply, Submitted,
};
use crate::failure::{Failure, FailureCode};
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

/// The one documented 503 that says by itself that nothing was begun: no runner could be allocated.
/// After trouble with a connection to a runner fal's queue tries again by itself, so those are no
/// refusals.
const NOT_BEGUN: &str = "runner_scheduling_failure";

/// What was stopped at our own wish, by a cancellation whose answer or whose record was lost.
const STOPPED: &str = "client_cancelled";

pub(super) fn submitted(fal: &Fal, route: &str, reply: &Reply) -> Submitted {
    let why = || described(reply);
    match reply.status {
        200..=299 => accepted(fal, route, reply),
        // Our account at fal, or its limits: refused before anything was taken, and none of the
        // caller's doing. A model's own refusal with such a status is one of the order.
        401..=403 if !Said::by(reply).by_the_model => Submitted::NotTaken(why()),
        407 | 429 => Submitted::NotTaken(why()),
        503 if error_type(reply).as_deref() == Some(NOT_BEGUN) => Submitted::NotTaken(why()),
        // The operator's route leads nowhere, or nowhere any more.
        404 | 405 | 410 => {
            let failure = Failure::new(
                FailureCode::ProviderUnavailable,
                "fal does not have this model at present",
            );
            let words = Some(Said::by(reply).sentences()).filter(|words| !words.is_empty());
            let words = words.map(|words| format!(": {words}")).unwrap_or_default();
            Submitted::Refused(failure.with_said(&format!("{}{words}", why())))
        }
        408 | 409 | 425 | 499 => Submitted::Unknown(why()),
        400..=499 => Submitted::Refused(Said::by(reply).failure(reply.status)),
        _ => Submitted::Unknown(why()),
    }
}

fn accepted(fal: &Fal, route: &str, reply: &Reply) -> Submitted {
    let taken = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
    let text = |name: &str| taken.get(name).and_then(Value::as_str);
    let Some(request_id) = text("request_id").filter(|id| is_plain_id(id)) else {
        return Submitted::Unknown(described(reply));
    };
    let address = |name: &str, part| {
        let own = text(name).filter(|given| is_address(given) && fal.own_url(given).is_some());
        own.map_or_else(|| fal.made_url(&app(route), request_id, part).into(), str::to_owned)
    };
    Submitted::Accepted(ProviderHandle::Fal(Handle {
        request_id: request_id.to_owned(),
        status_url: address("status_url", Part::Status),
        response_url: address("response_url", Part::Result),
        cancel_url: address("cancel_url", Part::Cancel),
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
    match (reply.status, status_word(reply).as_deref()) {
        (200 | 202, Some("IN_QUEUE")) => Status::Queued,
        (200 | 202, Some("IN_PROGRESS")) => Status::Rendering,
        (200 | 202, Some(_)) => Status::Finished,
        _ => Status::Trouble(described(reply)),
    }
}

/// The word for where a request stands, in capitals.
fn status_word(reply: &Reply) -> Option<String> {
    let body = serde_json::from_slice::<Value>(&reply.body).ok()?;
    Some(body.get("status")?.as_str()?.trim().to_ascii_uppercase())
}

/// A status that stands in the result's place, if it says that the render goes on. An unknown word
/// of the status may have led there too early.
fn goes_on(reply: &Reply) -> Option<Checked> {
    match status(reply) {
        Status::Queued => Some(Checked::Queued),
        Status::Rendering => Some(Checked::Rendering),
        Status::Finished | Status::Trouble(_) => None,
    }
}

/// What the result means, which was read from `base`. It carries the model's own status code.
///
/// - A list of errors is the model's verdict, with any status but those of a limit.
/// - Without a list, 401, 402, 403, 407 and 5xx speak of our account or of a passing fault. They
///   are no verdict.
/// - Any other 4xx is one: fal says in no other way that a render failed. A page is none, for fal's
///   API does not write pages.
pub(super) fn result(base: &Url, reply: &Reply) -> Checked {
    let said = Said::by(reply);
    let trouble = || Checked::Trouble(described(reply));
    let verdict = || Checked::Failed(said.failure(reply.status));
    match (reply.status, serde_json::from_slice::<Value>(&reply.body)) {
        (200, Ok(body)) => match video::address(&body, base) {
            Some(file_url) => Checked::Done { file_url },
            None if said.by_the_model || said.is_filtered() => verdict(),
            None => goes_on(reply).unwrap_or_else(|| {
                let message = "fal finished the render and gave no video";
                let failure = Failure::new(FailureCode::ProviderNoOutput, message);
                Checked::Failed(
                    failure.with_said(&format!("the result has: {}", video::keys(&body))),
                )
            }),
        },
        (202, Ok(_)) => goes_on(reply).unwrap_or_else(trouble),
        (408 | 425 | 429, _) => trouble(),
        (499, _) if error_type(reply).as_deref() == Some(STOPPED) => {
            Checked::Failed(Failure::cancelled())
        }
        (400.., _) if said.by_the_model => verdict(),
        (400, _) if said.is_that_it_goes_on() => Checked::Rendering,
        (404 | 405 | 410, _) => {
            let message = format!(
                "fal finished the render and does not have its result (HTTP {})",
                reply.status
            );
            Checked::Failed(said.marked(Failure::new(FailureCode::ProviderNoOutput, &message)))
        }
        (400 | 406 | 409..=498, _) if !is_page(&reply.body) => verdict(),
        _ => trouble(),
    }
}

fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// What the reply to a cancellation means. The word decides, for the status codes differ between
/// versions of fal's documentation. Only a success says that it stopped, and an error of fal's
/// machines says nothing.
pub(super) fn cancelled(reply: &Reply) -> Cancelled {
    match (reply.status, status_word(reply).as_deref()) {
        (200..=299, Some("OK")) => Cancelled::Stopped,
        (200..=499, Some("NOT_FOUND")) => Cancelled::Unknown,
        (200..=499, Some("CANCELLATION_REQUESTED")) => Cancelled::Asked,
        (200..=499, Some("ALREADY_COMPLETED")) => Cancelled::AlreadyDone,
        _ => Cancelled::Trouble(described(reply)),
    }
}
