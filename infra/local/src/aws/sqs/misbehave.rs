//! What a test may make SQS do: lose, duplicate and reorder messages, and fail requests.
//!
//! The first three are what at-least-once, unordered delivery and a lost send look like from
//! outside. A failed request is what an SDK retries; it may have been applied or not, and the
//! caller cannot tell.

use super::{Sqs, SqsError};

type Predicate = Box<dyn Fn(&str) -> bool + Send>;

/// What one queue does wrong.
#[derive(Default)]
pub(super) struct Misbehaviour {
    lose_next: u32,
    lose_if: Option<Predicate>,
    duplicate: bool,
    shuffle: Option<fastrand::Rng>,
}

impl Misbehaviour {
    /// 0 for a message that is lost, 2 for one that is doubled, otherwise 1.
    pub fn copies_to_store(&mut self, body: &str) -> u32 {
        if self.lose_next > 0 {
            self.lose_next -= 1;
            return 0;
        }
        if self.lose_if.as_ref().is_some_and(|lose| lose(body)) {
            return 0;
        }
        if self.duplicate { 2 } else { 1 }
    }

    pub fn reorder(&mut self, keys: &mut [u64]) {
        if let Some(random) = &mut self.shuffle {
            random.shuffle(keys);
        }
    }
}

/// Whether a failed request did what it was asked before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    BeforeApplying,
    /// It happened, and the answer was lost.
    AfterApplying,
}

/// Requests that are to fail.
pub(super) struct Fault {
    action: String,
    times: u32,
    failing: Failing,
}

impl Sqs {
    /// Accepts the next `count` messages to the queue and forgets them.
    pub fn lose_next(&self, queue: &str, count: u32) -> Result<(), SqsError> {
        self.misbehave(queue, |queue| queue.lose_next = count)
    }

    /// Accepts messages whose body the predicate picks, and forgets them, until told otherwise.
    pub fn lose_if(
        &self,
        queue: &str,
        pick: impl Fn(&str) -> bool + Send + 'static,
    ) -> Result<(), SqsError> {
        self.misbehave(queue, |queue| queue.lose_if = Some(Box::new(pick)))
    }

    /// Delivers every message sent from now on twice, under one message id.
    pub fn duplicate(&self, queue: &str, duplicate: bool) -> Result<(), SqsError> {
        self.misbehave(queue, |queue| queue.duplicate = duplicate)
    }

    /// Hands messages out in an order drawn from the seed.
    pub fn reorder(&self, queue: &str, seed: u64) -> Result<(), SqsError> {
        self.misbehave(queue, |queue| queue.shuffle = Some(fastrand::Rng::with_seed(seed)))
    }

    /// Ends all misbehaviour of the queue.
    pub fn behave(&self, queue: &str) -> Result<(), SqsError> {
        self.misbehave(queue, |queue| *queue = Misbehaviour::default())
    }

    /// Answers the next `times` requests of an action (`SendMessageBatch`, …) with a 500. An SDK
    /// makes three attempts by default, so three are needed for its caller to see one failure.
    /// In-process calls do not fail.
    pub fn fail_next(&self, action: &str, times: u32, failing: Failing) {
        self.state().faults.push(Fault { action: action.to_string(), times, failing });
    }

    pub(super) fn next_fault(&self, action: &str) -> Option<Failing> {
        let faults = &mut self.state().faults;
        let fault = faults.iter_mut().find(|fault| fault.times > 0 && fault.action == action)?;
        fault.times -= 1;
        let failing = fault.failing;
        faults.retain(|fault| fault.times > 0);
        Some(failing)
    }

    fn misbehave(
        &self,
        queue: &str,
        change: impl FnOnce(&mut Misbehaviour),
    ) -> Result<(), SqsError> {
        change(&mut self.state().queue(queue)?.misbehaviour);
        Ok(())
    }
}
