//! How long an invocation still lives, and so how long an exchange in it may take. A function that
//! is killed in the middle of an exchange records nothing of it, and its next invocation meets the
//! same exchange again.

use std::time::Duration;
use tokio::time::Instant;

/// What is kept for recording the outcome of an exchange: the store's usual 4 s, and a second to
/// end in.
const RECORDING: Duration = Duration::from_secs(5);

/// What is kept for ending in order after a write: the store's last look at a write whose answers
/// were lost, and the answer.
const ENDING: Duration = Duration::from_secs(2);

/// When an invocation ends.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    end: Instant,
}

impl Lifetime {
    /// An invocation that begins now and may take so long.
    pub fn of(timeout: Duration) -> Self {
        Self { end: Instant::now() + timeout }
    }

    /// How long an exchange may take: at most `most`, and so long that its outcome can still be
    /// recorded. `None` when no time is left.
    pub fn exchange(&self, most: Duration) -> Option<Duration> {
        let left = self.left().saturating_sub(RECORDING);
        (!left.is_zero()).then(|| most.min(left))
    }

    /// How long a write may be tried.
    pub fn recording(&self) -> Duration {
        self.left().saturating_sub(ENDING)
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn exchanges_share_the_functions_time_and_leave_some_for_recording() {
        let seconds = Duration::from_secs;
        let lifetime = Lifetime::of(seconds(30));
        for (waits, exchange, recording) in [
            // five exchanges of 10 s do not fit into 30 s: the third gets what is left
            (0, Some(10), 28),
            (10, Some(10), 18),
            (10, Some(5), 8),
            (5, None, 3),
            (10, None, 0),
        ] {
            tokio::time::sleep(seconds(waits)).await;
            assert_eq!(lifetime.exchange(seconds(10)), exchange.map(seconds));
            assert_eq!(lifetime.recording(), seconds(recording));
        }
    }
}
