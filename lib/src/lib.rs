//! What GeekHub Video's functions share.
//!
//! The pure core (`decimal`, `money`, `pricing`, `catalog`, `job`, `account`, `actor`, `audit`,
//! `error`, `foreign_text`, `id`, `time`, `mp4`, `provider`) takes values and returns values. The
//! shell around it touches the world, and touches it only through [`world::World`]: the
//! environment, the clock and randomness, and one sender of everything outbound.

pub mod account;
pub mod actor;
pub mod adapter;
pub mod audit;
pub mod catalog;
pub mod decimal;
pub mod error;
pub mod failure;
#[cfg(test)]
mod fixtures;
pub mod foreign_text;
pub mod id;
pub mod job;
pub mod money;
pub mod mp4;
pub mod order;
pub mod pricing;
pub mod provider;
pub mod status;
pub mod terms;
pub mod time;

pub mod ambient;
pub mod auth;
pub mod cancellation;
pub mod checking;
pub mod config;
pub mod download;
pub mod env_file;
pub mod http;
pub mod lifetime;
pub mod metrics;
pub mod onboarding;
pub mod outbound;
pub mod queue;
pub mod secrets;
pub mod storage;
pub mod store;
pub mod submission;
pub mod telemetry;
pub mod world;
