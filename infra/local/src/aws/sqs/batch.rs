//! The three batch actions. The batch as a whole is refused for its shape; after that every entry
//! succeeds or fails alone, and the answer is 200 whatever became of them.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::message::MAX_MESSAGE_BYTES;
use super::wire::{self, HandleRequest, OnQueue, SendRequest};
use super::{Sqs, SqsError};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<T> {
    #[serde(default = "Vec::new")]
    entries: Vec<Entry<T>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<T> {
    #[serde(default)]
    id: String,
    #[serde(flatten)]
    request: T,
}

pub(super) fn send(sqs: &Sqs, body: &[u8]) -> Result<Value, SqsError> {
    let (queue, entries) = read::<SendRequest>(sqs, body)?;
    let messages: Vec<_> =
        entries.into_iter().map(|entry| (entry.id, entry.request.message())).collect();
    let bytes: usize =
        messages.iter().filter_map(|(_, message)| message.as_ref().ok()).map(|m| m.bytes()).sum();
    if bytes > MAX_MESSAGE_BYTES {
        return Err(SqsError::BatchRequestTooLong(bytes));
    }
    Ok(one_by_one(messages, |message| Ok(wire::sent(sqs.send(&queue, message?)?))))
}

pub(super) fn delete(sqs: &Sqs, body: &[u8]) -> Result<Value, SqsError> {
    let (queue, entries) = read::<HandleRequest>(sqs, body)?;
    let entries = entries.into_iter().map(|entry| (entry.id, entry.request));
    Ok(one_by_one(entries, |request| {
        sqs.delete(&queue, &request.receipt_handle).map(|()| Map::new())
    }))
}

pub(super) fn change_visibility(sqs: &Sqs, body: &[u8]) -> Result<Value, SqsError> {
    let (queue, entries) = read::<HandleRequest>(sqs, body)?;
    let entries = entries.into_iter().map(|entry| (entry.id, entry.request));
    Ok(one_by_one(entries, |request| {
        sqs.change_visibility(&queue, &request.receipt_handle, request.visibility()?)
            .map(|()| Map::new())
    }))
}

fn read<T: DeserializeOwned>(sqs: &Sqs, body: &[u8]) -> Result<(String, Vec<Entry<T>>), SqsError> {
    let (queue, Batch { entries }) = OnQueue::<Batch<T>>::read(body)?;
    sqs.state().queue(&queue)?;
    if entries.is_empty() {
        return Err(SqsError::EmptyBatchRequest);
    }
    if entries.len() > 10 {
        return Err(SqsError::TooManyEntriesInBatchRequest(entries.len()));
    }
    let mut seen = HashSet::new();
    for Entry { id, .. } in &entries {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || id.len() > 80 || !id.chars().all(legal) {
            return Err(SqsError::InvalidBatchEntryId);
        }
        if !seen.insert(id) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id.clone()));
        }
    }
    Ok((queue, entries))
}

fn one_by_one<T>(
    entries: impl IntoIterator<Item = (String, T)>,
    act: impl Fn(T) -> Result<Map<String, Value>, SqsError>,
) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, request) in entries {
        match act(request) {
            Ok(mut reply) => {
                reply.insert("Id".into(), json!(id));
                successful.push(reply);
            }
            Err(error) => failed.push(json!({
                "Id": id,
                "SenderFault": error.is_senders_fault(),
                "Code": error.query_code(),
                "Message": error.to_string(),
            })),
        }
    }
    let mut reply = Map::from_iter([("Successful".to_string(), json!(successful))]);
    if !failed.is_empty() {
        reply.insert("Failed".into(), json!(failed));
    }
    Value::Object(reply)
}
