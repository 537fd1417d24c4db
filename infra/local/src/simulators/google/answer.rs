//! Errors as Google words them: one JSON shape everywhere,
//! <https://cloud.google.com/apis/design/errors>.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use crate::faults::Then;

pub(super) const JSON: &str = "application/json; charset=UTF-8";

/// An answer that is an error.
#[derive(Debug)]
pub(super) struct Refusal {
    code: StatusCode,
    status: &'static str,
    message: String,
    details: Vec<Value>,
}

/// Why a caller is not let in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reason {
    /// No `Authorization` at all.
    Missing,
    /// Another scheme, or a token that was not issued here.
    Invalid,
    /// The token was good once.
    Expired,
}

impl Refusal {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    pub(super) fn no_such_model(name: &str) -> Self {
        Self::not_found(format!(
            "Publisher Model `{name}` was not found or your project does not have access to it. \
             Please ensure you are using a valid model version. For more information, see: \
             https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions"
        ))
    }

    pub(super) fn permission_denied(resource: &str) -> Self {
        let permission = "aiplatform.endpoints.predict";
        let resource = format!("//aiplatform.googleapis.com/{resource}");
        let message = format!(
            "Permission '{permission}' denied on resource '{resource}' (or it may not exist)."
        );
        let metadata = json!({"permission": permission, "resource": resource});
        Self {
            details: vec![error_info(
                "IAM_PERMISSION_DENIED",
                "aiplatform.googleapis.com",
                metadata,
            )],
            ..Self::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message)
        }
    }

    pub(super) fn unauthenticated(reason: Reason) -> Self {
        let (start, code) = match reason {
            Reason::Missing => {
                ("Request is missing required authentication credential.", "CREDENTIALS_MISSING")
            }
            Reason::Invalid => {
                ("Request had invalid authentication credentials.", "ACCESS_TOKEN_TYPE_UNSUPPORTED")
            }
            Reason::Expired => {
                ("Request had invalid authentication credentials.", "ACCESS_TOKEN_EXPIRED")
            }
        };
        let message = format!(
            "{start} Expected OAuth 2 access token, login cookie or other valid authentication \
             credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
        );
        let metadata = json!({"service": "aiplatform.googleapis.com"});
        Self {
            details: vec![error_info(code, "googleapis.com", metadata)],
            ..Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message)
        }
    }

    fn new(code: StatusCode, status: &'static str, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), details: Vec::new() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = envelope(self.code.as_u16(), self.status, &self.message, self.details);
        let mut answer = (self.code, [(CONTENT_TYPE, JSON)], body).into_response();
        if self.code == StatusCode::UNAUTHORIZED {
            let challenge = axum::http::HeaderValue::from_static(
                "Bearer realm=\"https://accounts.google.com/\"",
            );
            answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        answer
    }
}

/// An error of Google's for a fault: `rpc_error(503, "UNAVAILABLE", "The service is currently
/// unavailable.")`.
pub fn rpc_error(http_status: u16, status: &str, message: &str) -> Then {
    with_details(http_status, status, message, Vec::new())
}

const QUOTA: &str = "aiplatform.googleapis.com/online_prediction_requests_per_base_model";

/// The quota is used up: 429 with the wait that Google asks for, which is only in the body.
pub fn resource_exhausted(retry_after_s: u32) -> Then {
    let retry = json!({
        "@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retryDelay": format!("{retry_after_s}s"),
    });
    let quota = json!({
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"subject": QUOTA}],
    });
    let message = format!(
        "Quota exceeded for {QUOTA} with base model: veo-3.1-generate-001. Please submit a quota \
         increase request."
    );
    with_details(429, "RESOURCE_EXHAUSTED", &message, vec![retry, quota])
}

fn with_details(http_status: u16, status: &str, message: &str, details: Vec<Value>) -> Then {
    let headers = [(CONTENT_TYPE.to_string(), JSON.to_owned())].into();
    Then::Answer {
        status: http_status,
        headers,
        body: envelope(http_status, status, message, details),
    }
}

fn envelope(code: u16, status: &str, message: &str, details: Vec<Value>) -> String {
    let mut error = json!({"code": code, "message": message, "status": status});
    if !details.is_empty() {
        error["details"] = json!(details);
    }
    format!("{:#}\n", json!({"error": error}))
}

fn error_info(reason: &str, domain: &str, metadata: Value) -> Value {
    let kind = "type.googleapis.com/google.rpc.ErrorInfo";
    json!({"@type": kind, "reason": reason, "domain": domain, "metadata": metadata})
}

/// A path or method that no service here has: Google's front end answers with a page, not with
/// JSON.
pub(super) async fn unknown_url() -> Response {
    let page = "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title>\
                <p><b>404.</b> That’s an error.";
    (StatusCode::NOT_FOUND, Html(page)).into_response()
}
