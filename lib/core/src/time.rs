//! Points in time and lengths of time, as values. No function here reads a clock: the time is an
//! argument.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A point in time, in whole Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The point in time of these Unix seconds.
    pub const fn from_unix_s(seconds: i64) -> Self {
        Self(seconds)
    }

    /// This time in Unix seconds.
    pub const fn unix_s(self) -> i64 {
        self.0
    }

    /// The time `length` later. A part of a second counts as a whole one, so no wait is too short.
    pub fn after(self, length: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(whole_seconds(length)).unwrap_or(i64::MAX)))
    }

    /// The time `length` earlier. A part of a second is ignored.
    pub fn before(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(length.as_secs()).unwrap_or(i64::MAX)))
    }

    /// The number of the day in UTC. Day 0 is 1970-01-01.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(SECONDS_OF_A_DAY)
    }

    /// The time that is left of this day in UTC.
    pub fn until_tomorrow(self) -> Duration {
        Self((self.day() + 1).saturating_mul(SECONDS_OF_A_DAY)).since(self)
    }

    /// The beginning of this day in UTC.
    pub const fn midnight(self) -> Self {
        Self(self.0 - self.0.rem_euclid(SECONDS_OF_A_DAY))
    }

    /// The time that has passed since `earlier`; 0 if `earlier` lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;

/// A length of time in seconds, rounded up.
pub fn whole_seconds(length: Duration) -> u64 {
    length.as_secs().saturating_add(u64::from(length.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_never_shorter_than_it_says() {
        let start = Timestamp::from_unix_s(1_000);
        for (ms, later_s) in
            [(0, 0), (1, 1), (500, 1), (999, 1), (1_000, 1), (1_001, 2), (15_900, 16)]
        {
            assert_eq!(
                start.after(Duration::from_millis(ms)),
                Timestamp::from_unix_s(1_000 + later_s),
                "{ms} ms"
            );
        }
        assert_eq!(start.after(Duration::MAX).unix_s(), i64::MAX);
    }

    #[test]
    fn a_day_begins_at_midnight_utc() {
        for (unix_s, day, left_s) in
            [(0, 0, 86_400), (86_399, 0, 1), (86_400, 1, 86_400), (-1, -1, 1)]
        {
            let moment = Timestamp::from_unix_s(unix_s);
            assert_eq!(
                (moment.day(), moment.until_tomorrow().as_secs()),
                (day, left_s),
                "{unix_s}"
            );
            assert_eq!(moment.midnight().unix_s(), day * 86_400, "{unix_s}");
        }
    }
}
