//! What AWS does with the template: DynamoDB, SQS, Secrets Manager, the mappings from queues to
//! functions, the schedule, API Gateway, and Lambda itself, which gives each function its
//! environment and calls it with event JSON. Each module says where it lies.

pub mod dynamodb;
pub mod environment;
pub mod functions;
pub mod gateway;
pub mod mapping;
pub mod queues;
pub mod secrets_manager;
pub mod sqs;
pub mod template;

pub(crate) mod schedule;
