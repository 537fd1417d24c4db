//! When each render starts and finishes, as far as can be said now.
//!
//! A plan is times, not timers: it is made at a submission, and again when something changes that
//! it rests on.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rendering::{Phase, Rendering};
use super::{Provider, Settings, State};
use crate::simulators::dates::millis;

/// How long a render takes. In JSON both are milliseconds, `queued_ms` and `rendering_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Render {
    /// How long it waits before.
    #[serde(rename = "queued_ms", serialize_with = "to_ms", deserialize_with = "from_ms")]
    pub queued: Duration,
    /// How long it renders.
    #[serde(rename = "rendering_ms", serialize_with = "to_ms", deserialize_with = "from_ms")]
    pub rendering: Duration,
}

fn to_ms<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(millis(*duration))
}

fn from_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

impl<P: Provider> State<P> {
    /// Plans anew what has not finished, in the order of submission, and keeps what changed.
    pub(crate) fn replan(&mut self, now_ms: u64) {
        let (render, places) = (*self.settings.render(), self.settings.concurrency());
        for at in 0..self.renders.len() {
            let (before, rest) = self.renders.split_at_mut(at);
            let this = &mut rest[0];
            let finish = |starts_ms: u64| starts_ms.saturating_add(millis(render.rendering));
            let (starts_ms, finishes_ms) = match this.phase(now_ms) {
                Phase::Done => continue,
                Phase::Rendering => (this.starts_ms, finish(this.starts_ms).max(now_ms)),
                Phase::Queued => {
                    let earliest_ms = this.submitted_ms.saturating_add(millis(render.queued));
                    let starts_ms = first_place(earliest_ms.max(now_ms), places, before);
                    (starts_ms, finish(starts_ms))
                }
            };
            if (this.starts_ms, this.finishes_ms) != (starts_ms, finishes_ms) {
                (this.starts_ms, this.finishes_ms) = (starts_ms, finishes_ms);
                self.shelf.keep(&this.id, this);
            }
        }
    }
}

/// The first moment from `at` on when fewer than `places` of those before are rendering.
fn first_place<P: Provider>(mut at: u64, places: Option<usize>, before: &[Rendering<P>]) -> u64 {
    let Some(places) = places.filter(|places| *places > 0) else { return at };
    loop {
        let busy = before.iter().filter(|other| other.starts_ms <= at && at < other.finishes_ms);
        let mut ends: Vec<u64> = busy.map(|other| other.finishes_ms).collect();
        if ends.len() < places {
            return at;
        }
        ends.sort_unstable();
        at = ends[ends.len() - places];
    }
}
