//! One message: what a sender gives, what a receiver gets, and the rules both are held to (sizes,
//! characters, digests).

use std::collections::BTreeMap;
use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::SqsError;

/// The longest message, and the longest batch: 1 MiB since August 2025, body and attributes
/// together.
pub const MAX_MESSAGE_BYTES: usize = 1_048_576;
/// The longest delay, of a message or of a queue.
pub const MAX_DELAY: Duration = Duration::from_secs(900);
/// The most attributes a message may carry.
const MAX_ATTRIBUTES: usize = 10;

/// A message as its sender gives it.
#[derive(Clone, Debug, Default)]
pub struct NewMessage {
    /// 1 byte to 1 MiB of text.
    pub body: String,
    /// How long it is hidden from receivers, at most 900 s; `None` is the queue's default.
    pub delay: Option<Duration>,
    /// The sender's own attributes, at most 10.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// The X-Ray header, the one system attribute that a sender may set.
    pub trace_header: Option<String>,
}

impl NewMessage {
    /// A message with a body and nothing else.
    pub fn text(body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }

    /// The same message, delayed.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay: Some(delay), ..self }
    }

    /// What counts against the size limit. The trace header does not count.
    pub fn bytes(&self) -> usize {
        self.body.len()
            + self.attributes.iter().map(|(name, value)| name.len() + value.bytes()).sum::<usize>()
    }

    /// Refuses what SQS refuses at the door.
    pub(super) fn check(&self, max_bytes: usize) -> Result<(), SqsError> {
        if self.body.is_empty() {
            return Err(SqsError::MissingParameter("MessageBody"));
        }
        if !self.body.chars().all(is_allowed) {
            return Err(SqsError::InvalidMessageContents);
        }
        if self.bytes() > max_bytes {
            let reason = format!(
                "One or more parameters are invalid. Reason: Message must be shorter than \
                 {max_bytes} bytes."
            );
            return Err(SqsError::InvalidParameterValue(reason));
        }
        if let Some(delay) = self.delay
            && delay > MAX_DELAY
        {
            return Err(SqsError::InvalidParameterValue(format!(
                "Value {} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 \
                 and <= 900.",
                delay.as_secs()
            )));
        }
        if self.attributes.len() > MAX_ATTRIBUTES {
            let reason = format!(
                "Number of message attributes [{}] exceeds the allowed maximum [10].",
                self.attributes.len()
            );
            return Err(SqsError::InvalidParameterValue(reason));
        }
        self.attributes.iter().try_for_each(|(name, attribute)| attribute.check(name))
    }
}

/// The characters of XML 1.0, which SQS allows in a body.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}')
        || c >= '\u{10000}'
}

/// An attribute of a message, as it travels in requests and answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MessageAttribute {
    /// `String`, `Number` or `Binary`, optionally with a `.label`.
    pub data_type: String,
    /// The value of a string or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// The value of a binary, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<String>,
}

impl MessageAttribute {
    /// An attribute of type `String`.
    pub fn string(value: impl Into<String>) -> Self {
        Self { data_type: "String".into(), string_value: Some(value.into()), binary_value: None }
    }

    fn bytes(&self) -> usize {
        self.data_type.len() + self.value().len()
    }

    fn is_binary(&self) -> bool {
        self.data_type.split('.').next() == Some("Binary")
    }

    fn value(&self) -> Vec<u8> {
        match (&self.string_value, &self.binary_value) {
            (Some(text), _) if !self.is_binary() => text.as_bytes().to_vec(),
            (_, Some(encoded)) => BASE64.decode(encoded).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    fn check(&self, name: &str) -> Result<(), SqsError> {
        let refuse = |why: &str| {
            let reason = format!("The message attribute '{name}' {why}.");
            Err(SqsError::InvalidParameterValue(reason))
        };
        if !matches!(self.data_type.split('.').next(), Some("String" | "Number" | "Binary")) {
            return refuse(
                "has an invalid message attribute type, the set of supported type prefixes is \
                 Binary, Number, and String",
            );
        }
        if self.value().is_empty() {
            return refuse("must contain a non-empty message attribute value of its type");
        }
        Ok(())
    }
}

/// The digest of a body, as `MD5OfMessageBody` shows it.
pub fn md5_of_body(body: &str) -> String {
    hex::encode(Md5::digest(body.as_bytes()))
}

/// The digest of attributes, or `None` where there are none: by name, each part with its length,
/// text as type 1 and binary as type 2.
pub fn md5_of_attributes<'a>(
    attributes: impl IntoIterator<Item = (&'a String, &'a MessageAttribute)>,
) -> Option<String> {
    let mut sorted: Vec<_> = attributes.into_iter().collect();
    if sorted.is_empty() {
        return None;
    }
    sorted.sort_by_key(|(name, _)| name.as_str());
    let mut digest = Md5::new();
    let mut part = |bytes: &[u8], transport: Option<u8>| {
        digest.update(transport.as_slice());
        digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(bytes);
    };
    for (name, attribute) in sorted {
        part(name.as_bytes(), None);
        part(attribute.data_type.as_bytes(), None);
        part(&attribute.value(), Some(if attribute.is_binary() { 2 } else { 1 }));
    }
    Some(hex::encode(digest.finalize()))
}

/// What a sender is told of an accepted message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The id that the message keeps, through a move to the dead-letter queue too.
    pub message_id: String,
    /// The digest of the body.
    pub md5_of_body: String,
    /// The digest of the attributes, where there are any.
    pub md5_of_attributes: Option<String>,
    /// The digest of the system attributes, where there are any.
    pub md5_of_system_attributes: Option<String>,
}

/// A message as its receiver gets it.
#[derive(Clone, Debug)]
pub struct Received {
    /// The id given to it when it was sent.
    pub message_id: String,
    /// What deletes it or changes its visibility, until it is received again.
    pub receipt_handle: String,
    pub body: String,
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// `ApproximateReceiveCount` (over all queues), `SentTimestamp`, `SenderId`,
    /// `ApproximateFirstReceiveTimestamp`, and where they apply `AWSTraceHeader` and
    /// `DeadLetterQueueSourceArn`. Times are milliseconds since the epoch, as text.
    pub system_attributes: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_follow_the_documented_algorithm() {
        // The example in AWS's reference of SendMessage.
        assert_eq!(md5_of_body("This is a test message"), "fafb00f5732ab283681e124bf8747ed1");
        let attributes = BTreeMap::from([("name".to_string(), MessageAttribute::string("value"))]);
        let by_hand = Md5::digest(b"\0\0\0\x04name\0\0\0\x06String\x01\0\0\0\x05value");
        assert_eq!(md5_of_attributes(&attributes), Some(hex::encode(by_hand)));
        assert_eq!(md5_of_attributes(&BTreeMap::new()), None);
    }

    #[test]
    fn what_sqs_refuses_is_refused() {
        let check = |message: NewMessage| message.check(MAX_MESSAGE_BYTES);
        assert_eq!(check(NewMessage::text("")), Err(SqsError::MissingParameter("MessageBody")));
        assert_eq!(check(NewMessage::text("\u{1}")), Err(SqsError::InvalidMessageContents));
        assert_eq!(check(NewMessage::text("x".repeat(MAX_MESSAGE_BYTES))), Ok(()));
        assert!(check(NewMessage::text("x".repeat(MAX_MESSAGE_BYTES + 1))).is_err());
        assert!(check(NewMessage::text("x").after(MAX_DELAY)).is_ok());
        assert!(check(NewMessage::text("x").after(MAX_DELAY + Duration::from_secs(1))).is_err());
        let untyped =
            MessageAttribute { data_type: "Text".into(), ..MessageAttribute::string("v") };
        let message =
            NewMessage { attributes: [("a".to_string(), untyped)].into(), ..NewMessage::text("x") };
        assert!(check(message).is_err());
    }
}
