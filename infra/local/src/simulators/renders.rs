//! What the simulated providers' renders have in common: how long they take, and that they are
//! counted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

/// How long a request takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Render {
    /// `IN_QUEUE`.
    pub queued: Duration,
    /// `IN_PROGRESS`.
    pub rendering: Duration,
}

/// How many were accepted, in all and of each prompt: the answer to `GET /_simulator/renders`.
pub(crate) fn count<'a>(prompts: impl Iterator<Item = &'a String>) -> Value {
    let mut by_prompt: BTreeMap<&str, usize> = BTreeMap::new();
    for prompt in prompts {
        *by_prompt.entry(prompt).or_default() += 1;
    }
    json!({"accepted": by_prompt.values().sum::<usize>(), "by_prompt": by_prompt})
}
