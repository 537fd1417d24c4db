//! Veo on Vertex AI, simulated: the models' long-running operations, the OAuth token endpoint that
//! lets a service account in, and the Cloud Storage bucket that finished files are written to, on
//! one origin.
//!
//! Owns the wire protocol, so that Google's own client cannot tell the difference, and a script of
//! how renders end. An operation's state is computed from the wall clock when somebody asks; there
//! are no timers, and tokens carry their own end, so a restart changes nothing. Google publishes
//! the shapes but few of the texts: those of errors are as users quote them, or guesses with the
//! right status. Not here: images and videos as input, uploads to a bucket.

mod account;
mod answer;
mod bucket;
mod control;
mod input;
mod json;
mod models;
mod operation;
mod tokens;
mod verdict;
mod vertex;

pub use answer::{resource_exhausted, rpc_error};
pub use json::{Base64, Escapes, Shape};
pub use operation::{Pending, Settings, ValidateAt};
pub use verdict::{Ending, Left, Verdict};

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::Now;
use crate::faults::Faults;
use crate::simulators::dates;
use crate::simulators::renders::Render;
use crate::simulators::script::Script;
use crate::simulators::seen::{Memory, Seen, remember};
use crate::simulators::shelf::Shelf;
use operation::Operation;

/// The steps that a fault can happen to.
pub const STEPS: &[&str] = &["token", "submit", "poll", "file", "remove"];

/// What the simulator is started with.
pub struct Options {
    /// Its own origin without a trailing slash.
    pub base_url: String,
    /// The one project that its service account may use.
    pub project: String,
    /// The one location that it serves: `us-central1`.
    pub location: String,
    /// Where accepted operations are kept, one JSON file each; in memory only when absent.
    pub data_dir: Option<PathBuf>,
    /// How long an operation takes: the sum of both, because Google shows no queue.
    pub render: Render,
    /// The wall clock.
    pub now: Now,
}

/// A handle to the simulator; clones share its state.
#[derive(Clone)]
pub struct Google(Arc<Inner>);

struct Inner {
    base_url: String,
    project: String,
    location: String,
    now: Now,
    faults: Faults,
    verdicts: Script<Verdict>,
    seen: Memory<Seen>,
    state: Mutex<State>,
}

struct State {
    settings: Settings,
    /// In the order of their submission.
    operations: Vec<Operation>,
    /// Bucket and name of the objects that were removed.
    removed: BTreeSet<(String, String)>,
    shelf: Shelf,
}

impl Google {
    /// A simulator that goes on with what `data_dir` holds.
    ///
    /// # Panics
    /// When the directory can neither be read nor made, or holds something else.
    pub fn new(options: Options) -> Self {
        let shelf = Shelf::open(options.data_dir).expect("Google's data directory is readable");
        let state = State {
            settings: Settings::with(options.render),
            operations: shelf
                .all(|operation: &Operation| operation.submitted_ms)
                .expect("Google's data directory holds its own files"),
            removed: BTreeSet::new(),
            shelf,
        };
        let Options { base_url, project, location, now, .. } = options;
        let (faults, verdicts, seen) = (Faults::new(STEPS), Script::new(), Memory::new());
        Self(Arc::new(Inner {
            base_url,
            project,
            location,
            now,
            faults,
            verdicts,
            seen,
            state: Mutex::new(state),
        }))
    }

    /// Tokens, models, bucket and control, for the caller to serve.
    pub fn router(&self) -> Router {
        Router::new()
            .route(tokens::PATH, post(tokens::answer))
            .route(vertex::PATH, post(vertex::answer))
            .route(bucket::JSON_PATH, get(bucket::json_api).delete(bucket::remove))
            .route(bucket::DOWNLOAD_PATH, get(bucket::json_api))
            .route(bucket::XML_PATH, get(bucket::xml_api))
            .fallback(answer::unknown_url)
            .method_not_allowed_fallback(answer::unknown_url)
            .layer(from_fn_with_state((self.0.seen.clone(), self.0.now.clone()), remember))
            .with_state(self.clone())
            .merge(self.0.faults.router())
            .merge(self.0.verdicts.verdicts_router())
            .merge(self.0.seen.router())
            .merge(control::router(self))
    }

    /// The key file of the one service account that is let in; its `token_uri` is the simulator's
    /// own.
    pub fn service_account_json(&self) -> String {
        account::key_file(&self.0.project, &self.token_uri())
    }

    /// What goes wrong on the wire; see [`STEPS`].
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// Changes how long operations take, what is checked when, and how answers are written;
    /// operations that are not done follow at once.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        let now_ms = self.now_ms();
        let mut state = self.state();
        change(&mut state.settings);
        state.replan(now_ms);
    }

    /// How long operations take from now on, those that are not done too.
    pub fn set_render(&self, render: Render) {
        self.configure(|settings| settings.render = render);
    }

    /// Decides how coming submissions end; of several verdicts that fit one, the oldest counts.
    pub fn decide(&self, verdict: Verdict) {
        self.0.verdicts.add(verdict);
    }

    /// Coming submissions end with a video again.
    pub fn clear_verdicts(&self) {
        self.0.verdicts.clear();
    }

    /// Every request that arrived, oldest first, of the last ten thousand.
    pub fn requests(&self) -> Vec<Seen> {
        self.0.seen.all()
    }

    /// How many operations were accepted: what the real Google would charge for.
    pub fn renders(&self) -> usize {
        self.state().operations.len()
    }

    /// How many operations with this prompt were accepted.
    pub fn renders_of(&self, prompt: &str) -> usize {
        self.state().operations.iter().filter(|operation| operation.order.prompt == prompt).count()
    }

    /// The `parameters` of every accepted operation with this prompt, as they were sent.
    pub fn parameters_of(&self, prompt: &str) -> Vec<serde_json::Value> {
        let state = self.state();
        let operations =
            state.operations.iter().filter(|operation| operation.order.prompt == prompt);
        operations.map(|operation| operation.order.parameters.clone()).collect()
    }

    fn token_uri(&self) -> String {
        format!("{}{}", self.0.base_url, tokens::PATH)
    }

    fn now_ms(&self) -> u64 {
        dates::unix_ms((self.0.now)())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_tokens;
