//! `/_simulator/settings` and `/_simulator/renders`: what a test in another process changes and
//! counts.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, patch};
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use super::{Order, Provider, Simulator};

pub(super) fn router<P: Provider>(simulator: &Simulator<P>) -> Router {
    Router::new()
        .route("/_simulator/settings", patch(configure::<P>))
        .route("/_simulator/renders", get(count::<P>))
        .with_state(simulator.clone())
}

/// What is absent or `null` stays as it is. A name that is no setting is refused.
async fn configure<P: Provider>(
    State(simulator): State<Simulator<P>>,
    Json(change): Json<Map<String, Value>>,
) -> Result<StatusCode, (StatusCode, String)> {
    let refuse = |why: String| Err((StatusCode::UNPROCESSABLE_ENTITY, why));
    let mut settings = match serde_json::to_value(&simulator.state().settings) {
        Ok(Value::Object(settings)) => settings,
        other => return refuse(format!("the settings are no object: {other:?}")),
    };
    if let Some(unknown) = change.keys().find(|name| !settings.contains_key(*name)) {
        return refuse(format!("no setting `{unknown}` here"));
    }
    settings.extend(change.into_iter().filter(|(_, value)| !value.is_null()));
    match serde_json::from_value(settings.into()) {
        Ok(changed) => simulator.configure(|settings| *settings = changed),
        Err(error) => return refuse(error.to_string()),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// How many were accepted, in all and of each prompt.
async fn count<P: Provider>(State(simulator): State<Simulator<P>>) -> Json<Value> {
    let state = simulator.state();
    let mut by_prompt: BTreeMap<&str, usize> = BTreeMap::new();
    for render in &state.renders {
        *by_prompt.entry(render.order.prompt()).or_default() += 1;
    }
    Json(json!({"accepted": state.renders.len(), "by_prompt": by_prompt}))
}
