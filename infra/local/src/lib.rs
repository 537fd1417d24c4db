//! The whole system on one machine, in one process: what `template.yaml` declares, built from the
//! template itself, around the same functions that are deployed.
//!
//! [`system`] starts and stops it. [`aws`] is what AWS does with the template, [`simulators`] is
//! the world outside: fal, Google and Supabase. What is on the wire is the real thing: the AWS JSON
//! protocols, fal's queue, Vertex AI, Supabase's uploads, API Gateway's payload 2.0.

#![expect(missing_docs, reason = "only this repository calls it, and most names say it")]

pub mod aws;
pub mod client;
pub mod demo;
pub mod options;
pub mod outside;
pub mod place;
pub mod simulators;
pub mod system;
pub mod terminal;

mod greeting;
mod identity;

pub use aws::{mapping, sqs, template};
pub use simulators::{fal, faults, google, supabase, video};

/// The wall clock, handed in.
pub type Now = std::sync::Arc<dyn Fn() -> std::time::SystemTime + Send + Sync>;
