//! `/_simulator/…`: what a test in another process decides and observes. Faults, verdicts and
//! requests have their own routes beside these.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, patch};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use super::{Base64, Escapes, Google, Pending, ValidateAt};
use crate::simulators::renders;

pub(super) fn router(google: &Google) -> Router {
    Router::new()
        .route("/_simulator/settings", patch(configure))
        .route("/_simulator/renders", get(count_renders))
        .with_state(google.clone())
}

/// What is absent stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    queued_ms: Option<u64>,
    rendering_ms: Option<u64>,
    validate_at: Option<ValidateAt>,
    pending: Option<Pending>,
    pretty: Option<bool>,
    reversed: Option<bool>,
    escapes: Option<Escapes>,
    base64: Option<Base64>,
    token_lives_s: Option<u64>,
}

async fn configure(State(google): State<Google>, Json(change): Json<Change>) -> StatusCode {
    google.configure(|settings| {
        let (render, shape) = (&mut settings.render, &mut settings.shape);
        render.queued = change.queued_ms.map_or(render.queued, Duration::from_millis);
        render.rendering = change.rendering_ms.map_or(render.rendering, Duration::from_millis);
        shape.pretty = change.pretty.unwrap_or(shape.pretty);
        shape.reversed = change.reversed.unwrap_or(shape.reversed);
        shape.escapes = change.escapes.unwrap_or(shape.escapes);
        shape.base64 = change.base64.unwrap_or(shape.base64);
        settings.validate_at = change.validate_at.unwrap_or(settings.validate_at);
        settings.pending = change.pending.unwrap_or(settings.pending);
        settings.token_lives_s = change.token_lives_s.unwrap_or(settings.token_lives_s);
    });
    StatusCode::NO_CONTENT
}

async fn count_renders(State(google): State<Google>) -> Json<Value> {
    Json(renders::count(google.state().operations.iter().map(|operation| &operation.order.prompt)))
}
