//! The one door between callers and handlers: request ids, bodies, status codes and the error
//! envelope. No other module knows an HTTP status of ours, and the chain of causes behind an error
//! is logged here and nowhere else.

pub mod api;
mod body;
mod envelope;
mod event;
mod logged;
pub mod openapi;
mod path;
pub mod query;
pub mod routes;
mod server;

pub use api::*;
pub use envelope::{Envelope, ErrorBody, ErrorCode};
pub use path::{job_id, path_parameter};
pub use query::Query;
pub use server::{Endpoint, Server, serve, serve_alone};

use crate::ambient::Ambient;
use crate::error::{BoxError, Refusal, causes};
use crate::id::OrgId;
use crate::metrics::Metrics;
use crate::money::Money;
use crate::storage::StorageError;
use crate::store::StoreError;
use crate::terms::NoTerms;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use lambda_http::http::{HeaderValue, Method, StatusCode};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// How long a caller should wait when our own store is overloaded: transactions on an account
/// settle within 2 s.
const STORE_RETRY: Duration = Duration::from_secs(2);
/// How long a caller should wait when storage did not do what was asked: a hiccup passes within
/// seconds.
const STORAGE_RETRY: Duration = Duration::from_secs(5);
/// How long a caller should wait when too many jobs are open: the shortest cadence in the catalog.
const OPEN_JOBS_RETRY: Duration = Duration::from_secs(10);

/// Why a request is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller can act on it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Our store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Where the videos are, when one is to be removed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Something of ours that passes was not there, and nothing was accepted.
    #[error("not ready")]
    NotReady(#[source] BoxError),
    /// Anything else of ours.
    #[error("internal error")]
    Internal(#[source] BoxError),
}

impl From<NoTerms> for Error {
    fn from(error: NoTerms) -> Self {
        match error {
            NoTerms::Refused(refusal) => refusal.into(),
            NoTerms::Overflow(overflow) => Self::Internal(overflow.into()),
        }
    }
}

/// One request on its way through a handler.
#[derive(Debug)]
pub struct Call {
    /// As it came.
    pub request: Request,
    /// Whose it is, once that is known; for the log.
    pub org: Option<OrgId>,
    /// The balance to show; set it on authenticated requests.
    pub balance: Option<Money>,
    /// When to ask again; set it on answers about an unfinished job.
    pub ask_again_in: Option<Duration>,
    /// How long anybody may keep the answer; nothing is said of it unless this is set.
    pub kept_for: Option<Duration>,
    /// Whether the answer is that of an earlier request with the same idempotency key.
    pub replayed: bool,
    id: String,
    started_unix_ms: u64,
    ambient: Ambient,
    metrics: Metrics,
}

impl Call {
    /// Takes a request in and gives it its id.
    pub fn open(ambient: &Ambient, metrics: &Metrics, request: Request) -> Self {
        let started_unix_ms = ambient.now_unix_ms();
        Self {
            request,
            org: None,
            balance: None,
            ask_again_in: None,
            kept_for: None,
            replayed: false,
            id: request_id(ambient),
            started_unix_ms,
            ambient: ambient.clone(),
            metrics: metrics.clone(),
        }
    }

    /// The method, as it was sent.
    pub fn method(&self) -> &Method {
        self.request.method()
    }

    /// The path as API Gateway has it: percent signs are decoded, and nothing else is changed.
    pub fn path(&self) -> &str {
        self.request.raw_http_path()
    }

    /// Where the request comes from, as API Gateway saw it; empty if it did not say.
    pub fn address(&self) -> &str {
        let address = self.context().and_then(|context| context.http.source_ip.as_deref());
        address.unwrap_or_default()
    }

    fn context(&self) -> Option<&ApiGatewayV2httpRequestContext> {
        match self.request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => Some(context),
            _ => None,
        }
    }

    /// What every log line of the request carries: our id, which the caller has too, and the API's,
    /// which is in the access log.
    pub fn span(&self) -> tracing::Span {
        let api_id = self.context().and_then(|context| context.request_id.as_deref());
        tracing::info_span!("request", request.id = self.id, api.request.id = api_id)
    }

    /// Answers the request with what became of it.
    pub fn close<T: Serialize>(self, result: Result<T, Error>) -> Response<Body> {
        let mut response = match &result {
            Ok(value) => json_response(StatusCode::OK, value),
            Err(error) => error_response(error, &self.id),
        };
        let headers = response.headers_mut();
        insert(headers, "x-request-id", &self.id);
        if let Some(balance) = self.balance {
            insert(headers, "x-geekhub-balance-mxn", &balance.to_string());
        }
        if let Some(wait) = self.ask_again_in.filter(|_| result.is_ok()) {
            insert(headers, RETRY_AFTER.as_str(), &whole_seconds(wait));
        }
        if let Some(time) = self.kept_for.filter(|_| result.is_ok()) {
            insert(headers, CACHE_CONTROL.as_str(), &format!("public, max-age={}", time.as_secs()));
        }
        if self.replayed {
            insert(headers, "idempotent-replayed", "true");
        }
        let _entered = self.span().entered();
        self.log(response.status(), result.err());
        response
    }

    /// The body as a JSON object, whatever its content type says.
    pub fn json_object(&self) -> Result<Map<String, Value>, Refusal> {
        let encoding = self
            .request
            .headers()
            .get(CONTENT_ENCODING)
            .map(|value| value.to_str().unwrap_or("unknown"));
        body::object(self.request.body(), encoding)
    }
}

impl Call {
    fn log(&self, status: StatusCode, error: Option<Error>) {
        let (method, path) = (logged::method(self.method()), logged::path(self.path()));
        let org = self.org.map(|org| org.to_string());
        let duration_ms = self.ambient.now_unix_ms().saturating_sub(self.started_unix_ms);
        let (status, code) =
            (status.as_u16(), error.as_ref().map(|error| self::code(error).0.as_str()));
        if let Some(code) = code {
            self.metrics.refused(code);
        }
        match error {
            None | Some(Error::Refused(_)) => {
                tracing::info!(method, path, org.id = org, status, code, duration_ms, "answered")
            }
            Some(error) => {
                tracing::error!(
                    method,
                    path,
                    org.id = org,
                    status,
                    code,
                    duration_ms,
                    error = causes(&error),
                    "failed"
                )
            }
        }
    }
}

/// What each refusal is for HTTP: its code, which has a status, and how long to wait where waiting
/// helps.
const fn code(error: &Error) -> (ErrorCode, Option<Duration>) {
    match error {
        Error::Refused(refusal) => match refusal {
            Refusal::InvalidRequest(_) => (ErrorCode::InvalidRequestError, None),
            Refusal::MissingApiKey => (ErrorCode::MissingApiKey, None),
            Refusal::InvalidApiKey => (ErrorCode::InvalidApiKey, None),
            Refusal::KeyRevoked => (ErrorCode::KeyRevoked, None),
            Refusal::InsufficientBalance { .. } => (ErrorCode::InsufficientBalance, None),
            Refusal::OrganizationSuspended | Refusal::SandboxClosed => {
                (ErrorCode::OrganizationSuspended, None)
            }
            Refusal::ModelNotFound(_) => (ErrorCode::ModelNotFound, None),
            Refusal::JobNotFound => (ErrorCode::JobNotFound, None),
            Refusal::NotFound { .. } => (ErrorCode::NotFound, None),
            Refusal::MethodNotAllowed { .. } => (ErrorCode::MethodNotAllowed, None),
            Refusal::IdempotencyConflict => (ErrorCode::IdempotencyConflict, None),
            Refusal::NotCancellable(why) => (ErrorCode::NotCancellable, why.again_in()),
            Refusal::JobNotFinal(_) => (ErrorCode::JobNotFinal, None),
            Refusal::RequestTooLarge { .. } => (ErrorCode::RequestTooLarge, None),
            Refusal::TooManyRequests { again_in, .. }
            | Refusal::TooManyUnknownKeys { again_in } => {
                (ErrorCode::RateLimitExceeded, Some(*again_in))
            }
            Refusal::TooManyOpenJobs { .. } => {
                (ErrorCode::RateLimitExceeded, Some(OPEN_JOBS_RETRY))
            }
            Refusal::TooManyJobsToday { resets_in, .. } => {
                (ErrorCode::RateLimitExceeded, Some(*resets_in))
            }
        },
        Error::Store(StoreError::Unavailable(_)) | Error::NotReady(_) => {
            (ErrorCode::ServiceUnavailable, Some(STORE_RETRY))
        }
        Error::Storage(_) => (ErrorCode::StorageUnavailable, Some(STORAGE_RETRY)),
        Error::Store(StoreError::Broken(_)) | Error::Internal(_) => {
            (ErrorCode::InternalError, None)
        }
    }
}

fn error_response(error: &Error, request_id: &str) -> Response<Body> {
    let (code, wait) = code(error);
    let message = match error {
        Error::Refused(refusal) => refusal.to_string(),
        Error::Store(StoreError::Unavailable(_)) => {
            "we are overloaded and could not take this request; send it again. A job that was stored all the same fails uncharged".to_owned()
        }
        Error::NotReady(_) => {
            "a part of ours is out of reach and nothing was accepted; send the request again".to_owned()
        }
        Error::Storage(_) => {
            "the job is hidden, but its video could not be removed from storage; send the DELETE again until it is answered with 200".to_owned()
        }
        Error::Store(StoreError::Broken(_)) | Error::Internal(_) => {
            "something is wrong on our side; tell support the request_id".to_owned()
        }
    };
    let mut response = json_response(code.status(), &Envelope::new(code, message, request_id));
    if let Some(wait) = wait {
        insert(response.headers_mut(), RETRY_AFTER.as_str(), &whole_seconds(wait));
    }
    if code.status() == StatusCode::CONFLICT && wait.is_none() {
        // OpenAI's SDKs send a 409 again unless told not to
        insert(response.headers_mut(), "x-should-retry", "false");
    }
    if let Error::Refused(Refusal::MethodNotAllowed { allow, .. }) = error {
        insert(response.headers_mut(), ALLOW.as_str(), allow);
    }
    if let Some(challenge) = challenge(code) {
        insert(response.headers_mut(), WWW_AUTHENTICATE.as_str(), challenge);
    }
    response
}

/// What a 401 says of the key that it wants (RFC 6750, section 3): nothing more where none was
/// sent.
fn challenge(code: ErrorCode) -> Option<&'static str> {
    let sent = !matches!(code, ErrorCode::MissingApiKey);
    (code.status() == StatusCode::UNAUTHORIZED).then_some(if sent {
        r#"Bearer realm="GeekHub Video", error="invalid_token""#
    } else {
        r#"Bearer realm="GeekHub Video""#
    })
}

fn json_response(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let mut response = Response::new(Body::Text(serde_json::to_string(value).unwrap_or_default()));
    *response.status_mut() = status;
    insert(response.headers_mut(), CONTENT_TYPE.as_str(), "application/json");
    response
}

/// A wait that is cut to a whole number of seconds would be none where it is short.
fn whole_seconds(wait: Duration) -> String {
    let whole = wait.as_secs();
    (if wait.subsec_nanos() == 0 { whole } else { whole.saturating_add(1) }).to_string()
}

fn insert(headers: &mut lambda_http::http::HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn request_id(ambient: &Ambient) -> String {
    let bytes: [u8; 12] = ambient.bytes();
    format!("req_{}", hex::encode(bytes))
}

#[cfg(test)]
mod tests;
