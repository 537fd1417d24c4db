//! Moments and lengths of time as values. Reads no clock: the time is handed in.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A moment in Unix seconds, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A moment from Unix seconds.
    pub const fn from_unix_s(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Unix seconds.
    pub const fn unix_s(self) -> i64 {
        self.0
    }

    /// The moment this much later; part seconds are dropped.
    pub fn after(self, length: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(length.as_secs()).unwrap_or(i64::MAX)))
    }

    /// The moment this much earlier; part seconds are dropped.
    pub fn before(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(length.as_secs()).unwrap_or(i64::MAX)))
    }

    /// How long ago `earlier` was, 0 when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}
