//! What is known of a job's time at its provider, while it is there and ever after: an operator who
//! asks the provider about a render that was billed has to name it. Callers are shown none of it.

use super::{Job, Processing, State};
use crate::adapter::Handle;
use crate::time::Timestamp;

/// How a job went at its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What the provider calls it.
    pub handle: Handle,
    /// When the provider took it.
    pub submitted: Timestamp,
    /// When it was first seen being rendered.
    pub rendering_since: Option<Timestamp>,
    /// When the provider named the finished file. Where that was is forgotten with the job's end:
    /// it is no use, and may be signed.
    pub file_found: Option<Timestamp>,
}

impl Job {
    /// How it goes at its provider, or went; none if that never took it, as far as is known.
    pub fn trace(&self) -> Option<Trace> {
        match &self.state {
            State::Pending { .. } => None,
            State::Processing(Processing { handle, submitted, rendering_since, file, .. }) => {
                Some(Trace {
                    handle: handle.clone(),
                    submitted: *submitted,
                    rendering_since: *rendering_since,
                    file_found: file.as_ref().map(|file| file.found),
                })
            }
            State::Completed { trace, .. } | State::Failed { trace, .. } => trace.clone(),
        }
    }
}
