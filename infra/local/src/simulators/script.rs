//! A script: lines about requests to come. Of several lines that fit a request, the oldest is
//! played, as often as it says.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, post};
use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A line of a script: a fault, or a verdict.
pub(crate) trait Line: Clone + DeserializeOwned + Serialize + Send + 'static {
    /// How many requests it is still for; `None` is for all.
    fn times(&mut self) -> &mut Option<u32>;

    /// How many requests that it fits still pass before it.
    fn after(&mut self) -> &mut u32;
}

/// A line that does not say how often is for one request.
pub(crate) fn once() -> Option<u32> {
    Some(1)
}

/// The lines, oldest first. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Script<T>(Arc<Mutex<Vec<T>>>);

impl<T: Line> Script<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn add(&self, mut line: T) {
        if *line.times() != Some(0) {
            self.lines().push(line);
        }
    }

    pub(crate) fn clear(&self) {
        self.lines().clear();
    }

    /// The lines that are not used up.
    pub(crate) fn pending(&self) -> Vec<T> {
        self.lines().clone()
    }

    /// The line for a request, if there is one. This uses the line up once.
    pub(crate) fn take(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        let mut lines = self.lines();
        let at = lines.iter().position(fits)?;
        if let Some(after) = lines[at].after().checked_sub(1) {
            *lines[at].after() = after;
            return None;
        }
        match lines[at].times() {
            Some(1) => return Some(lines.remove(at)),
            Some(times) => *times -= 1,
            None => {}
        }
        Some(lines[at].clone())
    }

    /// Control over HTTP: `POST` adds a line unless `add` refuses it, `GET` lists the lines,
    /// `DELETE` clears them.
    pub(crate) fn router<E: Display>(
        &self,
        path: &str,
        add: impl Fn(T) -> Result<(), E> + Clone + Send + Sync + 'static,
    ) -> Router {
        let (listing, clearing) = (self.clone(), self.clone());
        let routes: MethodRouter = post(async move |Json(line): Json<T>| match add(line) {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
        });
        let routes = routes.get(async move || Json(listing.pending())).delete(async move || {
            clearing.clear();
            StatusCode::NO_CONTENT
        });
        Router::new().route(path, routes)
    }

    fn lines(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
