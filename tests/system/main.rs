//! The whole system, driven as its users drive it: over HTTP, on the local system, with the functions that are deployed.

mod audit;
mod http;
mod jobs;
mod money;
mod process;
mod restart;
mod stage;
mod transfer;
