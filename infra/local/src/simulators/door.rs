//! The layer in front of every simulator's routes. It remembers each request, plays the scripted
//! faults, and serves the control paths for both.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use crate::Now;
use crate::faults::{Faults, Oddity};
use crate::simulators::seen::{Memory, Seen};

/// Which step of the simulator's protocol a method and a path are, if they are one.
pub(crate) type StepOf = fn(&Method, &str) -> Option<&'static str>;

/// Clones share faults and memory.
#[derive(Clone)]
pub(crate) struct Door<Own> {
    pub(crate) faults: Faults<Own>,
    seen: Memory,
    step_of: StepOf,
    now: Now,
}

impl<Own: Oddity> Door<Own> {
    pub(crate) fn new(steps: &'static [&'static str], step_of: StepOf, now: Now) -> Self {
        Self { faults: Faults::new(steps), seen: Memory::default(), step_of, now }
    }

    /// The routes behind this door, and the control paths beside them.
    pub(crate) fn before(&self, routes: Router) -> Router {
        routes
            .layer(from_fn_with_state(self.clone(), pass))
            .merge(self.faults.router())
            .merge(self.seen.router())
    }

    /// Every request that arrived, oldest first, of the last ten thousand.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.seen.all()
    }
}

async fn pass<Own: Oddity>(
    State(door): State<Door<Own>>,
    request: Request,
    next: Next,
) -> Response {
    door.seen.add(&request, (door.now)());
    match (door.step_of)(request.method(), request.uri().path()) {
        Some(step) => door.faults.play(step, request, next).await,
        None => next.run(request).await,
    }
}
