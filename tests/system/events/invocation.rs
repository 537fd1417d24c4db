//! An event, sent to its function, and what API Gateway would be answered.

use crate::process::ROOT;
use crate::stage::Stage;
use crate::traces::QUEUES;
use serde_json::{Value, json};
use std::path::Path;

/// A system in which no message arrives: the events here are the only ones that the workers get.
pub(super) async fn quiet() -> Stage {
    let stage = Stage::new().await;
    for queue in QUEUES {
        stage.system.sqs.lose_if(queue, |_| true).unwrap();
    }
    stage
}

/// The answer of an event's function.
pub(super) async fn invoke(stage: &Stage, name: &str, job: &str) -> Value {
    let identity = &stage.system.identity;
    let text = read(name).to_string();
    let text =
        text.replace("LIVE_KEY", &identity.live_key).replace("ORG_ID", &identity.org.to_string());
    let event = serde_json::from_str(&text.replace("JOB_ID", job)).unwrap();
    stage.system.invoke(function(name), event).await.unwrap()
}

/// `get-video.unknown.json` is for `get-video`.
pub(super) fn function(event: &str) -> &str {
    event.split('.').next().unwrap_or_default()
}

pub(super) fn read(name: &str) -> Value {
    serde_json::from_str(
        &std::fs::read_to_string(Path::new(ROOT).join("events").join(name)).unwrap(),
    )
    .unwrap()
}

/// An answer for API Gateway. Only its request id is taken from the answer it is compared with.
pub(super) fn http(status: u16, mut headers: Value, body: &str, answer: &Value) -> Value {
    headers["content-type"] = "application/json".into();
    headers["x-request-id"] = request_id(answer).into();
    json!({
        "statusCode": status,
        "headers": headers,
        "multiValueHeaders": {},
        "body": body,
        "isBase64Encoded": false,
        "cookies": [],
    })
}

pub(super) fn refused(
    status: u16,
    headers: Value,
    code: &str,
    message: &str,
    answer: &Value,
) -> Value {
    let (message, code, id) = (json!(message), json!(code), json!(request_id(answer)));
    let body = format!(
        r#"{{"error":{{"message":{message},"type":{code},"code":{code},"request_id":{id}}}}}"#
    ); // in the published order
    http(status, headers, &body, answer)
}

fn request_id(answer: &Value) -> &str {
    let id = answer["headers"]["x-request-id"].as_str().unwrap_or_default();
    let random = id.strip_prefix("req_").unwrap_or_default();
    assert!(random.len() == 24 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "{answer}");
    id
}

pub(super) fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}
