//! What may be changed of Google while it runs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::shape::Shape;
use crate::simulators::provider::{self, Render};

/// When wrong input is noticed. The real Google does either: it takes an unsupported duration and
/// lets the operation fail.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidateAt {
    /// The submission is refused with 400.
    Submit,
    /// The submission is accepted, and the operation ends with an error.
    Operation,
}

/// What is said of an operation that is not done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pending {
    Bare,
    /// `done: false` and some metadata too.
    DoneFalse,
}

/// What may be changed while the simulator runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How long operations take.
    #[serde(flatten)]
    pub render: Render,
    /// When wrong input is noticed.
    pub validate_at: ValidateAt,
    /// What is said of an operation that is not done.
    pub pending: Pending,
    /// How answers about operations are written.
    #[serde(flatten)]
    pub shape: Shape,
    /// How long the tokens issued from now on are good for.
    pub token_lives_s: u64,
}

impl provider::Settings for Settings {
    fn with(render: Render) -> Self {
        let (validate_at, pending) = (ValidateAt::Submit, Pending::Bare);
        Self { render, validate_at, pending, shape: Shape::USUAL, token_lives_s: 3599 }
    }

    fn render(&mut self) -> &mut Render {
        &mut self.render
    }

    /// Google shows no queue: an operation renders for the sum of both.
    fn plan(&self) -> Render {
        let Render { queued, rendering } = self.render;
        Render { queued: Duration::ZERO, rendering: queued.saturating_add(rendering) }
    }
}
