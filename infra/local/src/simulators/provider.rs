//! What the simulators of all providers share: accepted renders and when they end, the script of
//! how they end, and the control paths of both. A provider adds its wire: its routes, and the words
//! in which it says all of this.
//!
//! A render's state is computed from the wall clock when a client asks. There are no timers, so a
//! restart changes nothing.

mod control;
mod plan;
mod rendering;

pub use plan::Render;
pub use rendering::Rendering;

pub(crate) use rendering::Phase;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Now;
use crate::faults::{Faults, Never};
use crate::simulators::dates;
use crate::simulators::door::Door;
use crate::simulators::output::{Film, Kind};
use crate::simulators::script::Script;
use crate::simulators::seen::Seen;
use crate::simulators::shelf::Shelf;
use crate::simulators::verdict::{Verdict, bytes_asked_for};

/// What a provider's simulator says of itself. The value holds what only this provider keeps.
pub trait Provider: Sized + Send + Sync + 'static {
    /// The provider's name, for a panic.
    const NAME: &'static str;
    /// The steps that a fault can happen to.
    const STEPS: &'static [&'static str];
    /// What a submission orders.
    type Order: Order;
    /// How a render ends, in the provider's words.
    type Ending: Ending;
    /// What may be changed while the simulator runs.
    type Settings: Settings;
    /// What a render has beside its order and its ending.
    type Own: DeserializeOwned + Serialize + Send;

    /// Which step a request is, if it is one.
    fn step_of(method: &Method, path: &str) -> Option<&'static str>;

    /// The provider's own paths.
    fn routes() -> Router<Simulator<Self>>;

    /// How many renders the provider charges for this one, or would.
    fn charges(_render: &Rendering<Self>) -> usize {
        1
    }
}

pub trait Order: DeserializeOwned + Serialize + Send {
    /// The prompt, by which a verdict picks its renders.
    fn prompt(&self) -> &str;

    fn film(&self) -> Film<'_>;
}

/// How a render may end.
pub trait Ending: Clone + DeserializeOwned + Serialize + Send + 'static {
    /// The ordinary end: a video, in a file of so many bytes if that is said.
    fn video(bytes: Option<u64>) -> Self;

    /// The file that the render leaves behind, if it leaves one.
    fn file(&self) -> Option<Kind>;
}

/// What may be changed while the simulator runs. Its JSON is what `PATCH /_simulator/settings`
/// takes.
pub trait Settings: DeserializeOwned + Serialize + Send {
    /// The provider's usual settings, with renders that take so long.
    fn with(render: Render) -> Self;

    /// How long renders take, to be changed.
    fn render(&mut self) -> &mut Render;

    /// How long a render waits and renders.
    fn plan(&self) -> Render;
}

/// A handle to a provider's simulator. Clones share its state.
pub struct Simulator<P: Provider>(Arc<Inner<P>>);

impl<P: Provider> Clone for Simulator<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct Inner<P: Provider> {
    own: P,
    base_url: String,
    now: Now,
    door: Door<Never>,
    verdicts: Script<Verdict<P::Ending>>,
    state: Mutex<State<P>>,
}

/// What changes while the simulator runs.
pub(crate) struct State<P: Provider> {
    pub(crate) settings: P::Settings,
    /// In the order of their submission.
    pub(crate) renders: Vec<Rendering<P>>,
    pub(crate) shelf: Shelf,
}

/// What every provider's simulator is started with.
pub(crate) struct Setup {
    /// Its own origin without a trailing slash.
    pub(crate) base_url: String,
    /// Where accepted renders are kept, one JSON file each; in memory only when absent.
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) render: Render,
    pub(crate) now: Now,
}

impl<P: Provider> Simulator<P> {
    /// A simulator that goes on with what `data_dir` holds.
    pub(crate) fn open(setup: Setup, own: P) -> Self {
        let Setup { base_url, data_dir, render, now } = setup;
        let shelf = Shelf::open(data_dir).unwrap_or_else(|error| {
            panic!("{}'s data directory is not readable: {error}", P::NAME)
        });
        let renders = shelf.all(|render: &Rendering<P>| render.submitted_ms);
        let renders = renders.unwrap_or_else(|error| {
            panic!("{}'s data directory holds a file of another program: {error}", P::NAME)
        });
        let state = State { settings: P::Settings::with(render), renders, shelf };
        let door = Door::new(P::STEPS, P::step_of, now.clone());
        let (verdicts, state) = (Script::new(), Mutex::new(state));
        Self(Arc::new(Inner { own, base_url, now, door, verdicts, state }))
    }

    /// The provider's paths and the control paths, for the caller to serve.
    pub fn router(&self) -> Router {
        let routes = P::routes().with_state(self.clone());
        self.0
            .door
            .before(routes)
            .merge(self.0.verdicts.verdicts_router())
            .merge(control::router(self))
    }

    /// What goes wrong on the wire.
    pub fn faults(&self) -> &Faults {
        &self.0.door.faults
    }

    /// Decides how coming submissions end; of several verdicts that fit one, the oldest counts.
    pub fn decide(&self, verdict: Verdict<P::Ending>) {
        self.0.verdicts.add(verdict);
    }

    /// Changes the settings. Renders that are not finished follow at once.
    pub fn configure(&self, change: impl FnOnce(&mut P::Settings)) {
        let now_ms = self.now_ms();
        let mut state = self.state();
        change(&mut state.settings);
        state.replan(now_ms);
    }

    /// How long renders wait and take from now on, those that are not finished too.
    pub fn set_render(&self, render: Render) {
        self.configure(|settings| *settings.render() = render);
    }

    /// Every request that arrived, oldest first, of the last ten thousand.
    pub fn requests(&self) -> Vec<Seen> {
        self.0.door.requests()
    }

    /// How many renders were accepted: the real provider would charge for each.
    pub fn renders(&self) -> usize {
        self.state().renders.iter().map(P::charges).sum()
    }

    /// How many renders of this prompt were accepted.
    pub fn renders_of(&self, prompt: &str) -> usize {
        let state = self.state();
        let renders = state.renders.iter().filter(|render| render.order.prompt() == prompt);
        renders.map(P::charges).sum()
    }

    pub(crate) fn own(&self) -> &P {
        &self.0.own
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.0.base_url
    }

    pub(crate) fn now_ms(&self) -> u64 {
        dates::unix_ms((self.0.now)())
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State<P>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ending that was decided for a prompt, or the video that the prompt asks for.
    pub(crate) fn ending_for(&self, prompt: &str) -> P::Ending {
        let decided = self.0.verdicts.ending_for(prompt);
        decided.unwrap_or_else(|| P::Ending::video(bytes_asked_for(prompt)))
    }
}

impl<P: Provider> State<P> {
    /// Accepts a new render: plans it, and keeps it for the next start.
    pub(crate) fn accept(&mut self, render: Rendering<P>, now_ms: u64) {
        self.renders.push(render);
        self.replan(now_ms);
    }
}
