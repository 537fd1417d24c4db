//! The clock, and the source of ids and randomness, as one value that is handed in. Nothing else in
//! the project reads a clock or an entropy source.

use crate::id::{JobId, OrgId};
use crate::time::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Builder;

/// The clock and the source of ids and randomness, as one value.
#[derive(Clone)]
pub struct Ambient {
    now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    seeded: Option<Arc<Mutex<fastrand::Rng>>>,
}

impl std::fmt::Debug for Ambient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ambient")
    }
}

impl Ambient {
    /// The system's clock and entropy.
    #[expect(clippy::disallowed_methods, reason = "this is where the clock comes in")]
    pub fn system() -> Self {
        Self::with_clock(Arc::new(SystemTime::now))
    }

    /// A clock that is handed in, and the system's entropy.
    pub fn with_clock(now: Arc<dyn Fn() -> SystemTime + Send + Sync>) -> Self {
        Self { now, seeded: None }
    }

    /// With ids and randomness that repeat with the seed.
    pub fn seeded(self, seed: u64) -> Self {
        Self { seeded: Some(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed)))), ..self }
    }

    /// The moment, in whole seconds.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_s(i64::try_from(self.since_epoch().as_secs()).unwrap_or(i64::MAX))
    }

    /// Milliseconds since the Unix epoch, for ordering within a second.
    pub fn now_unix_ms(&self) -> u64 {
        u64::try_from(self.since_epoch().as_millis()).unwrap_or(u64::MAX)
    }

    fn since_epoch(&self) -> Duration {
        (self.now)().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// Random bytes of the system's entropy, or of the seed.
    #[expect(clippy::disallowed_methods, reason = "this is where randomness comes in")]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.seeded {
            Some(rng) => rng.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut bytes),
            // Version 4 UUIDs come from the system's entropy; their first six bytes are random
            // throughout.
            None => bytes.chunks_mut(6).for_each(|chunk| {
                chunk.copy_from_slice(&uuid::Uuid::new_v4().as_bytes()[..chunk.len()]);
            }),
        }
        bytes
    }

    /// A length of time from 0 to `most`, evenly: full jitter.
    pub fn jitter(&self, most: Duration) -> Duration {
        let share = u32::from(u16::from_be_bytes(self.bytes()));
        most * share / u32::from(u16::MAX)
    }

    /// A length of time from half of `wait` to all of it, evenly. What failed for many at once is
    /// so not tried again by all at once, and how often it is tried stays within twice of what
    /// `wait` says.
    pub fn spread(&self, wait: Duration) -> Duration {
        let least = wait / 2;
        least + self.jitter(wait - least)
    }

    /// A cadence, or up to a tenth less, in whole seconds: what began together and goes on does so
    /// apart.
    pub fn varied(&self, cadence: Duration) -> Duration {
        cadence - Duration::from_secs(self.jitter(cadence / 10).as_secs())
    }

    /// A new organization's id.
    pub fn org_id(&self) -> OrgId {
        OrgId::from_uuid(Builder::from_random_bytes(self.bytes()).into_uuid())
    }

    /// A new job's id, ordered by time.
    pub fn job_id(&self) -> JobId {
        JobId::from_uuid(
            Builder::from_unix_timestamp_millis(self.now_unix_ms(), &self.bytes()).into_uuid(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_ids_are_ordered_by_time_and_repeat_with_the_seed() {
        let at = |s| {
            Ambient::with_clock(Arc::new(move || UNIX_EPOCH + Duration::from_secs(s))).seeded(7)
        };
        assert!(at(1_000).job_id() < at(1_001).job_id());
        assert_eq!(at(1_000).job_id(), at(1_000).job_id());
        assert_ne!(Ambient::system().job_id(), Ambient::system().job_id());
    }

    #[test]
    fn jitter_stays_within_its_bound() {
        let ambient = Ambient::system();
        let most = Duration::from_millis(400);
        let drawn: Vec<_> = (0..200).map(|_| ambient.jitter(most)).collect();
        assert!(drawn.iter().all(|length| *length <= most));
        assert!(
            drawn.iter().any(|length| *length < most / 4)
                && drawn.iter().any(|length| *length > most * 3 / 4)
        );
    }

    #[test]
    fn a_wait_is_spread_over_its_second_half() {
        let ambient = Ambient::system();
        let wait = Duration::from_secs(15);
        let drawn: Vec<_> = (0..200).map(|_| ambient.spread(wait)).collect();
        assert!(drawn.iter().all(|length| (wait / 2..=wait).contains(length)));
        assert!(
            drawn.iter().any(|length| *length < wait * 5 / 8)
                && drawn.iter().any(|length| *length > wait * 7 / 8)
        );
    }

    #[test]
    fn a_cadence_varies_by_a_tenth_of_it_in_whole_seconds() {
        let ambient = Ambient::system();
        for (cadence, drawn) in [(1, 1..=1), (9, 9..=9), (15, 14..=15), (60, 54..=60)] {
            let lengths: Vec<_> =
                (0..400).map(|_| ambient.varied(Duration::from_secs(cadence))).collect();
            assert!(
                lengths
                    .iter()
                    .all(|length| drawn.contains(&length.as_secs()) && length.subsec_nanos() == 0)
            );
            assert!(lengths.contains(&Duration::from_secs(cadence)), "{cadence} s is drawn too");
            assert!(
                cadence < 60 || (55..60).all(|s| lengths.contains(&Duration::from_secs(s))),
                "{lengths:?}"
            );
        }
    }
}
