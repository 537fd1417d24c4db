//! The whole system on one machine, in one process: what `template.yaml` declares, built from the template itself, around the same
//! functions that are deployed.
//!
//! [`system`] starts and stops it. AWS's parts are `dynamodb`, `sqs`, `mapping`, `schedule`, `gateway` and `functions`; the outside
//! world is simulated by `fal`, `google` and `supabase`. What is on the wire is the real thing: the AWS JSON protocols, fal's queue, Supabase's
//! uploads, API Gateway's payload 2.0.

pub mod client;
pub mod demo;
pub mod fal;
pub mod faults;
pub mod google;
pub mod mapping;
pub mod place;
pub mod simulators;
pub mod sqs;
pub mod supabase;
pub mod system;
pub mod template;
pub mod video;

mod dates;
mod dynamodb;
mod environment;
mod functions;
mod gateway;
mod identity;
mod json_file;
mod output;
mod ranges;
mod renders;
mod schedule;
mod script;
mod seen;
mod shelf;
mod verdict;

/// The wall clock, handed in.
pub type Now = std::sync::Arc<dyn Fn() -> std::time::SystemTime + Send + Sync>;
