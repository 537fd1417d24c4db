//! The requests that reached a simulator, remembered for whoever wants to know.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::Now;
use crate::simulators::dates;

/// Enough for any test, and a bound for a system that is left running.
const AT_MOST: usize = 10_000;

/// A request that reached the simulator, whatever became of it. Control requests are not counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// HTTP method.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// The `Authorization` header, as sent.
    pub authorization: Option<String>,
    /// When it arrived.
    pub at: SystemTime,
}

/// The last ten thousand, each as its simulator describes it. Cloning gives another handle to the
/// same list.
#[derive(Clone)]
pub(crate) struct Memory<T>(Arc<Mutex<VecDeque<T>>>);

impl<T: Clone> Memory<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn add(&self, seen: T) {
        let mut all = self.list();
        if all.len() == AT_MOST {
            all.pop_front();
        }
        all.push_back(seen);
    }

    /// Oldest first.
    pub(crate) fn all(&self) -> Vec<T> {
        self.list().iter().cloned().collect()
    }

    fn list(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory<Seen> {
    /// `GET /_simulator/requests`.
    pub(crate) fn router(&self) -> Router {
        let memory = self.clone();
        let seen = |seen: Seen| {
            let at_ms = dates::unix_ms(seen.at);
            json!({"method": seen.method, "path": seen.path, "authorization": seen.authorization, "at_ms": at_ms})
        };
        let list = async move || Json(memory.all().into_iter().map(seen).collect::<Vec<_>>());
        Router::new().route("/_simulator/requests", get(list))
    }
}

/// The layer around everything that is to be remembered.
pub(crate) async fn remember(
    State((memory, now)): State<(Memory<Seen>, Now)>,
    request: Request,
    next: Next,
) -> Response {
    let authorization = request.headers().get(AUTHORIZATION);
    memory.add(Seen {
        method: request.method().to_string(),
        path: request.uri().to_string(),
        authorization: authorization.map(|value| String::from_utf8_lossy(value.as_bytes()).into()),
        at: now(),
    });
    next.run(request).await
}
