//! The whole system, driven as its users drive it: over HTTP, on the local system, with the functions that are deployed.
#![expect(clippy::unwrap_used, reason = "what the tests share stops a test as the test itself would")]

mod audit;
mod events;
mod http;
mod jobs;
mod money;
mod process;
mod readme;
mod restart;
mod stage;
mod tables;
mod transfer;
mod tree;
