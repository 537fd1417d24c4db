//! The bodies of requests and answers of the AWS JSON 1.0 protocol, and the ranges that only the
//! wire has.
//!
//! Shapes:
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::message::{
    MessageAttribute, NewMessage, Received, Sent, md5_of_attributes, md5_of_body,
};
use super::redrive::MoveTask;
use super::{Receive, SqsError};

/// Reads a body; an empty one is an empty object.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| SqsError::Serialization(error.to_string()))
}

/// What nearly every request names: a queue, by its URL. The last part of the path is the name,
/// whatever the host, so that the URL works through another address than the one it was made with.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OnQueue<T> {
    #[serde(default)]
    queue_url: String,
    #[serde(flatten)]
    pub request: T,
}

impl<T: DeserializeOwned> OnQueue<T> {
    pub fn read(body: &[u8]) -> Result<(String, T), SqsError> {
        let OnQueue { queue_url, request } = read::<Self>(body)?;
        match queue_url.rsplit('/').next() {
            Some(name) if !name.is_empty() => Ok((name.to_string(), request)),
            _ => Err(SqsError::MissingParameter("QueueUrl")),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct SendRequest {
    message_body: String,
    delay_seconds: Option<i64>,
    message_attributes: BTreeMap<String, MessageAttribute>,
    message_system_attributes: BTreeMap<String, MessageAttribute>,
}

impl SendRequest {
    pub fn message(self) -> Result<NewMessage, SqsError> {
        let mut trace_header = None;
        for (name, attribute) in self.message_system_attributes {
            if name != "AWSTraceHeader" {
                let reason = format!("Message system attribute name '{name}' is invalid.");
                return Err(SqsError::InvalidParameterValue(reason));
            }
            trace_header = attribute.string_value;
        }
        let delay = self
            .delay_seconds
            .map(|delay| {
                seconds("DelaySeconds", delay, 900, "DelaySeconds must be >= 0 and <= 900.")
            })
            .transpose()?;
        Ok(NewMessage {
            body: self.message_body,
            delay,
            attributes: self.message_attributes,
            trace_header,
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ReceiveRequest {
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    attribute_names: Vec<String>,
    message_system_attribute_names: Vec<String>,
    message_attribute_names: Vec<String>,
}

impl ReceiveRequest {
    pub fn how(&self, queues_wait: Duration) -> Result<Receive, SqsError> {
        let max = self.max_number_of_messages.unwrap_or(1);
        let max =
            usize::try_from(max).ok().filter(|max| (1..=10).contains(max)).ok_or_else(|| {
                out_of_range("MaxNumberOfMessages", max, "Must be between 1 and 10, if provided.")
            })?;
        let reason = "Must be >= 0 and <= 20, if provided.";
        let wait = self
            .wait_time_seconds
            .map(|wait| seconds("WaitTimeSeconds", wait, 20, reason))
            .transpose()?;
        let visibility = self.visibility_timeout.map(visibility).transpose()?;
        Ok(Receive { max, visibility, wait: wait.unwrap_or(queues_wait) })
    }

    /// Shows of a message only what was asked for: attributes are not sent unasked.
    pub fn show(&self, received: Received) -> Value {
        let system_names =
            [&self.attribute_names[..], &self.message_system_attribute_names[..]].concat();
        let mut attributes = received.system_attributes;
        attributes
            .retain(|name, _| system_names.iter().any(|wanted| wanted == "All" || wanted == name));
        let mut own = received.attributes;
        own.retain(|name, _| self.message_attribute_names.iter().any(|wanted| picks(wanted, name)));

        let mut shown = object(json!({
            "MessageId": received.message_id,
            "ReceiptHandle": received.receipt_handle,
            "MD5OfBody": md5_of_body(&received.body),
            "Body": received.body,
        }));
        if !attributes.is_empty() {
            shown.insert("Attributes".into(), json!(attributes));
        }
        if let Some(md5) = md5_of_attributes(&own) {
            shown.insert("MessageAttributes".into(), json!(own));
            shown.insert("MD5OfMessageAttributes".into(), json!(md5));
        }
        Value::Object(shown)
    }
}

/// `All` and `.*` pick everything, `name.*` every name that starts so, anything else itself.
fn picks(wanted: &str, name: &str) -> bool {
    match wanted.strip_suffix(".*") {
        Some(prefix) => name.starts_with(prefix),
        None => wanted == "All" || wanted == name,
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct HandleRequest {
    pub receipt_handle: String,
    visibility_timeout: Option<i64>,
}

impl HandleRequest {
    pub fn visibility(&self) -> Result<Duration, SqsError> {
        visibility(self.visibility_timeout.ok_or(SqsError::MissingParameter("VisibilityTimeout"))?)
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NamedQueue {
    pub queue_name: String,
    pub attributes: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ListQueues {
    pub queue_name_prefix: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct AttributeNames {
    pub attribute_names: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Attributes {
    pub attributes: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct MoveRequest {
    pub source_arn: String,
    pub destination_arn: Option<String>,
    pub max_results: Option<usize>,
}

pub(super) fn sent(sent: Sent) -> Map<String, Value> {
    let mut reply =
        object(json!({ "MessageId": sent.message_id, "MD5OfMessageBody": sent.md5_of_body }));
    reply.extend(
        sent.md5_of_attributes.map(|md5| ("MD5OfMessageAttributes".to_string(), json!(md5))),
    );
    reply.extend(
        sent.md5_of_system_attributes
            .map(|md5| ("MD5OfMessageSystemAttributes".to_string(), json!(md5))),
    );
    reply
}

pub(super) fn move_task(task: MoveTask) -> Value {
    let mut shown = object(json!({
        "Status": "COMPLETED",
        "SourceArn": task.source_arn,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": u64::try_from(task.started_ms).unwrap_or(u64::MAX),
    }));
    shown.extend(task.destination_arn.map(|arn| ("DestinationArn".to_string(), json!(arn))));
    Value::Object(shown)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn visibility(value: i64) -> Result<Duration, SqsError> {
    seconds("VisibilityTimeout", value, 43_200, "Must be between 0 and 43200, if provided.")
}

fn seconds(name: &str, value: i64, max: u64, reason: &str) -> Result<Duration, SqsError> {
    let seconds = u64::try_from(value).ok().filter(|seconds| *seconds <= max);
    seconds.map(Duration::from_secs).ok_or_else(|| out_of_range(name, value, reason))
}

fn out_of_range(name: &str, value: i64, reason: &str) -> SqsError {
    SqsError::InvalidParameterValue(format!(
        "Value {value} for parameter {name} is invalid. Reason: {reason}"
    ))
}
