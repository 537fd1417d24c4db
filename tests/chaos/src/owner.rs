//! The owner who cancels an order's job with `POST /v1/videos/{id}/cancel`, until there is a final
//! answer.

use crate::operator::{AGAIN, PATIENCE};
use crate::order::Order;
use crate::stage::{Stage, Told};
use crate::verdict::Fate;
use axum::http::{HeaderMap, Method};
use tokio::time::Instant;

pub const NAME: &str = "cancel-video";

/// Cancels the job. Returns the answers that came.
pub async fn cancel(stage: &Stage, order: &Order, job: &str) -> Vec<Told> {
    let (path, end, mut answers) =
        (format!("/v1/videos/{job}/cancel"), Instant::now() + PATIENCE, Vec::new());
    while Instant::now() < end {
        let caller = &stage.callers[order.caller];
        answers.extend(stage.ask(caller, Method::POST, &path, HeaderMap::new(), None).await);
        if answers.last().is_some_and(settles) {
            break;
        }
        tokio::time::sleep(AGAIN).await;
    }
    answers
}

/// Whether the answer is final.
fn settles(told: &Told) -> bool {
    told.status == 200 || told.status == 409 && !message(told).ends_with("in a moment")
}

/// Whether an answer agrees with how the job ended.
pub fn agrees(told: &Told, fate: Fate, code: &str) -> bool {
    match told.status {
        200 if told.body["status"] == "processing" => told.body["cancel_requested"].is_i64(),
        200 => {
            fate == Fate::Failed
                && told.body["status"] == "failed"
                && told.body["error_detail"]["code"] == code
        }
        409 if message(told).contains("has failed already") => fate == Fate::Failed,
        409 if message(told).contains("is completed already") => fate == Fate::Completed,
        409 if ["is being stored", "cannot be stopped"]
            .iter()
            .any(|why| message(told).contains(why)) =>
        {
            code != "cancelled"
        }
        409 => told.body["error"]["code"] == "not_cancellable",
        _ => told.body["error"]["code"] == "service_unavailable",
    }
}

fn message(told: &Told) -> &str {
    told.body["error"]["message"].as_str().unwrap_or_default()
}
