//! When each render starts and finishes, as far as can be said now.
//!
//! A plan is times, not timers: it is made at a submission, and again when something changes that
//! it rests on.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rendering::Phase;
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
    /// Plans anew what has not finished, and keeps what changed.
    pub(crate) fn replan(&mut self, now_ms: u64) {
        let render = self.settings.plan();
        let finish = |starts_ms: u64| starts_ms.saturating_add(millis(render.rendering));
        for this in &mut self.renders {
            let (starts_ms, finishes_ms) = match this.phase(now_ms) {
                Phase::Done => continue,
                Phase::Rendering => (this.starts_ms, finish(this.starts_ms).max(now_ms)),
                Phase::Queued => {
                    let earliest_ms = this.submitted_ms.saturating_add(millis(render.queued));
                    let starts_ms = earliest_ms.max(now_ms);
                    (starts_ms, finish(starts_ms))
                }
            };
            if (this.starts_ms, this.finishes_ms) != (starts_ms, finishes_ms) {
                (this.starts_ms, this.finishes_ms) = (starts_ms, finishes_ms);
                self.shelf.keep(&this.id, &*this);
            }
        }
    }
}
