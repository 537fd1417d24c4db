//! A stored message: who has received it, and from when it is visible.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::message::{NewMessage, Received};

#[derive(Clone)]
pub(super) struct Message {
    pub id: String,
    pub content: NewMessage,
    pub sent_at: Instant,
    pub sent_ms: u128,
    pub visible_at: Instant,
    /// The nonce of the latest receipt handle and when it was given; every receive replaces it.
    pub receipt: Option<(Uuid, Instant)>,
    pub receives: u32,
    receives_in_all_queues: u32,
    first_received_ms: Option<u128>,
    /// The queue that gave up on it.
    pub dead_letter_source: Option<String>,
}

impl Message {
    pub fn new(content: NewMessage, delay: Duration, now: Instant, now_ms: u128) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            visible_at: now + content.delay.unwrap_or(delay),
            content,
            sent_at: now,
            sent_ms: now_ms,
            receipt: None,
            receives: 0,
            receives_in_all_queues: 0,
            first_received_ms: None,
            dead_letter_source: None,
        }
    }

    /// Keeps its id, its age and its total count; only the count in this queue starts again.
    pub fn buried(self, source_arn: String) -> Self {
        Self { receipt: None, receives: 0, dead_letter_source: Some(source_arn), ..self }
    }

    pub fn receive(
        &mut self,
        handle: (Uuid, String),
        until: Instant,
        now: Instant,
        now_ms: u128,
        sender: &str,
    ) -> Received {
        self.receipt = Some((handle.0, now));
        self.visible_at = until;
        self.receives += 1;
        self.receives_in_all_queues += 1;
        let first_ms = *self.first_received_ms.get_or_insert(now_ms);
        let mut system_attributes = BTreeMap::from([
            ("ApproximateReceiveCount".to_string(), self.receives_in_all_queues.to_string()),
            ("SentTimestamp".to_string(), self.sent_ms.to_string()),
            ("SenderId".to_string(), sender.to_string()),
            ("ApproximateFirstReceiveTimestamp".to_string(), first_ms.to_string()),
        ]);
        let optional = [
            ("AWSTraceHeader", &self.content.trace_header),
            ("DeadLetterQueueSourceArn", &self.dead_letter_source),
        ];
        for (name, value) in optional {
            system_attributes.extend(value.clone().map(|value| (name.to_string(), value)));
        }
        Received {
            message_id: self.id.clone(),
            receipt_handle: handle.1,
            body: self.content.body.clone(),
            attributes: self.content.attributes.clone(),
            system_attributes,
        }
    }
}
