//! fal, simulated: its queue API and the CDN that serves the finished files, on one origin.
//!
//! fal's own clients cannot tell it from the real one. Where fal's documentation is silent (the
//! texts of a 401, of a 404, of an expired result), the answer is a guess with the right status
//! code. Not here: webhooks, the event stream of a status, `X-Fal-Request-Timeout`.

mod address;
mod answer;
mod cdn;
mod ending;
mod input;
mod models;
mod outcome;
mod queue;
mod service;
mod settings;

pub use answer::flat_error;
pub use ending::{Ending, Verdict};
pub use input::check;
pub use models::properties;
pub use settings::{Settings, ValidateAt};

pub use crate::simulators::provider::Render;
pub use crate::simulators::seen::Seen;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::Method;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::Now;
use crate::simulators::output::Kind;
use crate::simulators::provider::{self, Provider, Setup, Simulator};
use input::Order;

/// A handle to the simulator; clones share its state.
pub type Fal = Simulator<Account>;

type Rendering = provider::Rendering<Account>;

/// What the simulator is started with.
pub struct Options {
    /// Its own origin without a trailing slash: the URLs in its answers begin with it.
    pub base_url: String,
    /// The one key it accepts at first, as in `FAL_KEY`: `id:secret` or any other text.
    pub key: String,
    /// Where accepted requests are kept, one JSON file each; in memory only when absent.
    pub data_dir: Option<PathBuf>,
    /// How long a request waits and renders.
    pub render: Render,
    pub now: Now,
}

/// The one account that may submit.
pub struct Account {
    key: Mutex<String>,
}

/// What fal's requests have beside an order and an ending.
#[derive(Serialize, Deserialize)]
pub struct Own {
    /// Owner and app: the part of the endpoint that is in the request's URLs.
    app: String,
    /// How often fal rendered it by itself after the first time.
    #[serde(default)]
    repeats: usize,
}

#[derive(Clone, Copy, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
enum Step {
    Submit,
    Status,
    Result,
    Cancel,
    File,
}

impl Provider for Account {
    const NAME: &'static str = "fal";
    const STEPS: &'static [&'static str] = Step::VARIANTS;
    type Order = Order;
    type Ending = Ending;
    type Settings = Settings;
    type Own = Own;

    fn step_of(method: &Method, path: &str) -> Option<&'static str> {
        if path.starts_with("/files/") {
            return Some(Step::File.into());
        }
        queue::asked(method, path).ok().map(|asked| asked.step().into())
    }

    fn routes() -> Router<Fal> {
        Router::new().route(cdn::PATH, get(cdn::file)).fallback(queue::answer)
    }

    fn charges(render: &Rendering) -> usize {
        1 + render.own.repeats
    }
}

impl Fal {
    /// A simulator that goes on with what `data_dir` holds.
    ///
    /// # Panics
    /// When the directory can neither be read nor made, or holds something else.
    pub fn new(options: Options) -> Self {
        let Options { base_url, key, data_dir, render, now } = options;
        Self::open(Setup { base_url, data_dir, render, now }, Account { key: Mutex::new(key) })
    }

    /// From now on it accepts this key and no other, as when its owner has revoked the one before.
    pub fn set_key(&self, key: &str) {
        key.clone_into(&mut self.key());
    }

    /// How many renders of this prompt have ended with a video: the real fal bills each of them.
    pub fn finished_renders_of(&self, prompt: &str) -> usize {
        let now_ms = self.now_ms();
        let billed = |render: &&Rendering| {
            let is_video = matches!(render.ending, Ending::Video { .. });
            render.order.prompt == prompt && is_video && render.is_done(now_ms)
        };
        self.state().renders.iter().filter(billed).count()
    }

    fn key(&self) -> MutexGuard<'_, String> {
        self.own().key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_plan;
