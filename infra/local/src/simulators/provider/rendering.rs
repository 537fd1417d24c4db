//! One accepted render: what was ordered, when it renders, and how it ends.

use serde::{Deserialize, Serialize};

use super::{Ending, Order, Provider};
use crate::simulators::output::Output;

/// Times are Unix milliseconds.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Rendering<P: Provider> {
    pub(crate) id: String,
    pub(crate) order: P::Order,
    /// Decided when it is submitted.
    pub(crate) ending: P::Ending,
    pub(crate) submitted_ms: u64,
    #[serde(default)]
    pub(crate) starts_ms: u64,
    #[serde(alias = "done_ms")]
    pub(crate) finishes_ms: u64,
    #[serde(flatten)]
    pub(crate) own: P::Own,
}

/// A failed or cancelled render is done too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Phase {
    Queued,
    Rendering,
    Done,
}

impl<P: Provider> Rendering<P> {
    /// A new render; a plan says when it starts and finishes.
    pub(crate) fn accepted(
        order: P::Order,
        ending: P::Ending,
        own: P::Own,
        submitted_ms: u64,
    ) -> Self {
        let id = uuid::Uuid::new_v4().to_string();
        let (starts_ms, finishes_ms) = (u64::MAX, u64::MAX);
        Self { id, order, ending, submitted_ms, starts_ms, finishes_ms, own }
    }

    pub(crate) fn phase(&self, now_ms: u64) -> Phase {
        if now_ms >= self.finishes_ms {
            Phase::Done
        } else if now_ms >= self.starts_ms {
            Phase::Rendering
        } else {
            Phase::Queued
        }
    }

    pub(crate) fn is_done(&self, now_ms: u64) -> bool {
        self.phase(now_ms) == Phase::Done
    }

    /// The file that it leaves behind, if it leaves one.
    pub(crate) fn output(&self) -> Option<Output> {
        Some(Output::drawn(self.ending.file()?, self.order.film()))
    }
}
