//! Limits how many requests one key or one address may make. The counts are in the memory of one
//! Lambda execution environment.
//!
//! Each execution environment counts for itself, and AWS starts more of them for requests that come
//! at once. So in total a caller can make more requests than the limit says. The limit bounds the
//! work that one caller causes in each execution environment.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A rate limit: a steady rate, and a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub per_second: u32,
    /// How many requests may come at once, after a while without any.
    pub at_once: u32,
}

/// The use that many callers have made of the same limit.
#[derive(Debug)]
pub(super) struct Rates<K> {
    rate: Rate,
    most: usize,
    /// Until when each caller has used its requests in advance, in Unix milliseconds. A time in the
    /// past means that nothing is used.
    used_until: Mutex<HashMap<K, u64>>,
}

impl<K: Eq + Hash + Clone> Rates<K> {
    /// Remembers at most `most` callers. Beyond that it forgets those that have used nothing
    /// lately, or if there are none, all.
    pub(super) fn new(rate: Rate, most: usize) -> Self {
        Self { rate, most, used_until: Mutex::default() }
    }

    /// Counts a request if there is room for it; otherwise says how long to wait.
    pub(super) fn take(&self, who: &K, now_unix_ms: u64) -> Result<(), Duration> {
        self.room(who, now_unix_ms)?;
        self.count(who, now_unix_ms);
        Ok(())
    }

    /// Counts a request, even if there is no room for it.
    pub(super) fn count(&self, who: &K, now_unix_ms: u64) {
        let mut used_until = self.used_until.lock().unwrap_or_else(PoisonError::into_inner);
        if used_until.len() >= self.most && !used_until.contains_key(who) {
            used_until.retain(|_, until| *until > now_unix_ms);
            if used_until.len() >= self.most {
                used_until.clear();
            }
        }
        let until = used_until.entry(who.clone()).or_default();
        *until = (*until).max(now_unix_ms).saturating_add(self.between_ms());
    }

    /// Whether there is room for a request now; otherwise how long to wait for it.
    pub(super) fn room(&self, who: &K, now_unix_ms: u64) -> Result<(), Duration> {
        let used_until = self.used_until.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = used_until.get(who).map_or(0, |until| until.saturating_sub(now_unix_ms));
        let allowed = self.between_ms() * u64::from(self.rate.at_once.saturating_sub(1));
        match ahead.saturating_sub(allowed) {
            0 => Ok(()),
            wait => Err(Duration::from_millis(wait)),
        }
    }

    fn between_ms(&self) -> u64 {
        1_000 / u64::from(self.rate.per_second.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10, at_once: 3 };

    #[test]
    fn a_burst_is_counted_and_then_one_for_each_interval() {
        let rates = Rates::new(RATE, 10);
        let take = |now| rates.take(&"key", now);
        let wait = |ms| Err(Duration::from_millis(ms));
        assert_eq!([take(1_000), take(1_000), take(1_000)], [Ok(()); 3]);
        assert_eq!(
            [take(1_000), take(1_040)],
            [wait(100), wait(60)],
            "what is refused is not counted"
        );
        assert_eq!([take(1_100), take(1_100)], [Ok(()), wait(100)]);
        assert_eq!(
            [take(9_000), take(9_000), take(9_000), take(9_000)],
            [Ok(()), Ok(()), Ok(()), wait(100)]
        );
        assert_eq!(rates.room(&"another", 9_000), Ok(()), "each has its own");
    }

    #[test]
    fn a_clock_that_goes_back_holds_up_no_longer_than_a_burst() {
        let rates = Rates::new(RATE, 10);
        assert_eq!(rates.take(&"key", 5_000), Ok(()));
        assert_eq!(rates.take(&"key", 4_950), Ok(()));
        let later: Vec<_> = (0..4).map(|_| rates.take(&"key", 5_000)).collect();
        assert_eq!(
            later,
            [
                Ok(()),
                Err(Duration::from_millis(100)),
                Err(Duration::from_millis(100)),
                Err(Duration::from_millis(100))
            ]
        );
    }

    #[test]
    fn no_more_are_remembered_than_it_is_told_to() {
        let rates = Rates::new(RATE, 3);
        let held = || rates.used_until.lock().unwrap().len();
        (0..3).for_each(|who| rates.count(&who, 1_000));
        rates.count(&3, 1_050);
        assert_eq!(held(), 1, "all were in use: it begins anew");
        (4..6).for_each(|who| rates.count(&who, 1_050));
        rates.count(&6, 5_000);
        assert_eq!(held(), 1, "those of long ago are forgotten");
        (0..100_000).for_each(|who| rates.count(&who, 9_000));
        assert!(held() <= 3);
    }
}
