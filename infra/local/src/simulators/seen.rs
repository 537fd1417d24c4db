//! The requests that reached a simulator.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::simulators::dates;

/// Enough for any test, and a bound for a system that is left running.
const AT_MOST: usize = 10_000;

/// A request that reached the simulator, with or without success. Requests below `/_simulator` are
/// not counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// The `Authorization` header, as sent.
    pub authorization: Option<String>,
    /// Whether there was an `apikey` header.
    pub apikey_present: bool,
    /// When it arrived, by the simulator's clock.
    pub at: SystemTime,
}

/// The last ten thousand requests. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<VecDeque<Seen>>>);

impl Memory {
    pub(crate) fn add(&self, request: &Request, at: SystemTime) {
        let headers = request.headers();
        let authorization = headers.get(AUTHORIZATION).map(|value| value.as_bytes());
        let mut list = self.list();
        if list.len() == AT_MOST {
            list.pop_front();
        }
        list.push_back(Seen {
            method: request.method().to_string(),
            path: request.uri().to_string(),
            authorization: authorization.map(|value| String::from_utf8_lossy(value).into()),
            apikey_present: headers.contains_key("apikey"),
            at,
        });
    }

    pub(crate) fn all(&self) -> Vec<Seen> {
        self.list().iter().cloned().collect()
    }

    pub(crate) fn router(&self) -> Router {
        let memory = self.clone();
        let shown = |seen: Seen| {
            let Seen { method, path, authorization, apikey_present: _, at } = seen;
            let at_ms = dates::unix_ms(at);
            json!({"method": method, "path": path, "authorization": authorization, "at_ms": at_ms})
        };
        let list = async move || Json(memory.all().into_iter().map(shown).collect::<Vec<_>>());
        Router::new().route("/_simulator/requests", get(list))
    }

    fn list(&self) -> MutexGuard<'_, VecDeque<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
