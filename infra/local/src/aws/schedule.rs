//! EventBridge's schedule: calls a function at the start and then at its rate.

use crate::mapping::Function;
use serde_json::json;
use std::time::Duration;

/// Calls until the task is dropped. A failed call is logged; the next one comes at its time.
pub(crate) async fn run(function: Function, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        let event = json!({
            "version": "0", "source": "aws.events", "detail-type": "Scheduled Event",
            "resources": [], "detail": {},
        });
        if let Err(error) = function(event).await {
            tracing::error!(error, "the scheduled function failed");
        }
    }
}
