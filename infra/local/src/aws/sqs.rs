//! SQS standard queues on one machine: delays, visibility, receipt handles, long polls, dead
//! letters.
//!
//! `Sqs` owns the queues and the in-process calls; `queue` owns who sees a message when; `endpoint`
//! speaks the wire protocol of the AWS SDKs; `misbehave` is for tests. Delays run on tokio's clock,
//! so paused time works; timestamps come from the clock that is handed in.
//!
//! Where it differs from AWS:
//!
//! - Signatures and permissions are not checked.
//! - Messages live in memory, so a restart loses them.
//! - Delivery is in order and exactly once, unless it is told otherwise. Counts are exact.
//! - There are no FIFO queues, no encryption, and no limit on messages in flight.
//! - Lambda's recursive-loop detection does not exist.

mod attributes;
mod batch;
mod endpoint;
mod error;
mod message;
mod misbehave;
mod queue;
mod redrive;
mod stored;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use tokio::sync::Notify;
use tokio::time::Instant;

pub use attributes::QueueSpec;
pub use error::SqsError;
pub use message::{
    MAX_DELAY, MAX_MESSAGE_BYTES, MessageAttribute, NewMessage, Received, Sent, md5_of_attributes,
    md5_of_body,
};
pub use misbehave::Failing;
pub use redrive::MoveTask;

use crate::Now;
use misbehave::Fault;
use queue::Queue;
use stored::Message;

#[derive(Clone, Copy, Debug)]
pub struct Receive {
    /// At most this many. The wire protocol allows 10; in process there is no bound.
    pub max: usize,
    /// How long they are hidden; `None` is the queue's own.
    pub visibility: Option<Duration>,
    /// How long to wait for a first message.
    pub wait: Duration,
}

impl Receive {
    /// What is there now, up to `max`.
    pub fn now(max: usize) -> Self {
        Self { max, visibility: None, wait: Duration::ZERO }
    }

    /// Up to `max`, waiting for the first.
    pub fn within(max: usize, wait: Duration) -> Self {
        Self { max, visibility: None, wait }
    }
}

/// How many messages a queue holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Can be received now.
    pub visible: usize,
    /// Were sent with a delay that has not passed.
    pub delayed: usize,
    /// Were received, and neither deleted nor visible again.
    pub in_flight: usize,
}

impl Depth {
    pub fn total(self) -> usize {
        self.visible + self.delayed + self.in_flight
    }
}

/// The queues of one account in one region. Clones share them.
#[derive(Clone)]
pub struct Sqs {
    inner: Arc<Inner>,
}

struct Inner {
    base_url: String,
    region: String,
    account_id: String,
    now: Now,
    state: Mutex<State>,
    /// Wakes long polls. One for all queues: there are a handful, and a poll that was woken in vain
    /// looks again.
    arrivals: Notify,
}

#[derive(Default)]
struct State {
    queues: BTreeMap<String, Queue>,
    moves: Vec<MoveTask>,
    faults: Vec<Fault>,
}

impl State {
    fn queue(&mut self, name: &str) -> Result<&mut Queue, SqsError> {
        self.queues.get_mut(name).ok_or(SqsError::QueueDoesNotExist)
    }

    fn is_dead_letter_queue(&self, name: &str) -> bool {
        self.queues
            .values()
            .any(|queue| queue.settings.redrive.as_ref().is_some_and(|(_, target)| target == name))
    }
}

impl Sqs {
    /// No queues yet. `base_url` is where the router will be served, without a slash at the end.
    pub fn new(
        base_url: impl Into<String>,
        region: impl Into<String>,
        account_id: impl Into<String>,
        now: Now,
    ) -> Self {
        let inner = Inner {
            base_url: base_url.into().trim_end_matches('/').to_string(),
            region: region.into(),
            account_id: account_id.into(),
            now,
            state: Mutex::default(),
            arrivals: Notify::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The URL under which clients name the queue, whether it exists or not.
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.inner.base_url, self.inner.account_id)
    }

    /// The queue's ARN, whether it exists or not.
    pub fn queue_arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{name}", self.inner.region, self.inner.account_id)
    }

    /// The region that queues and events name.
    pub fn region(&self) -> &str {
        &self.inner.region
    }

    pub fn send(&self, queue: &str, message: NewMessage) -> Result<Sent, SqsError> {
        let (now, now_ms) = (Instant::now(), self.now_ms());
        let mut state = self.state();
        let queue = state.queue(queue)?;
        message.check(queue.settings.max_message_bytes)?;
        let trace = message
            .trace_header
            .clone()
            .map(|header| ("AWSTraceHeader".into(), MessageAttribute::string(header)));
        let message = Message::new(message, queue.settings.delay, now, now_ms);
        let sent = Sent {
            message_id: message.id.clone(),
            md5_of_body: md5_of_body(&message.content.body),
            md5_of_attributes: md5_of_attributes(&message.content.attributes),
            md5_of_system_attributes: md5_of_attributes(
                trace.iter().map(|(name, value)| (name, value)),
            ),
        };
        queue.accept(message);
        drop(state);
        self.announce();
        Ok(sent)
    }

    /// Receives messages: at once when there are any, otherwise within the wait, otherwise none.
    /// Dropping the future takes nothing.
    pub async fn receive(&self, queue: &str, how: Receive) -> Result<Vec<Received>, SqsError> {
        let deadline = Instant::now() + how.wait;
        loop {
            let arrival = self.inner.arrivals.notified();
            let (received, next_visible_at) = self.receive_now(queue, how)?;
            let now = Instant::now();
            if !received.is_empty() || now >= deadline {
                return Ok(received);
            }
            let look_again_at = next_visible_at.map_or(deadline, |at| at.min(deadline));
            // A timeout and an arrival mean the same: look again.
            let _ = tokio::time::timeout_at(look_again_at, arrival).await;
        }
    }

    fn receive_now(
        &self,
        name: &str,
        how: Receive,
    ) -> Result<(Vec<Received>, Option<Instant>), SqsError> {
        let (now, now_ms) = (Instant::now(), self.now_ms());
        let mut state = self.state();
        let queue = state.queue(name)?;
        let visibility = how.visibility.unwrap_or(queue.settings.visibility);
        let taken = queue.take(how.max, visibility, now, now_ms, &self.inner.account_id);
        let next_visible_at = queue.next_visible_at(now);
        let dead_letter_queue = queue.settings.redrive.as_ref().map(|(_, target)| target.clone());
        let buried = !taken.dead.is_empty();
        if let Some(target) = dead_letter_queue.and_then(|target| state.queues.get_mut(&target)) {
            taken.dead.into_iter().for_each(|message| target.put(message));
        }
        drop(state);
        if buried {
            self.announce();
        }
        Ok((taken.received, next_visible_at))
    }

    /// Deletes a received message. A handle that is no longer the latest deletes nothing and is no
    /// error.
    pub fn delete(&self, queue: &str, receipt_handle: &str) -> Result<(), SqsError> {
        self.state().queue(queue)?.delete(receipt_handle)
    }

    /// Hides a message in flight for `visibility` from now, at most 12 h after it was received;
    /// zero shows it at once.
    pub fn change_visibility(
        &self,
        queue: &str,
        receipt_handle: &str,
        visibility: Duration,
    ) -> Result<(), SqsError> {
        attributes::check_visibility(visibility)?;
        self.state().queue(queue)?.change_visibility(receipt_handle, visibility, Instant::now())?;
        self.announce();
        Ok(())
    }

    /// How many messages the queue holds now.
    pub fn depth(&self, queue: &str) -> Result<Depth, SqsError> {
        Ok(self.state().queue(queue)?.depth(Instant::now()))
    }

    /// The bodies of all messages, hidden ones too, oldest first. Receives nothing.
    pub fn bodies(&self, queue: &str) -> Result<Vec<String>, SqsError> {
        Ok(self.state().queue(queue)?.bodies(Instant::now()))
    }

    /// How many sends the queue has accepted since it was created, lost ones too; redelivery and
    /// redrive do not count.
    pub fn accepted(&self, queue: &str) -> Result<u64, SqsError> {
        Ok(self.state().queue(queue)?.accepted)
    }

    /// How long the queue hides a received message.
    pub fn visibility(&self, queue: &str) -> Result<Duration, SqsError> {
        Ok(self.state().queue(queue)?.settings.visibility)
    }

    /// Empties the queue. Clients may do that once a minute; here it is always allowed.
    pub fn purge(&self, queue: &str) -> Result<(), SqsError> {
        self.state().queue(queue)?.purge(Instant::now());
        Ok(())
    }

    /// A panicking test must not take the queues with it: every change is whole before the lock is
    /// given up.
    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn announce(&self) {
        self.inner.arrivals.notify_waiters();
    }

    fn now_ms(&self) -> u128 {
        (self.inner.now)().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
    }

    fn now_seconds(&self) -> u64 {
        (self.inner.now)().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}
