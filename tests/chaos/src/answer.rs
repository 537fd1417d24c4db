//! Answers as values, and the refusals of each service in its own form.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use serde_json::json;

/// An answer with all of its body.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// An answer in JSON.
    pub fn json(status: u16, body: impl Into<Bytes>) -> Self {
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static("content-type"),
            HeaderValue::from_static("application/json"),
        )]);
        Self { status, headers, body: body.into() }
    }
}

/// A refusal in AWS's JSON protocols.
pub fn aws(status: u16, kind: &str, message: &str) -> Answer {
    Answer::json(
        status,
        json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": message})
            .to_string(),
    )
}

/// The refusal of a transaction, or of a plain write, that met another transaction. `items` says
/// which items were taken.
pub fn conflict(operation: &str, items: &[bool]) -> Answer {
    const MESSAGE: &str = "Transaction is ongoing for the item";
    if operation != "TransactWriteItems" {
        return aws(400, "TransactionConflictException", MESSAGE);
    }
    let reason = |met: &bool| {
        if *met {
            json!({"Code": "TransactionConflict", "Message": MESSAGE})
        } else {
            json!({"Code": "None"})
        }
    };
    cancelled(items.iter().map(reason).collect())
}

/// The refusal of a transaction that was cancelled for these reasons, one for each item.
pub fn cancelled(reasons: Vec<serde_json::Value>) -> Answer {
    let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason["Code"].as_str()).collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": message,
        "CancellationReasons": reasons,
    });
    Answer::json(400, body.to_string())
}

/// Throttling, as DynamoDB reports it for a transaction of `items` items. 0 is any other operation.
pub fn throttled(items: usize) -> Answer {
    let message = "Throughput exceeds the current capacity of your table or index.";
    if items == 0 {
        return aws(400, "ThrottlingException", message);
    }
    cancelled((0..items).map(|_| json!({"Code": "ThrottlingError", "Message": message})).collect())
}
