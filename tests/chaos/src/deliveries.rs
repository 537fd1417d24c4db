//! How SQS misbehaves: messages are lost, doubled and handed out in any order.

use crate::network::Sent;
use local::sqs::Sqs;
use std::sync::{Arc, Mutex, PoisonError};

/// The queues that carry jobs, by their logical ids.
pub const QUEUES: [&str; 3] = ["PollQueue", "StoreQueue", "StoreAgainQueue"];
/// The dead-letter queues of these queues.
pub const DEAD_LETTER_QUEUES: [&str; 3] =
    ["PollDeadLetters", "StoreDeadLetters", "StoreAgainDeadLetters"];

/// How often SQS misbehaves, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misdelivery {
    /// Messages that SQS accepts and never delivers.
    pub lost: u8,
    /// Messages that SQS delivers twice.
    pub doubled: u8,
    /// Whether the order of the messages is random.
    pub shuffled: bool,
}

impl Misdelivery {
    /// Every message comes once, in order.
    pub const NONE: Self = Self { lost: 0, doubled: 0, shuffled: false };
}

/// The misdelivery of one run. Clones share their draws.
#[derive(Clone)]
pub struct Deliveries {
    how: Misdelivery,
    drawn: Arc<Mutex<fastrand::Rng>>,
}

impl Deliveries {
    /// Makes the queues misbehave.
    pub fn new(how: Misdelivery, first_lost: u32, sqs: &Sqs, seed: u64) -> Self {
        for queue in QUEUES {
            let drawn = Mutex::new(fastrand::Rng::with_seed(seed));
            let lost = move |_: &str| {
                drawn.lock().unwrap_or_else(PoisonError::into_inner).u8(0..100) < how.lost
            };
            sqs.lose_if(queue, lost).expect("the template has the queue");
            sqs.lose_next(queue, first_lost).expect("the template has the queue");
            if how.shuffled {
                sqs.reorder(queue, seed).expect("the template has the queue");
            }
        }
        Self { how, drawn: Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))) }
    }

    /// Draws whether the messages of a request are delivered twice.
    pub fn draw(&self, sqs: &Sqs, sent: &Sent) {
        let doubled =
            self.drawn.lock().unwrap_or_else(PoisonError::into_inner).u8(0..100) < self.how.doubled;
        let body = sent.json();
        let queue =
            body["QueueUrl"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        if QUEUES.contains(&queue) {
            sqs.duplicate(queue, doubled).expect("the template has the queue");
        }
    }
}
