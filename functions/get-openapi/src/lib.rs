//! `GET /v1/openapi.json`: what this API is, for programs. It asks for no key.

mod answers;
mod document;
mod operation;
mod paths;

use ghub::http::{Call, Error};
use ghub::metrics::Metrics;
use ghub::world::Ambient;
use lambda_http::http::HeaderValue;
use lambda_http::http::header::CACHE_CONTROL;
use lambda_http::{Body, Request, Response};
use serde_json::value::RawValue;

/// It changes with a deployment, and nobody needs to see that sooner than in five minutes.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The function, with what it needs.
#[derive(Debug)]
pub struct GetOpenapi {
    ambient: Ambient,
    metrics: Metrics,
    document: Result<Box<RawValue>, String>,
}

impl GetOpenapi {
    /// Needs nobody outside. The document is made here, once.
    pub fn new(ambient: Ambient, metrics: Metrics) -> Self {
        let document = serde_json::value::to_raw_value(&document::document()).map_err(|error| error.to_string());
        Self { ambient, metrics, document }
    }

    /// Answers one request.
    pub fn handle(&self, request: Request) -> Response<Body> {
        let call = Call::open(&self.ambient, &self.metrics, request);
        let found = self.document.as_ref();
        let mut response = call.close(found.map_err(|error| Error::Internal(error.clone().into())));
        if response.status().is_success() {
            response.headers_mut().insert(CACHE_CONTROL, KEPT);
        }
        response
    }
}
