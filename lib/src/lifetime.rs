//! How long an invocation still has, and so how long an exchange inside it may take. If Lambda
//! kills a function during an exchange, the outcome is not recorded. The next invocation then meets
//! the same exchange again.

use std::time::Duration;
use tokio::time::Instant;

/// Time kept free for recording the outcome of an exchange: 4 s, which the store usually takes at
/// most, and 1 s to end.
const RECORDING: Duration = Duration::from_secs(5);

/// Time kept free for ending in order after a write. If all answers to the write were lost, the
/// store reads once more; then the function answers.
const ENDING: Duration = Duration::from_secs(2);

/// The end of an invocation, after which Lambda kills it.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    end: Instant,
}

impl Lifetime {
    /// The lifetime of an invocation that begins now and may take `timeout`.
    pub fn of(timeout: Duration) -> Self {
        Self { end: Instant::now() + timeout }
    }

    /// How long the next exchange may take: at most `most`, and always so short that its outcome
    /// can still be recorded. `None` if no time is left.
    pub fn exchange(&self, most: Duration) -> Option<Duration> {
        let left = self.left().saturating_sub(RECORDING);
        (!left.is_zero()).then(|| most.min(left))
    }

    /// For how long a write may be retried.
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
