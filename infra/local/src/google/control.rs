//! `/_simulator/…`: what a test in another process decides and observes. Faults have their own route beside these.

use std::time::{Duration, UNIX_EPOCH};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::operation::millis;
use super::{Escapes, Google, Pending, ValidateAt, Verdict};

pub(super) fn router(google: &Google) -> Router {
    Router::new()
        .route("/_simulator/verdicts", post(decide).get(verdicts).delete(clear))
        .route("/_simulator/settings", patch(configure))
        .route("/_simulator/requests", get(requests))
        .route("/_simulator/renders", get(renders))
        .with_state(google.clone())
}

async fn decide(State(google): State<Google>, Json(verdict): Json<Verdict>) -> StatusCode {
    google.decide(verdict);
    StatusCode::NO_CONTENT
}

async fn verdicts(State(google): State<Google>) -> Json<Vec<Verdict>> {
    Json(google.state().verdicts.clone())
}

async fn clear(State(google): State<Google>) -> StatusCode {
    google.clear_verdicts();
    StatusCode::NO_CONTENT
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
        settings.validate_at = change.validate_at.unwrap_or(settings.validate_at);
        settings.pending = change.pending.unwrap_or(settings.pending);
        settings.token_lives_s = change.token_lives_s.unwrap_or(settings.token_lives_s);
    });
    StatusCode::NO_CONTENT
}

async fn requests(State(google): State<Google>) -> Json<Vec<Value>> {
    let seen = google.requests().into_iter().map(|seen| {
        let at_ms = millis(seen.at.duration_since(UNIX_EPOCH).unwrap_or_default());
        json!({"method": seen.method, "path": seen.path, "authorization": seen.authorization, "at_ms": at_ms})
    });
    Json(seen.collect())
}

async fn renders(State(google): State<Google>) -> Json<Value> {
    Json(json!({"accepted": google.renders(), "by_prompt": google.renders_by_prompt()}))
}
