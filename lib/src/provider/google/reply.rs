//! What Google's replies mean. Errors come in the shape of `google.rpc.Status`, over HTTP and, with HTTP 200, inside an operation.

use super::{Handle, INLINE};
use crate::job::{Failure, FailureCode};
use crate::provider::{Checked, Handle as ProviderHandle, LONGEST_ADDRESS, Reply, Submitted};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Operation {
    name: String,
    done: bool,
    error: Option<Status>,
    response: Option<Response>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Response {
    videos: Vec<Video>,
    rai_media_filtered_count: u32,
    rai_media_filtered_reasons: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Video {
    gcs_uri: Option<String>,
    bytes_base64_encoded: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    code: i64,
    message: String,
    status: Option<String>,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: Status,
}

pub(super) fn submitted(model: &str, reply: &Reply) -> Submitted {
    let why = || described(reply);
    match reply.status {
        200..=299 => match serde_json::from_slice::<Operation>(&reply.body) {
            Ok(operation) if is_plain(&operation.name) => Submitted::Accepted(ProviderHandle::Google(Handle {
                operation: operation.name,
                model: model.to_owned(),
            })),
            _ => Submitted::Unknown(why()),
        },
        // Our account at Google, or its quota: refused before anything was begun, and none of the caller's doing.
        401..=403 | 429 => Submitted::NotTaken(why()),
        404 => Submitted::Refused(Failure::new(
            FailureCode::ProviderUnavailable,
            "Google does not have this model at present",
        )),
        408 | 409 | 425 | 499 => Submitted::Unknown(why()),
        400..=498 => Submitted::Refused(refusal(reply)),
        _ => Submitted::Unknown(why()),
    }
}

pub(super) fn operation(reply: &Reply) -> Checked {
    if reply.status == 200 && !reply.whole && names_inline_video(&reply.body) {
        return Checked::Done { file_url: INLINE.to_owned() }; // nothing else in an operation's answer is that long
    }
    match (reply.status, serde_json::from_slice::<Operation>(&reply.body)) {
        (200, Ok(Operation { done: true, error: Some(error), .. })) => Checked::Failed(failure(&error)),
        (200, Ok(Operation { done: true, response, .. })) => finished(response.unwrap_or_default()),
        (200, Ok(Operation { name, .. })) if !name.is_empty() => Checked::Rendering,
        _ => Checked::Trouble(described(reply)),
    }
}

fn finished(response: Response) -> Checked {
    match response.videos.into_iter().next() {
        Some(Video { gcs_uri: Some(uri), .. }) if uri.len() <= LONGEST_ADDRESS => Checked::Done { file_url: uri },
        Some(Video { bytes_base64_encoded: Some(_), .. }) => Checked::Done { file_url: INLINE.to_owned() },
        _ if response.rai_media_filtered_count > 0 || !response.rai_media_filtered_reasons.is_empty() => {
            let reasons = response.rai_media_filtered_reasons.join("; ");
            let message = if reasons.is_empty() { "Google's safety filters held the video back" } else { &reasons };
            Checked::Failed(Failure::new(FailureCode::ContentFiltered, message))
        }
        _ => {
            Checked::Failed(Failure::new(FailureCode::ProviderNoOutput, "Google finished the render and gave no video"))
        }
    }
}

/// The render's own failure, or the refusal of a request.
fn failure(error: &Status) -> Failure {
    let message = if error.message.is_empty() { "Google gave no reason" } else { &error.message };
    let code = error.status.clone().unwrap_or_else(|| error.code.to_string());
    Failure::new(FailureCode::ProviderRefused, message).with_provider_code(code)
}

fn refusal(reply: &Reply) -> Failure {
    match serde_json::from_slice::<ErrorBody>(&reply.body) {
        Ok(body) => failure(&body.error),
        Err(_) => {
            Failure::new(FailureCode::ProviderRefused, &format!("Google refused the request (HTTP {})", reply.status))
        }
    }
}

fn names_inline_video(body: &[u8]) -> bool {
    const FIELD: &[u8] = b"\"bytesBase64Encoded\"";
    body.windows(FIELD.len()).any(|window| window == FIELD)
}

/// An operation's name goes back to Google inside a body, never into an address; it still has to look like one.
fn is_plain(name: &str) -> bool {
    name.starts_with("projects/") && name.contains("/operations/") && name.len() <= 512
}

/// A reply for the log: never its body, which may repeat the prompt.
fn described(reply: &Reply) -> String {
    match serde_json::from_slice::<ErrorBody>(&reply.body) {
        Ok(ErrorBody { error: Status { status: Some(status), .. } }) => {
            format!("Google answered HTTP {} ({status})", reply.status)
        }
        _ => format!("Google answered HTTP {}", reply.status),
    }
}
