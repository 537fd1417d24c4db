//! Logs as events: one JSON object a line on standard output, a readable message and fields (`request.id`, `org.id`, `job.id`).
//! Never a key, a prompt or a body.

use crate::config::ConfigError;
use tracing_subscriber::EnvFilter;

/// Starts logging; once for each process. `RUST_LOG` sets the level, `info` unless it says otherwise.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_target(false);
    // A second call, as tests make it, leaves the first one's subscriber in place.
    if subscriber.try_init().is_err() {
        tracing::debug!("logging had been started before");
    }
}

/// Says why a function does not start, as an event like all others.
pub fn not_started(error: &ConfigError) {
    tracing::error!(%error, "the function does not start");
}
