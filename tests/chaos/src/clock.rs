//! Virtual time. Tokio's paused clock moves on when no task has anything left to do, so a day
//! passes in a moment. All wall clocks of the run are read off it.

use local::Now;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// The wall clock at the beginning of every run: 2026-01-01.
const BEGINNING: Duration = Duration::from_secs(1_767_225_600);

/// The clock of one run.
#[derive(Clone)]
pub struct Clock {
    started: Instant,
    seen_ms: Arc<AtomicU64>,
}

impl Clock {
    /// Starts the clock. The runtime's time must be paused.
    pub fn start() -> Self {
        Self { started: Instant::now(), seen_ms: Arc::default() }
    }

    /// The time since the beginning of the run.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The time since the beginning of the run, in milliseconds.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The wall clock for the run's own thread.
    pub fn wall(&self) -> Now {
        let clock = self.clone();
        Arc::new(move || at(clock.elapsed()))
    }

    /// The wall clock for another thread, which has no virtual time. It shows the moment of the
    /// last [`Clock::show`].
    pub fn shown(&self) -> Now {
        let seen_ms = self.seen_ms.clone();
        Arc::new(move || at(Duration::from_millis(seen_ms.load(Ordering::SeqCst))))
    }

    /// Moves the other thread's clock to this moment.
    pub fn show(&self) {
        self.seen_ms.store(self.elapsed_ms(), Ordering::SeqCst);
    }
}

fn at(elapsed: Duration) -> SystemTime {
    UNIX_EPOCH + BEGINNING + elapsed
}
