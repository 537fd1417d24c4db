//! What is decided without the world: money, prices, orders, jobs, and what providers are asked and
//! answer. Everything here takes values and returns values. There is no clock, environment,
//! randomness, network or log: `clippy.toml` beside this crate refuses them.

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
pub mod nearness;
pub mod order;
pub mod pricing;
mod prompt;
pub mod provider;
pub mod status;
pub mod terms;
pub mod time;
