//! One queue: its messages and who may see which of them when.
//!
//! Nothing here waits, locks or reads a clock: every call is told the time. The queue hands out
//! messages that were received too often; `Sqs` knows the queue for dead letters.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use tokio::time::Instant;
use uuid::Uuid;

use super::message::{MAX_MESSAGE_BYTES, Received};
use super::misbehave::Misbehaviour;
use super::stored::Message;
use super::{Depth, SqsError};

/// A message is invisible for at most 12 hours after it was received.
pub(super) const MAX_VISIBILITY: Duration = Duration::from_secs(12 * 3600);

/// How a queue is set up, as its attributes show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub delay: Duration,
    pub visibility: Duration,
    pub retention: Duration,
    pub receive_wait: Duration,
    pub max_message_bytes: usize,
    /// How often a message may be received, and the queue it then goes to.
    pub redrive: Option<(u32, String)>,
}

impl Default for Settings {
    /// What AWS gives a queue that is created without attributes.
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            visibility: Duration::from_secs(30),
            retention: Duration::from_secs(4 * 24 * 3600),
            receive_wait: Duration::ZERO,
            max_message_bytes: MAX_MESSAGE_BYTES,
            redrive: None,
        }
    }
}

/// What one look into the queue found.
#[derive(Default)]
pub(super) struct Taken {
    pub received: Vec<Received>,
    pub dead: Vec<Message>,
}

pub(super) struct Queue {
    pub name: String,
    pub arn: String,
    pub settings: Settings,
    pub created_seconds: u64,
    pub modified_seconds: u64,
    pub accepted: u64,
    pub misbehaviour: Misbehaviour,
    purged_at: Option<Instant>,
    messages: BTreeMap<u64, Message>,
    next_key: u64,
}

impl Queue {
    pub fn new(name: String, arn: String, settings: Settings, now_seconds: u64) -> Self {
        Self {
            name,
            arn,
            settings,
            created_seconds: now_seconds,
            modified_seconds: now_seconds,
            purged_at: None,
            accepted: 0,
            misbehaviour: Misbehaviour::default(),
            messages: BTreeMap::new(),
            next_key: 0,
        }
    }

    /// Stores a message that was accepted, unless the queue was told to misbehave.
    pub fn accept(&mut self, message: Message) {
        self.accepted += 1;
        for _ in 0..self.misbehaviour.copies_to_store(&message.content.body) {
            self.put(message.clone());
        }
    }

    pub fn put(&mut self, message: Message) {
        self.messages.insert(self.next_key, message);
        self.next_key += 1;
    }

    /// Hands out up to `max` visible messages, oldest first, and whatever has been received too
    /// often.
    pub fn take(
        &mut self,
        max: usize,
        visibility: Duration,
        now: Instant,
        now_ms: u128,
        sender: &str,
    ) -> Taken {
        self.expire(now);
        let mut taken = Taken::default();
        let mut keys: Vec<u64> = self
            .messages
            .iter()
            .filter(|(_, m)| m.visible_at <= now)
            .map(|(key, _)| *key)
            .collect();
        self.misbehaviour.reorder(&mut keys);
        for key in keys {
            if taken.received.len() == max {
                break;
            }
            let spent = self.settings.redrive.as_ref().map(|(max_receives, _)| *max_receives);
            let Some(message) = self.messages.get_mut(&key) else { continue };
            if spent.is_some_and(|spent| message.receives >= spent) {
                let dead =
                    self.messages.remove(&key).map(|message| message.buried(self.arn.clone()));
                taken.dead.extend(dead);
                continue;
            }
            let nonce = Uuid::new_v4();
            let handle = (nonce, receipt_handle(&self.name, key, nonce));
            taken.received.push(message.receive(handle, now + visibility, now, now_ms, sender));
        }
        taken
    }

    /// When the next hidden message becomes visible.
    pub fn next_visible_at(&self, now: Instant) -> Option<Instant> {
        self.messages.values().map(|message| message.visible_at).filter(|at| *at > now).min()
    }

    /// Deletes what the handle names, if the handle is the message's latest. A stale handle and a
    /// message that is gone are no error, as in SQS: only a handle that this queue never made is.
    pub fn delete(&mut self, handle: &str) -> Result<(), SqsError> {
        let (key, nonce) = self.read_handle(handle)?;
        if self
            .messages
            .get(&key)
            .is_some_and(|message| message.receipt.is_some_and(|(latest, _)| latest == nonce))
        {
            self.messages.remove(&key);
        }
        Ok(())
    }

    /// Hides a message that is in flight for `visibility` from now; zero shows it at once.
    pub fn change_visibility(
        &mut self,
        handle: &str,
        visibility: Duration,
        now: Instant,
    ) -> Result<(), SqsError> {
        self.expire(now);
        let (key, nonce) = self.read_handle(handle)?;
        let found = self.messages.get_mut(&key).and_then(|message| match message.receipt {
            Some((latest, received_at)) if latest == nonce => Some((message, received_at)),
            _ => None,
        });
        let Some((message, received_at)) = found else {
            return Err(SqsError::InvalidParameterValue(format!(
                "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not \
                 exist or is not available for visibility timeout change."
            )));
        };
        if message.visible_at <= now {
            return Err(SqsError::MessageNotInflight);
        }
        if now + visibility > received_at + MAX_VISIBILITY {
            return Err(SqsError::InvalidParameterValue(format!(
                "Value {} for parameter VisibilityTimeout is invalid. Reason: Total \
                 VisibilityTimeout for the message is beyond the limit [43200 seconds].",
                visibility.as_secs()
            )));
        }
        message.visible_at = now + visibility;
        Ok(())
    }

    pub fn depth(&mut self, now: Instant) -> Depth {
        self.expire(now);
        let mut depth = Depth::default();
        for message in self.messages.values() {
            match (message.visible_at <= now, message.receipt) {
                (true, _) => depth.visible += 1,
                (false, None) => depth.delayed += 1,
                (false, Some(_)) => depth.in_flight += 1,
            }
        }
        depth
    }

    pub fn bodies(&mut self, now: Instant) -> Vec<String> {
        self.expire(now);
        self.messages.values().map(|message| message.content.body.clone()).collect()
    }

    pub fn purge(&mut self, now: Instant) {
        self.messages.clear();
        self.purged_at = Some(now);
    }

    /// AWS may take a minute to purge and allows no second one meanwhile.
    pub fn was_just_purged(&self, now: Instant) -> bool {
        self.purged_at.is_some_and(|at| now < at + Duration::from_secs(60))
    }

    /// Takes out every visible message, for a move to another queue.
    pub fn drain_visible(&mut self, now: Instant) -> Vec<Message> {
        self.expire(now);
        let keys: Vec<u64> = self
            .messages
            .iter()
            .filter(|(_, m)| m.visible_at <= now)
            .map(|(key, _)| *key)
            .collect();
        keys.iter().filter_map(|key| self.messages.remove(key)).collect()
    }

    /// Age counts from the first send, also for what came from another queue.
    fn expire(&mut self, now: Instant) {
        let retention = self.settings.retention;
        self.messages.retain(|_, message| message.sent_at + retention > now);
    }

    fn read_handle(&self, handle: &str) -> Result<(u64, Uuid), SqsError> {
        let text = BASE64.decode(handle).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let parts = text.as_deref().and_then(|text| {
            let (rest, nonce) = text.rsplit_once('/')?;
            let (queue, key) = rest.rsplit_once('/')?;
            (queue == self.name).then_some((key.parse().ok()?, nonce.parse().ok()?))
        });
        parts.ok_or_else(|| SqsError::ReceiptHandleIsInvalid(handle.to_string()))
    }
}

fn receipt_handle(queue: &str, key: u64, nonce: Uuid) -> String {
    BASE64.encode(format!("{queue}/{key}/{nonce}"))
}
