//! The two JSON documents between Lambda and a function that a queue triggers: the event, and what
//! the answer to it means.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::sqs::{MessageAttribute, Received, md5_of_attributes, md5_of_body};

/// The event for a batch.
pub(super) fn event(batch: &[Received], queue_arn: &str, region: &str) -> Value {
    let records = batch.iter().map(|message| record(message, queue_arn, region));
    json!({ "Records": records.collect::<Vec<_>>() })
}

fn record(message: &Received, queue_arn: &str, region: &str) -> Value {
    let attributes: Map<_, _> = message
        .attributes
        .iter()
        .map(|(name, value)| (name.clone(), message_attribute(value)))
        .collect();
    let mut record = json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": message.system_attributes,
        "messageAttributes": attributes,
        "md5OfBody": md5_of_body(&message.body),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    });
    if let Some(md5) = md5_of_attributes(&message.attributes) {
        record["md5OfMessageAttributes"] = json!(md5);
    }
    record
}

/// Lambda spells attributes in its own way, with empty lists that SQS never fills.
fn message_attribute(attribute: &MessageAttribute) -> Value {
    let mut shown =
        json!({ "stringListValues": [], "binaryListValues": [], "dataType": attribute.data_type });
    if let Some(text) = &attribute.string_value {
        shown["stringValue"] = json!(text);
    }
    if let Some(binary) = &attribute.binary_value {
        shown["binaryValue"] = json!(binary);
    }
    shown
}

/// What is to become of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    /// Delete all but the messages with these ids.
    DeleteAllBut(BTreeSet<String>),
    /// Delete nothing; the reason is for the log.
    KeepAll(&'a str),
}

/// Reads a function's answer as Lambda does when `ReportBatchItemFailures` is on. Nothing, an empty
/// object, and an absent, null or empty list are success. A list that names another message than
/// those of this batch fails the whole batch.
pub(super) fn verdict(answer: &Value, batch: &[Received]) -> Verdict<'static> {
    let failures = match answer {
        Value::Null => &Value::Null,
        Value::Object(answer) => answer.get("batchItemFailures").unwrap_or(&Value::Null),
        _ => return Verdict::KeepAll("the answer is not an object"),
    };
    let failures = match failures {
        Value::Null => &[],
        Value::Array(failures) => &failures[..],
        _ => return Verdict::KeepAll("batchItemFailures is not a list"),
    };
    let ids: BTreeSet<&str> = batch.iter().map(|message| message.message_id.as_str()).collect();
    let mut failed = BTreeSet::new();
    for failure in failures {
        match failure["itemIdentifier"].as_str() {
            Some(id) if ids.contains(id) => failed.insert(id.to_string()),
            Some("") | None => {
                return Verdict::KeepAll("an itemIdentifier is missing, null or empty");
            }
            Some(_) => return Verdict::KeepAll("an itemIdentifier names no message of the batch"),
        };
    }
    Verdict::DeleteAllBut(failed)
}
