//! What Google's replies mean.

use super::json::{field, items, number, text, truth};
use super::status::{Fault, Status};
use super::{Handle, INLINE};
use crate::adapter::{Checked, Handle as ProviderHandle, LONGEST_ADDRESS, Reply, Submitted};
use crate::failure::{Failure, FailureCode};
use crate::foreign_text;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::borrow::Cow;

/// Lists in which a response may have its videos: Vertex AI's name first, then those of the Gemini
/// API and of Google's clients.
const LISTS: [&str; 3] = ["videos", "generatedVideos", "generatedSamples"];
/// What a video calls the object in Cloud Storage.
const URIS: [&str; 2] = ["gcsUri", "uri"];
/// What a video calls its own bytes. `inline` takes them out under the same names.
pub(super) const BYTES: [&str; 3] = ["bytesBase64Encoded", "encodedVideo", "videoBytes"];
/// Where a response and its videos say why a filter held them back.
const REASONS: [&str; 4] = [
    "raiMediaFilteredReasons",
    "raiMediaFilteredReason",
    "raiFilteredReasons",
    "raiFilteredReason",
];
/// Where Cloud Storage answers over HTTPS.
const STORAGE: [&str; 2] = ["https://storage.googleapis.com/", "https://storage.cloud.google.com/"];

pub(super) fn submitted(model: &str, reply: &Reply) -> Submitted {
    let why = || described(reply);
    let body = the_operation(&reply.body).unwrap_or_default();
    let status = Status::of(reply.status, &body);
    match reply.status {
        200..=299 => match text(&body, "name").filter(|name| is_plain(name)) {
            Some(name) => Submitted::Accepted(ProviderHandle::Google(Handle {
                operation: name.to_owned(),
                model: model.to_owned(),
            })),
            None => Submitted::Unknown(why()),
        },
        // Our account at Google, or its quota: refused before anything was begun, and none of the
        // caller's doing.
        401..=403 | 407 | 429 => Submitted::NotTaken(why()),
        // The operator's route leads nowhere, or nowhere any more.
        404 | 405 | 410 => Submitted::Refused(
            Failure::new(
                FailureCode::ProviderUnavailable,
                "Google does not have this model at present",
            )
            .with_said(&why()),
        ),
        408 | 409 | 425 | 499 => Submitted::Unknown(why()),
        400..=498 => match status.as_ref().map(Status::fault) {
            Some(Fault::Orders) => Submitted::Refused(status.unwrap_or_default().failure()),
            Some(Fault::Operators | Fault::Passing) => Submitted::NotTaken(why()),
            None => {
                let message = format!("Google refused the request (HTTP {})", reply.status);
                let said = std::str::from_utf8(&reply.body).unwrap_or_default();
                Submitted::Refused(
                    Failure::new(FailureCode::ProviderRefused, &message).with_said(said),
                )
            }
        },
        _ => Submitted::Unknown(why()),
    }
}

/// What is said of an operation. An error that says nothing is none: it stands beside a video at
/// times.
pub(super) fn operation(reply: &Reply) -> Checked {
    if reply.status == 200 && !reply.whole && names_inline_video(&reply.body) {
        // nothing else in an operation's answer is that long
        return Checked::Done { file_url: INLINE.to_owned() };
    }
    let Some(operation) = (reply.status == 200).then(|| the_operation(&reply.body)).flatten()
    else {
        return Checked::Trouble(described(reply));
    };
    let response = field(&operation, "response").unwrap_or(&Value::Null);
    let (done, named) = (truth(&operation, "done"), text(&operation, "name").is_some());
    match Status::within(&operation) {
        // Only what is over has an error, whether `done` is there or not.
        Some(status) if done || (named && field(&operation, "done").is_none()) => {
            Checked::Failed(status.failure())
        }
        None if done || video(response).is_some() => finished(response),
        None if named => Checked::Rendering,
        _ => Checked::Trouble(described(reply)),
    }
}

/// Whether the operator's account is what an operation failed for.
pub(super) fn refuses_our_account(reply: &Reply) -> bool {
    match reply.status {
        401..=403 => true,
        200 | 400 => the_operation(&reply.body)
            .and_then(|body| Status::of(reply.status, &body))
            .is_some_and(|status| status.fault() == Fault::Operators),
        _ => false,
    }
}

fn the_operation(body: &[u8]) -> Option<Value> {
    match serde_json::from_slice(body).ok()? {
        Value::Array(mut items) if !items.is_empty() => Some(items.swap_remove(0)),
        value @ Value::Object(_) => Some(value),
        _ => None,
    }
}

/// Where a response may have its fields: at its top, or in an object directly within it, such as
/// `generateVideoResponse`.
fn levels(response: &Value) -> impl Iterator<Item = &Value> {
    let within = response
        .as_object()
        .into_iter()
        .flat_map(|object| object.values().filter(|value| value.is_object()));
    std::iter::once(response).chain(within)
}

/// The items of a response's lists of videos, whether they are videos or say why there is none.
fn listed(response: &Value) -> impl Iterator<Item = &Value> {
    LISTS.iter().flat_map(move |list| levels(response).flat_map(move |level| items(level, list)))
}

fn finished(response: &Value) -> Checked {
    let failed = |code, message: &str| Failure::new(code, message);
    let counted = levels(response)
        .any(|level| number(level, "raiMediaFilteredCount").is_some_and(|count| count > 0));
    let reasons = reasons(response);
    match video(response) {
        Some(Video::Object(file_url)) => Checked::Done { file_url },
        Some(Video::Inline) => Checked::Done { file_url: INLINE.to_owned() },
        _ if counted || !reasons.is_empty() => {
            let (said, ours) =
                (sentences(&reasons), "Google's safety filters held the video back".to_owned());
            let message = foreign_text::for_callers(&said).unwrap_or(ours);
            Checked::Failed(failed(FailureCode::ContentFiltered, &message).with_said(&said))
        }
        Some(Video::Elsewhere) => Checked::Failed(failed(
            FailureCode::ProviderNoOutput,
            "Google gave an address for the video that is not in Cloud Storage",
        )),
        None => {
            let keys: Vec<_> = levels(response)
                .filter_map(Value::as_object)
                .flat_map(|level| level.keys())
                .collect();
            let keys = keys.into_iter().take(12).map(String::as_str).collect::<Vec<_>>().join(", ");
            let failure = failed(
                FailureCode::ProviderNoOutput,
                "Google finished the render and gave no video",
            );
            Checked::Failed(failure.with_said(&format!("the response has: {keys}")))
        }
    }
}

/// All that a response gives as a reason why its filters held something back.
fn reasons(response: &Value) -> Vec<&Value> {
    let videos =
        listed(response).flat_map(|item| std::iter::once(item).chain(field(item, "video")));
    let places = levels(response).chain(videos);
    let given = places.flat_map(|place| REASONS.iter().flat_map(move |name| items(place, name)));
    given.filter(|reason| !reason.is_null()).collect()
}

/// What reasons say: as a text, as an object with a text, or as a support code alone.
fn sentences(reasons: &[&Value]) -> String {
    let sentence = |reason: &Value| match reason {
        Value::String(text) => text.clone(),
        Value::Number(code) => code.to_string(),
        reason => text(reason, "reason")
            .or_else(|| text(reason, "message"))
            .unwrap_or_default()
            .to_owned(),
    };
    let said =
        reasons.iter().map(|reason| sentence(reason)).filter(|sentence| !sentence.is_empty());
    said.collect::<Vec<_>>().join("; ")
}

/// Where a video is.
enum Video {
    Object(String),
    Inline,
    /// At an address that is not fetched.
    Elsewhere,
}

/// The first video of a response that can be fetched.
fn video(response: &Value) -> Option<Video> {
    let videos = || listed(response).map(|item| field(item, "video").unwrap_or(item));
    let fetched = videos().find_map(|video| {
        let object = uris(video).find_map(object).map(Video::Object);
        object.or_else(|| {
            BYTES.iter().any(|name| text(video, name).is_some()).then_some(Video::Inline)
        })
    });
    fetched
        .or_else(|| videos().any(|video| uris(video).next().is_some()).then_some(Video::Elsewhere))
}

fn uris(video: &Value) -> impl Iterator<Item = &str> {
    video.as_str().into_iter().chain(URIS.iter().filter_map(|name| text(video, name)))
}

/// The object that an address names, as `gs://bucket/object`. Over HTTPS a name is percent-encoded,
/// and a query may carry a signature, which we have no use for.
fn object(uri: &str) -> Option<String> {
    let path = match uri.strip_prefix("gs://") {
        Some(path) => Cow::Borrowed(path),
        None => {
            let path = STORAGE.iter().find_map(|storage| uri.strip_prefix(storage))?;
            percent_decode_str(path.split(['?', '#']).next()?).decode_utf8().ok()?
        }
    };
    let named = path
        .split_once('/')
        .is_some_and(|(bucket, object)| !bucket.is_empty() && !object.is_empty());
    let named = named && !path.chars().any(char::is_control);
    (named && path.len() <= LONGEST_ADDRESS).then(|| format!("gs://{path}"))
}

fn names_inline_video(body: &[u8]) -> bool {
    let body: Vec<u8> =
        body.iter().filter(|byte| **byte != b'_').map(u8::to_ascii_lowercase).collect();
    let has = |name: &str| {
        body.windows(name.len()).any(|window| window == name.to_ascii_lowercase().as_bytes())
    };
    BYTES.into_iter().any(has)
}

/// An operation's name goes back to Google inside a body; it has to look like one.
fn is_plain(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_graphic());
    plain && name.starts_with("projects/") && name.contains("/operations/") && name.len() <= 512
}

/// A reply for the log: never its body, which may repeat the prompt.
fn described(reply: &Reply) -> String {
    let body = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
    match Status::within(&body).and_then(|status| status.word()) {
        Some(word) => format!(
            "Google answered HTTP {} ({})",
            reply.status,
            foreign_text::shortened(&word, 64)
        ),
        None => format!("Google answered HTTP {}", reply.status),
    }
}
