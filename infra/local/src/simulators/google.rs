//! Veo on Vertex AI, simulated on one origin: the models' long-running operations, the OAuth token
//! endpoint for service accounts, and the Cloud Storage bucket for finished files.
//!
//! Google's own client cannot tell it from the real one. Tokens carry their own end, so a restart
//! changes nothing. Google publishes the shapes but few of the texts: those of errors are as users
//! quote them, or guesses with the right status. Not here: images and videos as input, uploads to
//! a bucket.

mod account;
mod answer;
mod bucket;
mod ending;
mod input;
mod json;
mod models;
mod operation;
mod service;
mod settings;
mod shape;
mod tokens;
mod vertex;

pub use answer::{resource_exhausted, rpc_error};
pub use ending::{Ending, Left, Verdict};
pub use input::check;
pub use models::PARAMETERS;
pub use settings::{Pending, Settings, ValidateAt};
pub use shape::{Base64, Escapes, Shape};

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::Now;
use crate::simulators::output::Kind;
use crate::simulators::provider::{self, Provider, Render, Setup, Simulator};
use input::Order;

/// A handle to the simulator; clones share its state.
pub type Google = Simulator<Project>;

type Operation = provider::Rendering<Project>;

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
    pub now: Now,
}

/// The one project, in its one location.
pub struct Project {
    name: String,
    location: String,
    /// Bucket and name of the objects that were removed.
    removed: Mutex<BTreeSet<(String, String)>>,
}

/// What Google's operations have beside an order and an ending.
#[derive(Serialize, Deserialize)]
pub struct Own {
    /// The full name of its model.
    model_name: String,
}

#[derive(Clone, Copy, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
enum Step {
    Token,
    Submit,
    Poll,
    File,
    Remove,
}

impl Provider for Project {
    const NAME: &'static str = "Google";
    const STEPS: &'static [&'static str] = Step::VARIANTS;
    type Order = Order;
    type Ending = Ending;
    type Settings = Settings;
    type Own = Own;

    fn step_of(method: &Method, path: &str) -> Option<&'static str> {
        let verb = path.rsplit_once(':').map(|(_, verb)| verb);
        let step = match (method.as_str(), verb) {
            ("POST", _) if path == tokens::PATH => Step::Token,
            ("POST", Some(vertex::SUBMIT)) => Step::Submit,
            ("POST", Some(vertex::POLL)) => Step::Poll,
            ("GET" | "HEAD", _) => Step::File,
            ("DELETE", _) => Step::Remove,
            _ => return None,
        };
        Some(step.into())
    }

    fn routes() -> Router<Google> {
        Router::new()
            .route(tokens::PATH, post(tokens::answer))
            .route(vertex::PATH, post(vertex::answer))
            .route(bucket::JSON_PATH, get(bucket::json_api).delete(bucket::remove))
            .fallback(answer::unknown_url)
            .method_not_allowed_fallback(answer::unknown_url)
    }
}

impl Google {
    /// A simulator that goes on with what `data_dir` holds.
    ///
    /// # Panics
    /// When the directory can neither be read nor made, or holds something else.
    pub fn new(options: Options) -> Self {
        let Options { base_url, project, location, data_dir, render, now } = options;
        let own = Project { name: project, location, removed: Mutex::default() };
        Self::open(Setup { base_url, data_dir, render, now }, own)
    }

    /// The key file of the one service account that is let in; its `token_uri` is the simulator's
    /// own.
    pub fn service_account_json(&self) -> String {
        account::key_file(&self.own().name, &self.token_uri())
    }

    fn token_uri(&self) -> String {
        format!("{}{}", self.base_url(), tokens::PATH)
    }

    fn removed(&self) -> MutexGuard<'_, BTreeSet<(String, String)>> {
        self.own().removed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_tokens;
