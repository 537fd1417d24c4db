//! fal, simulated: its queue API and the CDN that serves the finished files, on one origin.
//!
//! Owns the wire protocol to the letter, so that fal's own clients cannot tell the difference, and
//! a script of how renders end. A request's state is computed from the wall clock when somebody
//! asks; there are no timers, so a restart changes nothing. Where fal's documentation is silent
//! (the texts of a 401, of a 404, of an expired result) the answer is a guess with the right status
//! code. Not here: webhooks, the event stream of a status, `X-Fal-Request-Timeout`.

mod address;
mod answer;
mod cdn;
mod control;
mod input;
mod models;
mod plan;
mod queue;
mod render;
mod verdict;

pub use answer::flat_error;
pub use plan::{Settings, ValidateAt};
pub use verdict::{Ending, Verdict};

pub use crate::simulators::renders::Render;
pub use crate::simulators::seen::Seen;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use crate::Now;
use crate::faults::Faults;
use crate::simulators::dates;
use crate::simulators::script::Script;
use crate::simulators::seen::{Memory, remember};
use crate::simulators::shelf::Shelf;
use render::Rendering;

/// The steps that a fault can happen to.
pub const STEPS: &[&str] = &["submit", "status", "result", "cancel", "file"];

/// What a simulator is started with.
pub struct Options {
    /// Its own origin without a trailing slash: the URLs in its answers begin with it.
    pub base_url: String,
    /// The one key it accepts at first, as in `FAL_KEY`: `id:secret` or any other text.
    pub key: String,
    /// Where accepted requests are kept, one JSON file each; in memory only when absent.
    pub data_dir: Option<PathBuf>,
    /// How long a request waits and renders.
    pub render: Render,
    /// The wall clock.
    pub now: Now,
}

/// A handle to the simulator; clones share its state.
#[derive(Clone)]
pub struct Fal(Arc<Inner>);

struct Inner {
    base_url: String,
    now: Now,
    faults: Faults,
    verdicts: Script<Verdict>,
    seen: Memory<Seen>,
    state: Mutex<State>,
}

struct State {
    key: String,
    settings: Settings,
    /// In the order of their submission.
    renders: Vec<Rendering>,
    shelf: Shelf,
}

impl Fal {
    /// A simulator that goes on with what `data_dir` holds.
    ///
    /// # Panics
    /// When the directory can neither be read nor made, or holds something else.
    pub fn new(options: Options) -> Self {
        let shelf = Shelf::open(options.data_dir).expect("fal's data directory is readable");
        let state = State {
            key: options.key,
            settings: Settings::with(options.render),
            renders: shelf
                .all(|render: &Rendering| render.submitted_ms)
                .expect("fal's data directory holds its own files"),
            shelf,
        };
        let Options { base_url, now, .. } = options;
        let (faults, verdicts, seen) = (Faults::new(STEPS), Script::new(), Memory::new());
        Self(Arc::new(Inner { base_url, now, faults, verdicts, seen, state: Mutex::new(state) }))
    }

    /// Queue, files and control, for the caller to serve.
    pub fn router(&self) -> Router {
        Router::new()
            .route(cdn::PATH, get(cdn::file))
            .fallback(queue::answer)
            .layer(from_fn_with_state((self.0.seen.clone(), self.0.now.clone()), remember))
            .with_state(self.clone())
            .merge(self.0.faults.router())
            .merge(self.0.verdicts.verdicts_router())
            .merge(self.0.seen.router())
            .merge(control::router(self))
    }

    /// What goes wrong on the wire; see [`STEPS`].
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// Changes how requests wait, render and are checked; requests that are not finished follow at
    /// once.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        let now_ms = self.now_ms();
        let mut state = self.state();
        change(&mut state.settings);
        state.replan(now_ms);
    }

    /// From now on it accepts this key and no other, as when its owner has revoked the one before.
    pub fn set_key(&self, key: &str) {
        key.clone_into(&mut self.state().key);
    }

    /// How long requests wait and render from now on, those that are not finished too.
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

    /// How many renders were accepted: what the real fal would charge for.
    pub fn renders(&self) -> usize {
        self.state().renders.iter().map(Rendering::renders).sum()
    }

    /// How many renders of this prompt were accepted.
    pub fn renders_of(&self, prompt: &str) -> usize {
        self.state()
            .renders
            .iter()
            .filter(|render| render.order.prompt == prompt)
            .map(Rendering::renders)
            .sum()
    }

    /// How many renders of this prompt have ended with a video: the real fal bills each of them.
    pub fn finished_renders_of(&self, prompt: &str) -> usize {
        let now_ms = self.now_ms();
        let finished =
            |render: &&render::Rendering| render.order.prompt == prompt && render.is_billed(now_ms);
        self.state().renders.iter().filter(finished).count()
    }

    fn now_ms(&self) -> u64 {
        dates::unix_ms((self.0.now)())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
