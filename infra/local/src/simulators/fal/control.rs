//! `/_simulator/…`: what a test in another process decides and observes. Faults, verdicts and
//! requests have their own routes beside these.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, patch};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use super::{Fal, ValidateAt};
use crate::simulators::renders;

pub(super) fn router(fal: &Fal) -> Router {
    Router::new()
        .route("/_simulator/settings", patch(configure))
        .route("/_simulator/renders", get(count_renders))
        .with_state(fal.clone())
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
        settings.render.queued =
            change.queued_ms.map_or(settings.render.queued, Duration::from_millis);
        settings.render.rendering =
            change.rendering_ms.map_or(settings.render.rendering, Duration::from_millis);
        if let Some(places) = change.concurrency {
            settings.concurrency = (places > 0).then_some(places);
        }
        settings.validate_at = change.validate_at.unwrap_or(settings.validate_at);
        settings.cancel_stops_rendering =
            change.cancel_stops_rendering.unwrap_or(settings.cancel_stops_rendering);
    });
    StatusCode::NO_CONTENT
}

async fn count_renders(State(fal): State<Fal>) -> Json<Value> {
    Json(renders::count(fal.state().renders.iter().map(|render| &render.order.prompt)))
}
