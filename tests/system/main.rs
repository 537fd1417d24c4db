//! The whole system, driven as its users drive it: over HTTP, on the local system, with the functions that are deployed.
#![expect(clippy::unwrap_used, reason = "what the tests share stops a test as the test itself would")]

mod accounts;
mod asking;
mod audit;
mod authentication;
mod callers;
mod events;
mod failures;
mod guides;
mod http;
mod idempotency;
mod input;
mod jobs;
mod killed;
mod limits;
mod listing;
mod logs;
mod lost;
mod metrics;
mod models;
mod models_api;
mod money;
mod process;
mod reader;
mod readme;
mod restart;
mod roles;
mod routes;
mod sandbox;
mod secrets;
mod stage;
mod tables;
mod tenancy;
mod traces;
mod transfer;
mod tree;
