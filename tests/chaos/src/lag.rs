//! How the index of open jobs lags behind its table. A global index is eventually consistent. So a
//! sweep may get the answer of the sweep before it, and nothing that was written since.

use crate::answer::Answer;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The index of one run. Clones share it.
#[derive(Clone)]
pub struct Lag {
    percent: u8,
    state: Arc<Mutex<State>>,
}

struct State {
    drawn: fastrand::Rng,
    before: BTreeMap<String, Answer>,
    outdated: usize,
}

impl Lag {
    /// An index of which `percent` of the answers are outdated.
    pub fn of(percent: u8, seed: u64) -> Self {
        let state =
            State { drawn: fastrand::Rng::with_seed(seed), before: BTreeMap::new(), outdated: 0 };
        Self { percent, state: Arc::new(Mutex::new(state)) }
    }

    /// The answer to a query, given the true one. Each shard has its own last answer, at first an
    /// empty one. Reads of a table itself are always true.
    pub fn answer(&self, question: &Value, truth: Answer) -> Answer {
        if question.get("IndexName").is_none()
            || question["ConsistentRead"] == true
            || truth.status != 200
        {
            return truth;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let shard = question["ExpressionAttributeValues"][":shard"].to_string();
        let before = state.before.insert(shard, truth.clone());
        if state.drawn.u8(0..100) >= self.percent {
            return truth;
        }
        let before = before
            .unwrap_or_else(|| Answer::json(200, r#"{"Count":0,"Items":[],"ScannedCount":0}"#));
        state.outdated += usize::from(before.body != truth.body);
        before
    }

    /// How many answers were outdated.
    pub fn outdated(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).outdated
    }
}
