//! What AWS does with the template. It has DynamoDB, SQS and Secrets Manager, the mappings from
//! queues to functions, the schedule, and API Gateway. Lambda gives each function its environment
//! and calls it with event JSON. Each module says where it differs from AWS.

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
