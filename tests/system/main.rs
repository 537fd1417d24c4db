//! The whole system, driven as its users drive it: over HTTP, on the local system, with the
//! functions that are deployed.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share stops a test as the test itself would"
)]

mod accounts;
mod asking;
mod audit;
mod authentication;
mod callers;
mod cancelling;
mod catalog;
mod command_line;
mod credits;
mod deleting;
mod events;
mod failures;
mod generated;
mod guides;
mod http;
mod idempotency;
mod input;
mod jobs;
mod keys;
mod killed;
mod labels;
mod late;
mod leftovers;
mod limits;
mod listing;
mod logs;
mod lost;
mod metrics;
mod models;
mod models_api;
mod money;
mod openapi;
mod process;
mod provider_secrets;
mod rates;
mod raw;
mod reader;
mod readme;
mod restart;
mod roles;
mod routes;
mod sandbox;
mod secrets;
mod settles;
mod stage;
mod still;
mod tenancy;
mod traces;
mod transfer;
mod tree;
mod versions;
mod workflows;
