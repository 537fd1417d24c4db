//! Secrets Manager, as far as the functions use it: `GetSecretValue`, over AWS's JSON protocol.
//! Signatures are not checked, and secrets live in memory only.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The secrets by name, cheap to clone.
#[derive(Clone, Default)]
pub struct SecretsManager(Arc<Mutex<BTreeMap<String, String>>>);

impl SecretsManager {
    /// Creates a secret, or gives it another value: what a rotation does.
    pub fn put(&self, name: &str, value: &str) {
        self.secrets().insert(name.to_owned(), value.to_owned());
    }

    pub fn delete(&self, name: &str) {
        self.secrets().remove(name);
    }

    /// The text of a secret.
    pub fn text(&self, name: &str) -> Option<String> {
        self.secrets().get(name).cloned()
    }

    pub fn router(&self) -> Router {
        Router::new().route("/", post(answer)).with_state(self.clone())
    }

    fn secrets(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(
    State(manager): State<SecretsManager>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, Json<Value>) {
    let operation =
        headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    if operation != "secretsmanager.GetSecretValue" {
        return refused("UnknownOperationException", "only GetSecretValue is here");
    }
    let request: Value = serde_json::from_str(&body).unwrap_or_default();
    let name = request["SecretId"].as_str().unwrap_or_default();
    match manager.secrets().get(name) {
        Some(value) => (StatusCode::OK, Json(json!({"Name": name, "SecretString": value}))),
        // A role that may read `NAME-??????` may not read what has no such ending, and what does
        // not exist has none.
        None => refused(
            "AccessDeniedException",
            &format!("not authorized to perform secretsmanager:GetSecretValue on resource: {name}"),
        ),
    }
}

fn refused(kind: &str, message: &str) -> (StatusCode, Json<Value>) {
    (StatusCode::BAD_REQUEST, Json(json!({"__type": kind, "Message": message})))
}
