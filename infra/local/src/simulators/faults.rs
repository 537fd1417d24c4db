//! Scripted misbehaviour, shared by the simulators: which step goes wrong, how often, and how.
//!
//! A simulator names its steps, wraps the work of each request in [`Faults::around`] and merges
//! [`Faults::router`], so that a test in another process can script it too. Nothing here knows what
//! a step does.

mod spoil;

use std::collections::BTreeMap;
use std::future::Future;

use axum::Router;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::simulators::script::{Line, Script, once};

/// One thing that goes wrong. As JSON: `{"step": "submit", "times": 2, "then": {"hang": {"ms":
/// 500}}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The step it happens to, by the simulator's own name for it.
    pub step: String,
    /// How many requests it happens to: once unless said, for ever when `null`.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// Only to requests whose path contains this text.
    #[serde(default)]
    pub path_contains: Option<String>,
    /// What happens.
    pub then: Then,
}

/// What happens to a request. "Work" is what the simulator would have done: accept the submission,
/// store the object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Then {
    /// This answer instead of the work.
    Answer {
        /// HTTP status.
        status: u16,
        /// Header names and values.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The body, sent as it is.
        #[serde(default)]
        body: String,
    },
    /// Sent elsewhere (307) instead of the work.
    Redirect {
        /// The `Location`.
        url: String,
    },
    /// The connection ends without a byte, and nothing was done.
    CloseBefore,
    /// The work is done, then the connection ends without a byte: the lost answer.
    CloseAfter,
    /// The work is done, then nothing comes for so long, then the answer.
    Hang {
        /// The silence.
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
}

impl Line for Fault {
    fn times(&mut self) -> &mut Option<u32> {
        &mut self.times
    }
}

impl Fault {
    /// `then` happens to the next request of `step`.
    pub fn once(step: &str, then: Then) -> Self {
        Self::times(step, 1, then)
    }

    /// `then` happens to the next `times` requests of `step`.
    pub fn times(step: &str, times: u32, then: Then) -> Self {
        Self { step: step.to_owned(), times: Some(times), path_contains: None, then }
    }

    /// `then` happens to every request of `step` until the faults are cleared.
    pub fn forever(step: &str, then: Then) -> Self {
        Self { step: step.to_owned(), times: None, path_contains: None, then }
    }

    /// The same, only for requests whose path contains `text`.
    pub fn on(self, text: &str) -> Self {
        Self { path_contains: Some(text.to_owned()), ..self }
    }
}

impl Then {
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

/// The faults scripted for one simulator. Cloning gives another handle to the same list.
#[derive(Clone, Debug)]
pub struct Faults {
    steps: &'static [&'static str],
    script: Script<Fault>,
}

impl Faults {
    /// No faults yet, for a simulator with these steps.
    pub fn new(steps: &'static [&'static str]) -> Self {
        Self { steps, script: Script::new() }
    }

    /// Adds a fault behind those already scripted; of several that fit a request, the oldest
    /// happens.
    pub fn add(&self, fault: Fault) -> Result<(), Unscriptable> {
        if !self.steps.contains(&fault.step.as_str()) {
            return Err(Unscriptable::UnknownStep(fault.step, self.steps.join(", ")));
        }
        spoil::instead(&fault.then)?;
        self.script.add(fault);
        Ok(())
    }

    /// Forgets every fault.
    pub fn clear(&self) {
        self.script.clear();
    }

    /// What is still to happen, oldest first.
    pub fn pending(&self) -> Vec<Fault> {
        self.script.pending()
    }

    /// `POST`, `GET` and `DELETE /_simulator/faults`: add one, list them, clear them.
    pub fn router(&self) -> Router {
        let faults = self.clone();
        self.script.router("/_simulator/faults", move |fault| faults.add(fault))
    }

    /// Answers a request of `step` with `work`, or with the next fault that fits.
    pub async fn around(
        &self,
        step: &str,
        path: &str,
        work: impl Future<Output = Response>,
    ) -> Response {
        let Some(then) = self.take(step, path) else { return work.await };
        match spoil::instead(&then) {
            Ok(Some(response)) => response,
            _ => spoil::after(work.await, then).await,
        }
    }

    fn take(&self, step: &str, path: &str) -> Option<Then> {
        let fits = |fault: &Fault| {
            fault.path_contains.as_ref().is_none_or(|text| path.contains(text.as_str()))
        };
        self.script.take(|fault| fault.step == step && fits(fault)).map(|fault| fault.then)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_fault_that_fits_happens_as_often_as_it_says() {
        let faults = Faults::new(&["a", "b"]);
        faults.add(Fault::times("a", 2, Then::CloseBefore)).unwrap();
        faults.add(Fault::once("a", Then::EndlessBody).on("/x/")).unwrap();
        assert_eq!(faults.take("b", "/x/"), None);
        assert_eq!(faults.take("a", "/x/"), Some(Then::CloseBefore));
        assert_eq!(faults.take("a", "/y/"), Some(Then::CloseBefore));
        assert_eq!(faults.take("a", "/y/"), None);
        assert_eq!(faults.take("a", "/x/"), Some(Then::EndlessBody));
        assert!(faults.pending().is_empty());
    }

    #[test]
    fn a_fault_survives_json() {
        let fault = Fault::once("a", Then::answer(429, r#"{"detail":"slow down"}"#)).on("/x/");
        let text = serde_json::to_string(&fault).unwrap();
        assert_eq!(serde_json::from_str::<Fault>(&text).unwrap(), fault);
    }
}
