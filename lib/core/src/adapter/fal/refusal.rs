//! What fal's error bodies say. <https://fal.ai/docs/documentation/model-apis/errors>,
//! <https://fal.ai/docs/documentation/model-apis/request-errors>
//!
//! A model's own error has a `detail` that is a list of `{loc, msg, type}`, and a header that says
//! whether to try again. Endpoints that were not migrated say `detail` as plain text. An error of
//! fal's machines has a plain `detail` and an `error_type`.

use crate::adapter::Reply;
use crate::adapter::filter::says_filtered;
use crate::failure::{Failure, FailureCode};
use crate::foreign_text;
use serde_json::Value;

/// Types of error that pass: the render failed, and the same order may succeed.
const PASSING: [&str; 4] = [
    "internal_server_error",
    "generation_timeout",
    "downstream_service_error",
    "downstream_service_unavailable",
];
/// Parts of the types of a filter's refusals, compared without underscores and case.
const FILTERS: [&str; 3] = ["contentpolicy", "moderation", "nsfw"];
/// Where an error stands within a body, or within another error: fal's own name first.
const PLACES: [&str; 4] = ["detail", "error", "errors", "payload"];
/// Errors within errors: two are known.
const DEEPEST: u8 = 3;
/// So many items of a list are read. A form with more mistakes is told the first of them.
const MOST_ITEMS: usize = 8;
/// Words beside the point in `The request is still in the queue`.
const BESIDE: [&str; 6] = ["the", "your", "this", "still", "currently", "already"];
/// So much of a type stands in a log line.
const LONGEST_TYPE: usize = 64;

/// What an error body says.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Whether it is a model's own error: nothing that stands before a model answers with a list,
    /// or with the header.
    pub(super) by_the_model: bool,
    /// Whether it says of each sentence what it is about.
    is_list: bool,
    /// Whether it marks what was rendered as unsafe.
    is_marked_unsafe: bool,
    /// Sentences about the order.
    about_the_order: Vec<String>,
    all: Vec<String>,
    /// The types of all items.
    kinds: Vec<String>,
    /// The type of an error of fal's machines.
    error_type: Option<String>,
    /// fal's own word on whether trying again may help.
    retryable: Option<bool>,
}

impl Said {
    pub(super) fn by(reply: &Reply) -> Self {
        let body = serde_json::from_slice::<Value>(&reply.body);
        let body =
            body.unwrap_or_else(|_| plain_text(&reply.body).map_or(Value::Null, Value::from));
        let own = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let header = |name: &str| reply.headers.get(name).map(str::to_owned);
        let mut said = Self {
            error_type: own("error_type").or_else(|| header("x-fal-error-type")),
            retryable: retryable(reply),
            is_marked_unsafe: marks_unsafe(&body),
            ..Self::default()
        };
        // A model's word on trying again comes with its own errors only; our account is not its
        // business.
        said.by_the_model = said.retryable.is_some()
            && said.error_type.is_none()
            && !matches!(reply.status, 401..=403);
        said.take("", &body, DEEPEST);
        said
    }

    /// Takes what stands at this place: a sentence, a list of errors, an error, or what has one of
    /// those within it.
    fn take(&mut self, place: &str, value: &Value, depth: u8) {
        match value {
            Value::String(text) => self.all.push(text.clone()),
            Value::Array(items) => {
                self.is_list = true;
                self.by_the_model |= place == PLACES[0] || items.iter().any(is_by_a_model);
                items.iter().take(MOST_ITEMS).for_each(|item| self.add(item));
            }
            Value::Object(_) => {
                let within = PLACES
                    .iter()
                    .find_map(|name| Some((name, value.get(name).filter(|it| !it.is_null())?)));
                if let Some((name, within)) = within.filter(|_| depth > 0) {
                    self.take(name, within, depth - 1);
                }
                if self.all.is_empty() {
                    self.add(value);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, item: &Value) {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        self.kinds.extend(text("type").map(str::to_owned));
        let Some(message) = item.as_str().or_else(|| text("msg")).or_else(|| text("message"))
        else {
            return;
        };
        self.all.push(message.to_owned());
        if let Some(field) = field(item) {
            let named = field.is_empty() || message.to_lowercase().contains(&field.to_lowercase());
            self.about_the_order.push(if named {
                message.to_owned()
            } else {
                format!("{field}: {message}")
            });
        }
    }

    /// The failure that this is for a job, whose reply had this status.
    pub(super) fn failure(&self, status: u16) -> Failure {
        let code = self.code(status);
        self.marked(Failure::new(code, &self.for_the_caller(code, status)))
    }

    /// The failure with fal's word for programs, and its sentences for the log.
    pub(super) fn marked(&self, failure: Failure) -> Failure {
        let failure = failure.with_said(&self.sentences());
        match self.kinds.first().or(self.error_type.as_ref()) {
            Some(kind) => failure.with_provider_code(kind),
            None => failure,
        }
    }

    /// All its sentences, for the log.
    pub(super) fn sentences(&self) -> String {
        self.all.join("; ")
    }

    /// Whether it says that the render is not over: `Request is still in progress`. A sentence that
    /// repeats the prompt may have such words further on.
    pub(super) fn is_that_it_goes_on(&self) -> bool {
        let goes_on = |text: &String| {
            let words = text.to_lowercase();
            let words: Vec<_> =
                words.split_whitespace().filter(|word| !BESIDE.contains(word)).collect();
            matches!(words[..], ["request", "is", "in", word, ..] if word.starts_with("progress") || word.starts_with("queue"))
        };
        self.all.iter().any(goes_on)
    }

    fn code(&self, status: u16) -> FailureCode {
        let passes =
            self.kinds.iter().chain(&self.error_type).any(|kind| PASSING.contains(&kind.as_str()));
        match self.retryable {
            _ if self.is_filtered() => FailureCode::ContentFiltered,
            Some(true) => FailureCode::RenderFailed,
            Some(false) => FailureCode::ProviderRefused,
            None if passes || status >= 500 => FailureCode::RenderFailed,
            None => FailureCode::ProviderRefused,
        }
    }

    /// Whether it says that a filter held the prompt or the video back.
    pub(super) fn is_filtered(&self) -> bool {
        let named = |kind: &String| {
            let kind = kind.replace('_', "").to_lowercase();
            FILTERS.iter().any(|word| kind.contains(word))
        };
        let vague =
            self.kinds.iter().all(|kind| kind == "no_media_generated") && self.error_type.is_none();
        self.is_marked_unsafe
            || self.kinds.iter().chain(&self.error_type).any(named)
            || (vague && self.all.iter().any(|text| says_filtered(text)))
    }

    /// fal's words where they speak of the order, else ours.
    fn for_the_caller(&self, code: FailureCode, status: u16) -> String {
        let plain = self.error_type.is_none() && !self.is_list && status < 500;
        let own = match code {
            FailureCode::ContentFiltered => foreign_text::for_callers(&self.sentences()),
            _ if !self.about_the_order.is_empty() => {
                foreign_text::for_callers(&self.about_the_order.join("; "))
            }
            _ if plain => foreign_text::for_callers_if_clean(&self.sentences()),
            _ => None,
        };
        own.unwrap_or_else(|| match code {
            FailureCode::ContentFiltered => "fal's content checker refused the prompt or the video".to_owned(),
            FailureCode::RenderFailed => {
                format!("fal could not render it (HTTP {status}); it may succeed when it is ordered again")
            }
            _ => format!("fal refused the request (HTTP {status})"),
        })
    }
}

/// A body that is a sentence, and no page and no broken JSON.
fn plain_text(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?.trim();
    (!text.starts_with(['<', '{', '[', '"'])).then_some(text).filter(|text| !text.is_empty())
}

/// Whether an item of a list is written as models write their errors. What stands in front of them
/// has lists of its own.
fn is_by_a_model(item: &Value) -> bool {
    let has = |name: &str| item.get(name).is_some();
    has("loc") || (has("msg") && has("type"))
}

/// Whether a result, or an object in it, has `has_nsfw_concepts` or the like.
fn marks_unsafe(body: &Value) -> bool {
    let yes = |value: &Value| value.as_bool() == Some(true);
    let any =
        |value: &Value| yes(value) || value.as_array().is_some_and(|items| items.iter().any(yes));
    let marks = |value: &Value| {
        let mut fields = value.as_object().into_iter().flatten();
        fields.any(|(name, value)| name.to_lowercase().contains("nsfw") && any(value))
    };
    marks(body) || body.as_object().is_some_and(|object| object.values().any(marks))
}

/// The field of the order that an item is about; empty for the order as a whole.
fn field(item: &Value) -> Option<String> {
    let mut place = item.get("loc")?.as_array()?.iter();
    if place.next()?.as_str() != Some("body") {
        return None;
    }
    let part = |part: &Value| {
        part.as_u64().map(|at| at.to_string()).or_else(|| foreign_text::word(part.as_str()?))
    };
    Some(place.filter_map(part).take(4).collect::<Vec<_>>().join("."))
}

/// fal's own word on whether trying again may help; one copy of its documentation has another name
/// for it.
fn retryable(reply: &Reply) -> Option<bool> {
    let word =
        reply.headers.get("x-fal-retryable").or_else(|| reply.headers.get("x-fal-needs-retry"))?;
    match word.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

/// Whether fal refuses our key, or our money. A model's own 403 is a list.
pub(super) fn refuses_our_account(reply: &Reply) -> bool {
    matches!(reply.status, 401..=403) && !Said::by(reply).by_the_model
}

/// The type of an error of fal's machines, by the body or by the header.
pub(super) fn error_type(reply: &Reply) -> Option<String> {
    Said::by(reply).error_type
}

/// A reply for the log: its status and fal's own type of error, never its body, which may repeat
/// the prompt.
pub(super) fn described(reply: &Reply) -> String {
    let kind = error_type(reply).and_then(|kind| foreign_text::word(&kind));
    let kind = kind
        .map(|kind| format!(" ({})", foreign_text::shortened(&kind, LONGEST_TYPE)))
        .unwrap_or_default();
    let coding = reply
        .headers
        .get("content-encoding")
        .and_then(|codings| foreign_text::word(codings.split(',').next()?));
    let coding =
        coding.filter(|coding| coding != "identity").map(|coding| format!(", encoded as {coding}"));
    format!("fal answered HTTP {}{kind}{}", reply.status, coding.unwrap_or_default())
}
