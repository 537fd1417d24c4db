//! What may be changed of fal while it runs.

use serde::{Deserialize, Serialize};

use super::Render;
use crate::simulators::provider;

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How long requests take.
    #[serde(flatten)]
    pub render: Render,
    /// When wrong input is noticed.
    pub validate_at: ValidateAt,
    /// Whether a cancel stops what already renders; fal promises only to try.
    pub cancel_stops_rendering: bool,
}

impl provider::Settings for Settings {
    fn with(render: Render) -> Self {
        let validate_at = ValidateAt::Submit;
        Self { render, validate_at, cancel_stops_rendering: true }
    }

    fn render(&mut self) -> &mut Render {
        &mut self.render
    }

    fn plan(&self) -> Render {
        self.render
    }
}
