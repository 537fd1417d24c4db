//! `GET /v1/openapi.json`: what this API is, for programs. It asks for no key.

use ghub::error::Refusal;
use ghub::http::Call;
use ghub::metrics::Metrics;
use ghub::world::Ambient;
use lambda_http::{Body, Request, Response};

/// The function, with what it needs.
#[derive(Debug)]
pub struct GetOpenapi {
    ambient: Ambient,
    metrics: Metrics,
}

impl GetOpenapi {
    /// Needs nobody outside.
    pub const fn new(ambient: Ambient, metrics: Metrics) -> Self {
        Self { ambient, metrics }
    }

    /// Answers one request.
    pub fn handle(&self, request: Request) -> Response<Body> {
        Call::open(&self.ambient, &self.metrics, request).close(Err::<(), _>(Refusal::JobNotFound.into())) // SKELETON: to be written
    }
}
