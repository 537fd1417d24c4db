//! When each request starts and finishes, as far as can be said now.
//!
//! A plan is times, not timers: it is made at a submission and again whenever something changes
//! that it rests on.

use serde::{Deserialize, Serialize};

use super::State;
use super::render::{Phase, Rendering};
use crate::simulators::dates::millis;
use crate::simulators::renders::Render;

/// When wrong input is noticed. The real fal does either.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidateAt {
    /// The submission is refused with 422.
    Submit,
    /// The submission is accepted, and its result is the 422.
    Result,
}

/// What may be changed while the simulator runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How long requests take.
    pub render: Render,
    /// How many render at the same time; the others wait. Not limited when absent.
    pub concurrency: Option<usize>,
    /// When wrong input is noticed.
    pub validate_at: ValidateAt,
    /// Whether a cancel stops what already renders; fal promises only to try.
    pub cancel_stops_rendering: bool,
}

impl Settings {
    pub(super) fn with(render: Render) -> Self {
        Self {
            render,
            concurrency: None,
            validate_at: ValidateAt::Submit,
            cancel_stops_rendering: true,
        }
    }
}

impl State {
    /// Plans anew what has not finished, in the order of submission, and keeps what changed.
    pub(super) fn replan(&mut self, now_ms: u64) {
        for at in 0..self.renders.len() {
            let (before, rest) = self.renders.split_at_mut(at);
            let render = &mut rest[0];
            let (starts_ms, finishes_ms) = match render.phase(now_ms) {
                Phase::Done => continue,
                Phase::Rendering => {
                    (render.starts_ms, self.settings.finish(render.starts_ms).max(now_ms))
                }
                Phase::Queued => {
                    let starts_ms = self.settings.start(render.submitted_ms, now_ms, before);
                    (starts_ms, self.settings.finish(starts_ms))
                }
            };
            if (render.starts_ms, render.finishes_ms) != (starts_ms, finishes_ms) {
                (render.starts_ms, render.finishes_ms) = (starts_ms, finishes_ms);
                self.shelf.keep(&render.id, render);
            }
        }
    }
}

impl Settings {
    /// The first moment, not in the past, at which the wait is over and a place is free of those
    /// who came before.
    fn start(&self, submitted_ms: u64, now_ms: u64, before: &[Rendering]) -> u64 {
        let mut at = submitted_ms.saturating_add(millis(self.render.queued)).max(now_ms);
        let Some(places) = self.concurrency.map(|places| places.max(1)) else { return at };
        loop {
            let busy =
                before.iter().filter(|other| other.starts_ms <= at && at < other.finishes_ms);
            let mut ends: Vec<u64> = busy.map(|other| other.finishes_ms).collect();
            if ends.len() < places {
                return at;
            }
            ends.sort_unstable();
            at = ends[ends.len() - places];
        }
    }

    fn finish(&self, starts_ms: u64) -> u64 {
        starts_ms.saturating_add(millis(self.render.rendering))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::input::Order;
    use super::super::verdict::Ending;
    use super::*;
    use crate::simulators::shelf::Shelf;

    fn state(queued: u64, rendering: u64, concurrency: Option<usize>) -> State {
        let render = Render {
            queued: Duration::from_millis(queued),
            rendering: Duration::from_millis(rendering),
        };
        let settings = Settings { concurrency, ..Settings::with(render) };
        State {
            key: String::new(),
            settings,
            renders: Vec::new(),
            shelf: Shelf::open(None).unwrap(),
        }
    }

    fn submit(state: &mut State, now_ms: u64) {
        let order = Order {
            prompt: String::new(),
            seconds: 5,
            aspect_ratio: "16:9".to_owned(),
            sound: false,
        };
        state.renders.push(Rendering::accepted("a/b", "a/b/c", order, Ending::VIDEO, now_ms));
        state.replan(now_ms);
    }

    fn times(state: &State) -> Vec<(u64, u64)> {
        state.renders.iter().map(|render| (render.starts_ms, render.finishes_ms)).collect()
    }

    #[test]
    fn without_a_limit_everything_takes_the_same_time() {
        let mut state = state(10, 100, None);
        submit(&mut state, 0);
        submit(&mut state, 5);
        assert_eq!(times(&state), [(10, 110), (15, 115)]);
    }

    #[test]
    fn with_a_limit_the_others_wait_for_a_place() {
        let mut state = state(0, 100, Some(2));
        for now_ms in 1..=5 {
            submit(&mut state, now_ms);
        }
        assert_eq!(times(&state), [(1, 101), (2, 102), (101, 201), (102, 202), (201, 301)]);
    }

    #[test]
    fn a_change_moves_what_is_not_finished_and_nothing_else() {
        let mut state = state(10, 100, None);
        submit(&mut state, 0);
        submit(&mut state, 60);
        submit(&mut state, 119);
        state.settings.render =
            Render { queued: Duration::from_millis(0), rendering: Duration::from_millis(20) };
        state.replan(120);
        assert_eq!(times(&state), [(10, 110), (70, 120), (120, 140)]);
    }
}
