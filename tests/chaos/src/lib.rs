//! The fault harness: the real functions on the parts of the local system, in one thread, on
//! virtual time, without a socket.
//!
//! Every outbound call passes a [`turnstile`]. A seed decides there in which order the calls go on,
//! and which fault each meets. The same seed gives the same run.
//!
//! - [`exhaustive`] tries every step with every fault.
//! - [`random`] draws schedules for thousands of jobs.
//! - [`situations`] are those that have a name.
//! - [`sabotage`] takes a defence out, to see that its absence is found.

pub mod alike;
pub mod answer;
pub mod aside;
pub mod attempts;
pub mod clock;
pub mod deliveries;
pub mod dynamodb;
pub mod exhaustive;
pub mod fault;
pub mod hunt;
pub mod invariants;
pub mod lag;
pub mod lambda;
pub mod logs;
pub mod network;
pub mod operator;
pub mod order;
pub mod outages;
pub mod owner;
pub mod parts;
pub mod paths;
pub mod random;
pub mod record;
pub mod run;
pub mod sabotage;
pub mod schedule;
pub mod scorecard;
pub mod scratch;
pub mod situations;
pub mod stage;
pub mod step;
pub mod stranger;
pub mod triggers;
pub mod turnstile;
pub mod verdict;
pub mod video;
pub mod witness;
pub mod workers;
