//! The one door between callers and handlers: request ids, bodies, status codes and the error
//! envelope. No other module knows an HTTP status of ours. Only this one logs the causes behind an
//! error.

pub mod api;
mod body;
mod envelope;
mod error;
mod event;
mod logged;
pub mod openapi;
mod path;
pub mod query;
pub mod routes;
mod server;

pub use api::*;
pub use envelope::{Envelope, ErrorBody, ErrorCode};
pub use error::Error;
pub use path::{job_id, path_parameter};
pub use query::Query;
pub use server::{Endpoint, Server, serve, serve_alone};

use crate::ambient::Ambient;
use crate::error::{Refusal, causes};
use crate::id::OrgId;
use crate::metrics::Metrics;
use crate::money::Money;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use lambda_http::http::{HeaderValue, Method, StatusCode};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// One request on its way through a handler.
#[derive(Debug)]
pub struct Call {
    /// The request as API Gateway sent it.
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
            Err(error) => error.response(&self.id),
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
        let (status, code) = (status.as_u16(), error.as_ref().map(|error| error.code().0.as_str()));
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
