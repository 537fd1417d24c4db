//! The facts about a job at its provider. They stay on the job after its end: an operator needs
//! them to ask the provider about a billed render. Callers are not shown them.

use super::{Job, Processing, State};
use crate::adapter::Handle;
use crate::time::Timestamp;

/// How a job went at its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The provider's id of the job.
    pub handle: Handle,
    /// When the provider took it.
    pub submitted: Timestamp,
    /// When a look first saw it render.
    pub rendering_since: Option<Timestamp>,
    /// When the provider named the finished file. The file's address is not kept after the job's
    /// end: it is useless then, and may be signed.
    pub file_found: Option<Timestamp>,
}

impl Job {
    /// The facts about the job at its provider. `None` if the provider is not known to have taken
    /// it.
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
