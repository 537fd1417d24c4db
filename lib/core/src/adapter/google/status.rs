//! Google's errors: `google.rpc.Status`, over HTTP and, with HTTP 200, inside an operation.
//! <https://cloud.google.com/apis/design/errors>

use super::json::{field, items, number, text};
use crate::adapter::filter::says_filtered;
use crate::failure::{Failure, FailureCode};
use crate::foreign_text;
use serde_json::Value;

/// gRPC's codes by their number.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Words for what an operator sets up at Google, in lower case. No order names them.
const SETUP: [&str; 10] = [
    "api key",
    "billing",
    "bucket",
    "credential",
    "gcs",
    "gs://",
    "permission",
    "service account",
    "service agent",
    "storageuri",
];

/// What an error says.
#[derive(Debug, Default)]
pub(super) struct Status {
    /// gRPC's name for it, as far as it can be told.
    name: Option<&'static str>,
    /// Google's own word: the name or the number that was sent.
    word: Option<String>,
    message: String,
}

/// Whose an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The order's: it is refused again.
    Orders,
    /// The operator's account, its rights or its settings at Google. The operator has to act.
    Operators,
    /// The provider's own: it passes.
    Passing,
}

impl Status {
    /// The error in a body, which may be in a list; `None` if there is none. An error without a
    /// code and a message is none.
    pub(super) fn within(body: &Value) -> Option<Self> {
        let error = items(body, "error")
            .first()
            .or_else(|| body.as_array()?.iter().find_map(|item| field(item, "error")))?;
        let message = error.as_str().or_else(|| text(error, "message"));
        let message = message
            .or_else(|| items(error, "errors").iter().find_map(|error| text(error, "message")));
        let (code, status) =
            (number(error, "code"), text(error, "status").or_else(|| text(error, "code")));
        let named =
            status.and_then(|word| NAMES.into_iter().find(|name| name.eq_ignore_ascii_case(word)));
        let status = Self {
            name: named.or_else(|| code.and_then(name_of)),
            word: status.map(str::to_owned).or_else(|| code.map(|code| code.to_string())),
            message: message.unwrap_or_default().to_owned(),
        };
        (status.name != Some("OK") && (status.word.is_some() || !status.message.is_empty()))
            .then_some(status)
    }

    /// The error in a reply. Where the error has no code of gRPC's, the HTTP status tells it.
    pub(super) fn of(http: u16, body: &Value) -> Option<Self> {
        let by_http = match http {
            412 => Some("FAILED_PRECONDITION"),
            400..=499 => name_of(http.into()).or(Some("INVALID_ARGUMENT")),
            _ => None,
        };
        Self::within(body).map(|status| Self { name: status.name.or(by_http), ..status })
    }

    /// Google's word for the log.
    pub(super) fn word(&self) -> Option<String> {
        self.word.as_ref().and_then(|word| foreign_text::word(word))
    }

    /// Whose it is.
    ///
    /// - 3, 11 and 12 say what is wrong with the request, or that the model does not do it. A code
    ///   3 that speaks of a bucket, a key or a project is about what the operator has set up.
    /// - 5, 7, 9 and 16 speak of a bucket or a model that is gone, of rights, of billing, and of
    ///   the key. Google wants something changed in the operator's project.
    /// - All others end one attempt: no capacity, a deadline, an internal error, an operation that
    ///   was aborted. So do unknown codes, for Google took the request before.
    pub(super) fn fault(&self) -> Fault {
        match self.name {
            _ if self.is_filtered() => Fault::Orders,
            Some("INVALID_ARGUMENT") if self.speaks_of_the_setup() => Fault::Operators,
            Some("INVALID_ARGUMENT" | "OUT_OF_RANGE" | "UNIMPLEMENTED") => Fault::Orders,
            Some("NOT_FOUND" | "PERMISSION_DENIED" | "FAILED_PRECONDITION" | "UNAUTHENTICATED") => {
                Fault::Operators
            }
            _ => Fault::Passing,
        }
    }

    /// Whether it speaks of a filter, with a code that filters have. An internal error of a filter
    /// passes.
    fn is_filtered(&self) -> bool {
        let filters = [
            "INVALID_ARGUMENT",
            "FAILED_PRECONDITION",
            "OUT_OF_RANGE",
            "CANCELLED",
            "UNKNOWN",
            "ABORTED",
        ];
        self.name.is_none_or(|name| filters.contains(&name)) && says_filtered(&self.message)
    }

    fn speaks_of_the_setup(&self) -> bool {
        let message = self.message.to_lowercase();
        SETUP.iter().any(|word| message.contains(word))
    }

    /// The failure that this is for a job.
    pub(super) fn failure(&self) -> Failure {
        let word = self.word();
        let coded = word.as_ref().map(|word| format!(" ({word})")).unwrap_or_default();
        let of_the_order = self.name == Some("INVALID_ARGUMENT") && self.fault() == Fault::Orders;
        let speaks = self.is_filtered() || of_the_order;
        let own_words = if speaks { foreign_text::for_callers(&self.message) } else { None };
        let (code, ours) = match self.fault() {
            Fault::Orders if self.is_filtered() => (
                FailureCode::ContentFiltered,
                "Google's safety filters refused the prompt or the video".to_owned(),
            ),
            Fault::Orders => {
                (FailureCode::ProviderRefused, format!("Google refused the request{coded}"))
            }
            Fault::Operators => (
                FailureCode::ProviderUnavailable,
                "Google does not serve this system at present, which its operator has to mend"
                    .to_owned(),
            ),
            Fault::Passing => (
                FailureCode::RenderFailed,
                format!(
                    "the render failed at Google{coded}; it may succeed when it is ordered again"
                ),
            ),
        };
        let failure = Failure::new(code, &own_words.unwrap_or(ours)).with_said(&self.message);
        match word {
            Some(word) => failure.with_provider_code(word),
            None => failure,
        }
    }
}

/// The name of a gRPC code, or of the HTTP status that stands for one.
fn name_of(code: i64) -> Option<&'static str> {
    let number = match code {
        400 => 3,
        401 => 16,
        403 => 7,
        404 => 5,
        409 => 10,
        429 => 8,
        499 => 1,
        500 => 13,
        501 => 12,
        503 => 14,
        504 => 4,
        code => usize::try_from(code).ok()?,
    };
    NAMES.get(number).copied()
}
