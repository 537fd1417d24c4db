//! The providers, by name.

use serde::{Deserialize, Serialize};

/// Who renders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// fal.ai, its queue API.
    Fal,
    /// Google Veo on Vertex AI.
    Google,
    /// Nobody: for callers who test.
    Sandbox,
}

impl Provider {
    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fal => "fal.ai",
            Self::Google => "Google",
            Self::Sandbox => "the sandbox",
        }
    }
}
