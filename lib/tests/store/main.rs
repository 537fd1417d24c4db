//! The store's contract, on an embedded DynamoDB with the template's tables:
//!
//! - each write has its condition,
//! - refusals are read in their order,
//! - a write whose answer was lost is one write.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share stops a test as the test itself would"
)]

use ghub::{adapter, catalog, failure, id, job, order, pricing, provider, terms, time};

mod accepting;
mod auditing;
mod by_hand;
mod daily;
mod dynamo;
#[path = "../../core/src/fixtures.rs"]
#[expect(dead_code, reason = "the core's own tests use more of it")]
mod fixtures;
mod keys;
mod leasing;
mod looking;
mod posting;
mod settings;
mod stage;
mod trouble;
mod unreadable;
mod versions;
mod voiding;
mod writing;
