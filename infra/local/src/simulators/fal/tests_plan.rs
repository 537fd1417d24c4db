//! The plan of renders, which fal shares with the other providers.

use std::time::Duration;

use super::*;
use crate::simulators::provider::{self, Settings as _};
use crate::simulators::shelf::Shelf;

type State = provider::State<Account>;

fn state(queued: u64, rendering: u64) -> State {
    let render = Render {
        queued: Duration::from_millis(queued),
        rendering: Duration::from_millis(rendering),
    };
    let settings = Settings::with(render);
    State { settings, renders: Vec::new(), shelf: Shelf::open(None).unwrap() }
}

fn submit(state: &mut State, now_ms: u64) {
    let order =
        Order { prompt: String::new(), seconds: 5, aspect_ratio: "16:9".to_owned(), sound: false };
    let own = Own { app: "a/b".to_owned(), repeats: 0 };
    state.accept(Rendering::accepted(order, Ending::VIDEO, own, now_ms), now_ms);
}

fn times(state: &State) -> Vec<(u64, u64)> {
    state.renders.iter().map(|render| (render.starts_ms, render.finishes_ms)).collect()
}

#[test]
fn everything_takes_the_same_time() {
    let mut state = state(10, 100);
    submit(&mut state, 0);
    submit(&mut state, 5);
    assert_eq!(times(&state), [(10, 110), (15, 115)]);
}

#[test]
fn a_change_moves_what_is_not_finished_and_nothing_else() {
    let mut state = state(10, 100);
    submit(&mut state, 0);
    submit(&mut state, 60);
    submit(&mut state, 119);
    state.settings.render =
        Render { queued: Duration::from_millis(0), rendering: Duration::from_millis(20) };
    state.replan(120);
    assert_eq!(times(&state), [(10, 110), (70, 120), (120, 140)]);
}
