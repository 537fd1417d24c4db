//! What GeekHub Video's functions share: the shell around `ghub-core`, whose rooms it hands on. The
//! shell touches the world only through [`world::World`]: the environment, the clock and
//! randomness, and one sender of everything outbound.

pub use ghub_core::{
    account, actor, adapter, audit, catalog, decimal, error, failure, foreign_text, id, job, money,
    mp4, nearness, order, pricing, provider, status, terms, time,
};

pub mod ambient;
pub mod auth;
pub mod aws;
pub mod cancellation;
pub mod checking;
pub mod config;
pub mod download;
pub mod env_file;
#[cfg(test)]
#[path = "../core/src/fixtures.rs"]
mod fixtures;
pub mod http;
pub mod lifetime;
pub mod metrics;
pub mod onboarding;
pub mod outbound;
pub mod queue;
pub mod secrets;
pub mod sender;
pub mod storage;
pub mod store;
pub mod submission;
pub mod telemetry;
pub mod world;
