//! `/_simulator/…`: what a test in another process decides and observes. Faults have their own route beside these.

use std::time::{Duration, UNIX_EPOCH};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::plan::{ValidateAt, millis};
use super::{Fal, Verdict};

pub(super) fn router(fal: &Fal) -> Router {
    Router::new()
        .route("/_simulator/verdicts", post(decide).get(verdicts).delete(clear))
        .route("/_simulator/settings", patch(configure))
        .route("/_simulator/requests", get(requests))
        .route("/_simulator/renders", get(renders))
        .with_state(fal.clone())
}

async fn decide(State(fal): State<Fal>, Json(verdict): Json<Verdict>) -> StatusCode {
    fal.decide(verdict);
    StatusCode::NO_CONTENT
}

async fn verdicts(State(fal): State<Fal>) -> Json<Vec<Verdict>> {
    Json(fal.state().verdicts.clone())
}

async fn clear(State(fal): State<Fal>) -> StatusCode {
    fal.clear_verdicts();
    StatusCode::NO_CONTENT
}

/// What is absent stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    queued_ms: Option<u64>,
    rendering_ms: Option<u64>,
    /// 0 takes the limit away.
    concurrency: Option<usize>,
    validate_at: Option<ValidateAt>,
    cancel_stops_rendering: Option<bool>,
}

async fn configure(State(fal): State<Fal>, Json(change): Json<Change>) -> StatusCode {
    fal.configure(|settings| {
        settings.render.queued = change.queued_ms.map_or(settings.render.queued, Duration::from_millis);
        settings.render.rendering = change.rendering_ms.map_or(settings.render.rendering, Duration::from_millis);
        if let Some(places) = change.concurrency {
            settings.concurrency = (places > 0).then_some(places);
        }
        settings.validate_at = change.validate_at.unwrap_or(settings.validate_at);
        settings.cancel_stops_rendering = change.cancel_stops_rendering.unwrap_or(settings.cancel_stops_rendering);
    });
    StatusCode::NO_CONTENT
}

async fn requests(State(fal): State<Fal>) -> Json<Vec<Value>> {
    let seen = fal.requests().into_iter().map(|seen| {
        let at_ms = millis(seen.at.duration_since(UNIX_EPOCH).unwrap_or_default());
        json!({"method": seen.method, "path": seen.path, "authorization": seen.authorization, "at_ms": at_ms})
    });
    Json(seen.collect())
}

async fn renders(State(fal): State<Fal>) -> Json<Value> {
    Json(json!({"accepted": fal.renders(), "by_prompt": fal.renders_by_prompt()}))
}
