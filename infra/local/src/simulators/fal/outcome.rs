//! What the result of a request is once its render is done.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cdn;
use super::input;
use super::{Ending, Rendering};

/// A result lives so long after the render, or only six minutes when its JSON has 10 KB or more.
const RESULT_LIVES_MS: u64 = 60 * 60 * 1000;
const LARGE_RESULT_LIVES_MS: u64 = 6 * 60 * 1000;
const LARGE_RESULT_BYTES: usize = 10_000;
/// So often a request is tried whose submission does not forbid it.
const ATTEMPTS: usize = 10;

/// What the result is once the render is done.
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) body: Value,
    /// What the status says beside `COMPLETED` when there is no video.
    pub(super) error: Option<String>,
    pub(super) error_type: Option<String>,
    /// Whether the error is the model's own (a `detail` list) and not the infrastructure's.
    pub(super) from_model: bool,
    /// Headers beside fal's own.
    pub(super) headers: BTreeMap<String, String>,
}

impl Rendering {
    /// fal tries a request again whose machine failed, and not one that its model refused.
    pub(super) fn try_again(&mut self) {
        if matches!(self.ending, Ending::Broken { status: 502.., .. }) {
            self.own.repeats = ATTEMPTS - 1;
        }
    }

    /// Ends it here and now.
    pub(super) fn cancel(&mut self, now_ms: u64) {
        self.ending = Ending::Cancelled;
        self.starts_ms = self.starts_ms.min(now_ms);
        self.finishes_ms = now_ms;
    }

    /// Whether fal has forgotten the result.
    pub(super) fn expired(&self, outcome: &Outcome, now_ms: u64) -> bool {
        let large = outcome.body.to_string().len() >= LARGE_RESULT_BYTES;
        let lives_ms = if large { LARGE_RESULT_LIVES_MS } else { RESULT_LIVES_MS };
        now_ms >= self.finishes_ms.saturating_add(lives_ms)
    }

    pub(super) fn outcome(&self, base_url: &str) -> Outcome {
        match &self.ending {
            Ending::Video { result_bytes, .. } => {
                self.video(base_url, result_bytes.unwrap_or_default())
            }
            Ending::CutVideo { .. } | Ending::Html => self.video(base_url, 0),
            Ending::NoUrl => Outcome::success(json!({"video": null})),
            Ending::ForeignUrl { url } => {
                let file =
                    json!({"url": url, "content_type": "video/mp4", "file_name": cdn::FILE_NAME});
                Outcome::success(json!({"video": file}))
            }
            Ending::Refused { error_type, detail } => {
                Outcome::refused(vec![input::refusal(error_type, detail, &self.order.prompt)])
            }
            Ending::Invalid { problems } => Outcome::refused(problems.clone()),
            Ending::Broken { status, error_type, detail } => {
                Outcome::broken(*status, error_type.as_deref(), detail)
            }
            Ending::Result { status, headers, body } => {
                let texts =
                    [("{file}", cdn::url(base_url, &self.id)), ("{path}", cdn::url("", &self.id))];
                Outcome {
                    headers: headers.clone(),
                    ..Outcome::exactly(*status, filled_in(body, &texts))
                }
            }
            Ending::Cancelled => Outcome::broken(
                499,
                Some("client_cancelled"),
                "Request was cancelled by the client",
            ),
        }
    }

    fn video(&self, base_url: &str, filled_up_to: usize) -> Outcome {
        let file = json!({
            "url": cdn::url(base_url, &self.id),
            "content_type": "video/mp4",
            "file_name": cdn::FILE_NAME,
            "file_size": cdn::size(self),
        });
        let mut body = json!({"video": file});
        if filled_up_to > 0 {
            body["filler"] = json!(" ".repeat(filled_up_to));
        }
        Outcome::success(body)
    }
}

impl Outcome {
    fn success(body: Value) -> Self {
        Self {
            status: 200,
            body,
            error: None,
            error_type: None,
            from_model: true,
            headers: BTreeMap::new(),
        }
    }

    fn refused(problems: Vec<Value>) -> Self {
        let text = |name: &str| problems.first()?[name].as_str().map(str::to_owned);
        let (error, error_type) = (text("msg"), text("type"));
        let body = json!({"detail": problems});
        Self { status: 422, error, error_type, body, from_model: true, headers: BTreeMap::new() }
    }

    fn broken(status: u16, error_type: Option<&str>, detail: &str) -> Self {
        let body = match error_type {
            Some(error_type) => json!({"detail": detail, "error_type": error_type}),
            None => json!({"detail": detail}),
        };
        let (error, error_type) = (Some(detail.to_owned()), error_type.map(str::to_owned));
        Self { status, body, error, error_type, from_model: false, headers: BTreeMap::new() }
    }

    /// What was scripted; the status says nothing of it, as from endpoints that say so only in
    /// their result.
    fn exactly(status: u16, body: Value) -> Self {
        Self { status, ..Self::success(body) }
    }
}

/// The value with these texts in place of others.
fn filled_in(value: &Value, texts: &[(&str, String)]) -> Value {
    match value {
        Value::String(text) => {
            texts.iter().fold(text.clone(), |text, (name, put)| text.replace(name, put)).into()
        }
        Value::Array(items) => items.iter().map(|item| filled_in(item, texts)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), filled_in(value, texts))).collect()
        }
        other => other.clone(),
    }
}
