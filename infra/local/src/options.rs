//! What the local system is started with.

use crate::Now;
use crate::place::{Data, Ports};
use crate::system::unseen;
use ghub::metrics::Metrics;
use ghub::outbound::Gate;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

/// How quickly videos are rendered and jobs are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As at the providers: a Kling video takes two minutes, looked at every 15 s.
    Usual,
    /// A second, looked at every second, without the batching window.
    Fast,
}

pub struct Options {
    pub ports: Ports,
    /// Where the data is.
    pub data: Data,
    pub pace: Pace,
    /// Whether the API is served; without it `cargo lambda watch` can serve it.
    pub api: bool,
    /// Values of the template's parameters; a `SupabaseUrl` among them means the real one, and no
    /// simulator.
    pub parameters: BTreeMap<String, String>,
    /// The operator's secrets, by variable; `FAL_KEY` and `GOOGLE_SERVICE_ACCOUNT` among them mean
    /// the real ones, and no simulator. An empty one means that the provider is not there at all.
    pub secrets: BTreeMap<String, String>,
    /// The wall clock of everything.
    pub now: Now,
    /// Where the functions' outbound calls can be observed or failed.
    pub gate: Option<Arc<dyn Gate>>,
    /// Where what they count and measure goes.
    pub metrics: Metrics,
}

impl Options {
    /// For tests: free ports, in memory, fast, simulated, on the system's clock.
    pub fn test() -> Self {
        Self {
            ports: Ports::Free,
            data: Data::Memory,
            pace: Pace::Fast,
            api: true,
            parameters: BTreeMap::new(),
            secrets: BTreeMap::new(),
            now: Arc::new(SystemTime::now),
            gate: None,
            metrics: unseen(),
        }
    }
}
