//! The whole system on one machine.
pub mod fal;
pub mod faults;
pub mod mapping;
pub mod sqs;
pub mod template;
pub mod video;

/// The wall clock, handed in.
pub type Now = std::sync::Arc<dyn Fn() -> std::time::SystemTime + Send + Sync>;
