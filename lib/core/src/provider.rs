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
    /// Our own process, for callers who test. It is the last of them.
    Sandbox,
}

/// How many providers there are.
const COUNT: usize = 3;

#[expect(clippy::as_conversions, reason = "a variant has no other number in a constant")]
const _: () = assert!(COUNT == Provider::Sandbox as usize + 1, "Provider::ALL lacks a provider");

impl Provider {
    /// All of them.
    pub const ALL: [Self; COUNT] = [Self::Fal, Self::Google, Self::Sandbox];

    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fal => "fal.ai",
            Self::Google => "Google",
            Self::Sandbox => "the sandbox",
        }
    }

    /// Whether its finished files are fetched from public addresses, without a credential.
    pub const fn has_public_files(self) -> bool {
        matches!(self, Self::Fal)
    }
}

/// One value for each provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByProvider<T>([T; COUNT]);

impl<T> ByProvider<T> {
    /// Makes each provider's value.
    pub fn new(make: impl FnMut(Provider) -> T) -> Self {
        Self(Provider::ALL.map(make))
    }

    /// Makes each provider's value, or stops at the first error.
    pub fn try_new<E>(make: impl FnMut(Provider) -> Result<T, E>) -> Result<Self, E> {
        let values: Vec<T> = Provider::ALL.into_iter().map(make).collect::<Result<_, _>>()?;
        Ok(Self(values.try_into().ok().expect("there is one value for each provider")))
    }

    /// The value of this provider.
    pub fn of(&self, provider: Provider) -> &T {
        let mut values = Provider::ALL.iter().zip(&self.0);
        let found = values.find(|(known, _)| **known == provider);
        found.map(|(_, value)| value).expect("every provider is in the list")
    }

    /// The values, in the order of [`Provider::ALL`].
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}
