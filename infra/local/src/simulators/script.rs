//! What is decided beforehand about requests to come: of several lines that fit one, the oldest
//! happens, as often as it says.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, post};
use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Something that is decided, with the number of requests that it is for.
pub(crate) trait Line: Clone + DeserializeOwned + Serialize + Send + 'static {
    /// How many are left; `None` is for all.
    fn times(&mut self) -> &mut Option<u32>;
}

/// What a line is for when it does not say.
pub(crate) fn once() -> Option<u32> {
    Some(1)
}

/// The lines, oldest first. Cloning gives another handle to the same list.
#[derive(Clone, Debug)]
pub(crate) struct Script<T>(Arc<Mutex<Vec<T>>>);

impl<T: Line> Script<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Adds a line behind the others.
    pub(crate) fn add(&self, mut line: T) {
        if *line.times() != Some(0) {
            self.list().push(line);
        }
    }

    pub(crate) fn clear(&self) {
        self.list().clear();
    }

    /// What is still to happen.
    pub(crate) fn pending(&self) -> Vec<T> {
        self.list().clone()
    }

    /// What happens to a request that such lines fit; a line that was for so many is used up by it.
    pub(crate) fn take(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        let mut list = self.list();
        let at = list.iter().position(fits)?;
        match list[at].times() {
            Some(1) => return Some(list.remove(at)),
            Some(times) => *times -= 1,
            None => {}
        }
        Some(list[at].clone())
    }

    /// `POST`, `GET` and `DELETE` for a test in another process: add a line, unless `add` refuses
    /// it; list them; clear them.
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

    fn list(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
