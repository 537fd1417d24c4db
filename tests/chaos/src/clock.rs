//! Virtual time. Tokio's paused clock moves on when nobody has anything left to do, so a day passes
//! in a moment; everybody's wall clock is read off it.

use local::Now;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Where every run begins: 2026-01-01.
const BEGINNING: Duration = Duration::from_secs(1_767_225_600);

/// The clock of one run.
#[derive(Clone)]
pub struct Clock {
    started: Instant,
    seen_ms: Arc<AtomicU64>,
}

impl Clock {
    /// Starts now; wants a runtime whose time is paused.
    pub fn start() -> Self {
        Self { started: Instant::now(), seen_ms: Arc::default() }
    }

    /// How long the run has lasted.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// How long the run has lasted, in milliseconds.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The wall clock, for whoever runs on the run's own thread.
    pub fn wall(&self) -> Now {
        let clock = self.clone();
        Arc::new(move || at(clock.elapsed()))
    }

    /// The wall clock for another thread, which has no virtual time: it stands where
    /// [`Clock::show`] was last called.
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
