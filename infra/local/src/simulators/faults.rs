//! Scripted misbehaviour, shared by all simulators: which step goes wrong, how often, and how.
//!
//! A simulator names its steps and says which request is which step. The layer in `door.rs` plays
//! the faults before and after the simulator's own work.

mod play;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::simulators::script::{Line, Script, once};

pub(crate) use play::hang_up;

/// One thing that goes wrong. As JSON: `{"step": "submit", "times": 2, "then": {"hang": {"ms":
/// 500}}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault<Own = Never> {
    /// The step it happens to, by the simulator's own name for it.
    pub step: String,
    /// How many requests it happens to: one unless said, every one when `null`.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// How many requests pass untouched before.
    #[serde(default)]
    pub after: u32,
    /// Only requests whose path contains this text.
    #[serde(default)]
    pub path_contains: Option<String>,
    pub then: Then<Own>,
}

/// What happens to a request. "Work" is what the simulator would have done: accept the submission,
/// store the object. `Own` are the faults that only one simulator has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Then<Own = Never> {
    /// This answer instead of the work.
    Answer {
        status: u16,
        /// Header names and values.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The body, sent as it is.
        #[serde(default)]
        body: String,
    },
    /// Sent elsewhere (307) instead of the work.
    Redirect { url: String },
    /// The connection ends without a byte, and nothing was done.
    CloseBefore,
    /// The work is done, then the connection ends without a byte: the answer is lost.
    CloseAfter,
    /// Silence, then the work and its answer.
    HangBefore {
        /// How long, in milliseconds.
        ms: u64,
    },
    /// The work is done, then there is silence, then the answer comes.
    Hang {
        /// How long, in milliseconds.
        ms: u64,
    },
    /// The work's answer in small pieces.
    SlowBody {
        /// The size of each (0 counts as 1).
        chunk_bytes: usize,
        /// The silence before each.
        pause_ms: u64,
    },
    /// The work's answer, followed by spaces for ever.
    EndlessBody,
    /// The work's answer with its full `Content-Length`, of which only so many bytes are sent
    /// before the connection ends.
    TruncatedBody {
        /// How many bytes of the body are sent.
        keep_bytes: usize,
    },
    /// One of the simulator's own: its handler finds it among the request's extensions.
    #[serde(untagged)]
    Own(Own),
}

/// A simulator without faults of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Never {}

impl<Own> From<Own> for Then<Own> {
    fn from(own: Own) -> Self {
        Self::Own(own)
    }
}

/// What a fault of a simulator's own has to be.
pub trait Oddity: Clone + DeserializeOwned + Serialize + Send + Sync + 'static {}

impl<Own: Clone + DeserializeOwned + Serialize + Send + Sync + 'static> Oddity for Own {}

impl<Own: Oddity> Line for Fault<Own> {
    fn times(&mut self) -> &mut Option<u32> {
        &mut self.times
    }

    fn after(&mut self) -> &mut u32 {
        &mut self.after
    }
}

impl<Own> Fault<Own> {
    /// `then` happens to the next request of `step`.
    pub fn once(step: impl AsRef<str>, then: Then<Own>) -> Self {
        Self::times(step, 1, then)
    }

    /// `then` happens to the next `times` requests of `step`.
    pub fn times(step: impl AsRef<str>, times: u32, then: Then<Own>) -> Self {
        Self { times: Some(times), ..Self::forever(step, then) }
    }

    /// `then` happens to every request of `step` until the faults are cleared.
    pub fn forever(step: impl AsRef<str>, then: Then<Own>) -> Self {
        let step = step.as_ref().to_owned();
        Self { step, times: None, after: 0, path_contains: None, then }
    }

    /// The same, only for requests whose path contains `text`.
    pub fn on(self, text: &str) -> Self {
        Self { path_contains: Some(text.to_owned()), ..self }
    }

    /// The same, once `requests` have passed untouched.
    pub fn after(self, requests: u32) -> Self {
        Self { after: requests, ..self }
    }
}

impl<Own> Then<Own> {
    /// A bare answer with a JSON or text body; set headers through the variant itself.
    pub fn answer(status: u16, body: impl ToString) -> Self {
        let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
        Self::Answer { status, headers, body: body.to_string() }
    }
}

/// Why a fault cannot be scripted.
#[derive(Debug, thiserror::Error)]
pub enum Unscriptable {
    /// A typo here would silently test nothing.
    #[error("no step `{0}` here; there are: {1}")]
    UnknownStep(String, String),
    /// A status or header that HTTP cannot carry.
    #[error("no such answer: {0}")]
    Answer(#[from] axum::http::Error),
}

/// The faults scripted for one simulator. Clones share them.
#[derive(Clone, Debug)]
pub struct Faults<Own = Never> {
    steps: &'static [&'static str],
    script: Script<Fault<Own>>,
}

impl<Own: Oddity> Faults<Own> {
    /// No faults yet, for a simulator with these steps.
    pub(crate) fn new(steps: &'static [&'static str]) -> Self {
        Self { steps, script: Script::new() }
    }

    /// Adds a fault behind those already scripted.
    ///
    /// # Errors
    /// When the simulator has no such step, or HTTP no such answer.
    pub fn add(&self, fault: Fault<Own>) -> Result<(), Unscriptable> {
        if !self.steps.contains(&fault.step.as_str()) {
            return Err(Unscriptable::UnknownStep(fault.step, self.steps.join(", ")));
        }
        play::instead(&fault.then)?;
        self.script.add(fault);
        Ok(())
    }

    pub fn clear(&self) {
        self.script.clear();
    }

    /// What is still to happen, oldest first.
    pub fn pending(&self) -> Vec<Fault<Own>> {
        self.script.pending()
    }

    /// `POST`, `GET` and `DELETE /_simulator/faults`: add one, list them, clear them.
    pub(crate) fn router(&self) -> Router {
        let faults = self.clone();
        self.script.router("/_simulator/faults", move |fault| faults.add(fault))
    }

    /// Answers a request of `step` by the simulator's routes, or with the next fault that fits.
    pub(crate) async fn play(&self, step: &str, request: Request, next: Next) -> Response {
        match self.take(step, request.uri().path()) {
            Some(then) => play::play(then, request, next).await,
            None => next.run(request).await,
        }
    }

    fn take(&self, step: &str, path: &str) -> Option<Then<Own>> {
        let fits = |fault: &Fault<Own>| {
            fault.step == step
                && fault.path_contains.as_ref().is_none_or(|text| path.contains(text.as_str()))
        };
        self.script.take(fits).map(|fault| fault.then)
    }
}
