//! What a function is handed from outside: its environment, the time, randomness and the network.
//! Tests and the local system hand in their own.

use crate::ambient::Ambient;
use crate::config::Env;
use crate::metrics::Metrics;
use crate::outbound::Outbound;

/// Everything from outside, cheap to clone.
#[derive(Debug, Clone)]
pub struct World {
    pub env: Env,
    pub ambient: Ambient,
    pub outbound: Outbound,
    /// What is counted and measured.
    pub metrics: Metrics,
}

impl World {
    /// The process's own environment, the system's clock and entropy, the real network.
    pub fn process() -> Self {
        let (env, ambient) = (Env::process(), Ambient::system());
        Self {
            metrics: Metrics::on_stdout(&env, &ambient),
            env,
            ambient,
            outbound: Outbound::network(),
        }
    }
}
