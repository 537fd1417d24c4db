//! What fal's replies mean.

use super::{Fal, Handle};
use crate::job::{Failure, FailureCode};
use crate::provider::{Cancelled, Checked, Handle as ProviderHandle, LONGEST_ADDRESS, Reply, Submitted};
use serde::Deserialize;
use serde_json::Value;

/// Where a request stands, by its status alone.
pub(super) enum Status {
    Queued,
    Rendering,
    Finished,
    Trouble(String),
}

#[derive(Deserialize)]
struct StatusBody {
    status: String,
}

/// The one documented 503 that says by itself that nothing was begun: no runner could be allocated. After trouble with a connection
/// to a runner fal's queue tries again by itself, so those are no refusals.
const NOT_BEGUN: &str = "runner_scheduling_failure";

/// What was stopped at our own wish, by a cancellation whose answer or whose record was lost.
const STOPPED: &str = "client_cancelled";

/// fal's ids are UUIDs.
const LONGEST_ID: usize = 128;

#[derive(Deserialize)]
struct Taken {
    request_id: String,
    status_url: Option<String>,
    response_url: Option<String>,
    cancel_url: Option<String>,
}

pub(super) fn submitted(fal: &Fal, route: &str, reply: &Reply) -> Submitted {
    let why = || described("fal", reply);
    match reply.status {
        200..=299 => accepted(fal, route, reply),
        // Our account at fal, or its limits: refused before anything was taken, and none of the caller's doing.
        401..=403 | 429 => Submitted::NotTaken(why()),
        503 if error_type(reply).as_deref() == Some(NOT_BEGUN) => Submitted::NotTaken(why()),
        404 => Submitted::Refused(Failure::new(
            FailureCode::ProviderUnavailable,
            "fal does not have this model at present",
        )),
        408 | 409 | 425 => Submitted::Unknown(why()),
        400..=499 => Submitted::Refused(refusal(reply)),
        _ => Submitted::Unknown(why()),
    }
}

fn accepted(fal: &Fal, route: &str, reply: &Reply) -> Submitted {
    let plain = |id: &str| {
        (1..=LONGEST_ID).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let Some(taken) = serde_json::from_slice::<Taken>(&reply.body).ok().filter(|taken| plain(&taken.request_id)) else {
        return Submitted::Unknown(described("fal", reply));
    };
    let address = |given: Option<String>, suffix| {
        let own = given.filter(|given| is_address(given) && fal.own_url(given).is_some());
        own.unwrap_or_else(|| fal.derived_url(route, &taken.request_id, suffix))
    };
    Submitted::Accepted(ProviderHandle::Fal(Handle {
        status_url: address(taken.status_url, "/status"),
        response_url: address(taken.response_url, ""),
        cancel_url: address(taken.cancel_url, "/cancel"),
        request_id: taken.request_id,
    }))
}

fn is_address(text: &str) -> bool {
    (1..=LONGEST_ADDRESS).contains(&text.len())
}

pub(super) fn status(reply: &Reply) -> Status {
    let read = serde_json::from_slice::<StatusBody>(&reply.body);
    match (reply.status, read.as_ref().map(|body| body.status.as_str())) {
        (200 | 202, Ok("IN_QUEUE")) => Status::Queued,
        (200 | 202, Ok("IN_PROGRESS")) => Status::Rendering,
        (200 | 202, Ok("COMPLETED")) => Status::Finished,
        _ => Status::Trouble(described("fal", reply)),
    }
}

/// What the result means. It carries the model's own status code: 422 is the verdict on this request, a 5xx or 404 is not one.
pub fn result_read(reply: &Reply) -> Checked {
    let body = serde_json::from_slice::<Value>(&reply.body);
    match (reply.status, body) {
        (200, Ok(body)) if body.is_object() => {
            match body.pointer("/video/url").and_then(Value::as_str).filter(|url| is_address(url)) {
                Some(url) => Checked::Done { file_url: url.to_owned() },
                None => Checked::Failed(Failure::new(
                    FailureCode::ProviderNoOutput,
                    "fal finished the render and gave no video",
                )),
            }
        }
        (422, Ok(body)) if body.get("detail").is_some() => Checked::Failed(refusal(reply)),
        (499, _) if error_type(reply).as_deref() == Some(STOPPED) => Checked::Failed(Failure::cancelled()),
        // A model's own refusal is a list, also with another 4xx; what stands before the model (keys, limits) never answers with one.
        (400 | 402 | 404..=407 | 409..=428 | 430..=499, Ok(body))
            if body.get("detail").is_some_and(Value::is_array) =>
        {
            Checked::Failed(refusal(reply))
        }
        _ => Checked::Trouble(described("fal", reply)),
    }
}

/// What the reply to a cancellation means. The word decides; the status codes differ between versions of fal's documentation.
pub fn cancel_read(reply: &Reply) -> Cancelled {
    match serde_json::from_slice::<StatusBody>(&reply.body).as_ref().map(|body| body.status.as_str()) {
        Ok("OK") => Cancelled::Stopped,
        Ok("NOT_FOUND") => Cancelled::Unknown,
        Ok("CANCELLATION_REQUESTED") => Cancelled::Asked,
        Ok("ALREADY_COMPLETED") => Cancelled::AlreadyDone,
        _ => Cancelled::Trouble(described("fal", reply)),
    }
}

/// A structured refusal: fal's `detail` is a list of `{loc, msg, type}`, or on endpoints that were not migrated plain text.
fn refusal(reply: &Reply) -> Failure {
    let detail =
        serde_json::from_slice::<Value>(&reply.body).ok().and_then(|mut body| body.get_mut("detail").map(Value::take));
    let (message, kind) = match detail {
        Some(Value::String(text)) => (text, error_type(reply)),
        Some(Value::Array(items)) => {
            let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
            let messages: Vec<String> = items.iter().filter_map(|item| text(item, "msg")).collect();
            (messages.join("; "), items.iter().find_map(|item| text(item, "type")))
        }
        _ => (String::new(), error_type(reply)),
    };
    let message = if message.is_empty() { format!("fal refused the request (HTTP {})", reply.status) } else { message };
    let code = match kind.as_deref() {
        Some("content_policy_violation") => FailureCode::ContentFiltered,
        _ => FailureCode::ProviderRefused,
    };
    let failure = Failure::new(code, &message);
    match kind {
        Some(kind) => failure.with_provider_code(kind),
        None => failure,
    }
}

fn error_type(reply: &Reply) -> Option<String> {
    let body: Value = serde_json::from_slice(&reply.body).ok()?;
    body.get("error_type").and_then(Value::as_str).map(str::to_owned)
}

/// A reply for the log: its status and fal's own type of error, never its body, which may repeat the prompt.
fn described(provider: &str, reply: &Reply) -> String {
    match error_type(reply) {
        Some(kind) => format!("{provider} answered HTTP {} ({kind})", reply.status),
        None => format!("{provider} answered HTTP {}", reply.status),
    }
}
