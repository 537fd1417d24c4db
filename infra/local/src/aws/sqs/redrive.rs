//! Moving messages out of a dead-letter queue again.
//!
//! AWS moves at a bounded rate and reports a running task; here a move is over when the call
//! returns.

use tokio::time::Instant;
use uuid::Uuid;

use super::stored::Message;
use super::{Sqs, SqsError};

#[derive(Clone, Debug)]
pub struct MoveTask {
    /// Names the task to its caller.
    pub handle: String,
    /// The dead-letter queue it emptied.
    pub source_arn: String,
    /// The queue it moved to; `None` is each message's own source.
    pub destination_arn: Option<String>,
    /// How many messages it moved.
    pub moved: usize,
    /// How many were visible when it started.
    pub to_move: usize,
    /// When it started, in milliseconds since the epoch.
    pub started_ms: u128,
}

impl Sqs {
    /// Moves every visible message of a dead-letter queue to `destination`, or without one to the
    /// queue each came from. They arrive as new messages: new id, new age, count 0. What came from
    /// no known queue stays.
    pub fn redrive(
        &self,
        dead_letter_queue: &str,
        destination: Option<&str>,
    ) -> Result<MoveTask, SqsError> {
        let (now, now_ms) = (Instant::now(), self.now_ms());
        let mut state = self.state();
        if !state.is_dead_letter_queue(dead_letter_queue) {
            let reason = "Source queue must be configured as a Dead Letter Queue.";
            return Err(SqsError::InvalidParameterValue(reason.into()));
        }
        if let Some(destination) = destination {
            state.queue(destination)?;
        }
        let source = state.queue(dead_letter_queue)?;
        let source_arn = source.arn.clone();
        let messages = source.drain_visible(now);
        let to_move = messages.len();
        let mut moved = 0;
        for message in messages {
            let origin = message.dead_letter_source.as_deref().and_then(queue_of_arn);
            match destination.or(origin).map(str::to_owned).filter(|name| state.queue(name).is_ok())
            {
                Some(target) => {
                    let delay = std::time::Duration::ZERO;
                    let mut content = message.content;
                    content.delay = None;
                    state.queue(&target)?.put(Message::new(content, delay, now, now_ms));
                    moved += 1;
                }
                None => state.queue(dead_letter_queue)?.put(message),
            }
        }
        let destination_arn = destination.map(|name| self.queue_arn(name));
        let handle = Uuid::new_v4().to_string();
        let task =
            MoveTask { handle, source_arn, destination_arn, moved, to_move, started_ms: now_ms };
        state.moves.push(task.clone());
        drop(state);
        self.announce();
        Ok(task)
    }

    /// The finished moves out of a queue, latest first.
    pub fn moves(&self, dead_letter_queue: &str) -> Vec<MoveTask> {
        let arn = self.queue_arn(dead_letter_queue);
        self.state().moves.iter().rev().filter(|task| task.source_arn == arn).cloned().collect()
    }
}

/// The queue that an ARN names: its last part.
pub(super) fn queue_of_arn(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:aws:sqs:")?.rsplit(':').next().filter(|name| !name.is_empty())
}
