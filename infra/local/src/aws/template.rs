//! The deployed system as the local one needs to know it: `template.yaml`, read into values.
//!
//! Tables, queues, functions and what wakes them are built locally from these values, so that the
//! two cannot drift apart. This module knows the template and nothing of what is built from it.
//! [`sam`] knows what SAM and CloudFormation call things, [`document`] knows YAML, [`at`] how to
//! look into it; `rules` holds what must be true of every edit of the template.

mod at;
mod document;
#[cfg(test)]
mod rules;
mod sam;
mod setting;

pub use document::Unreadable;
pub use setting::Setting;

use std::sync::LazyLock;

const TEMPLATE: &str = include_str!("../../../../template.yaml");

/// What the template declares, each list in the order of the logical ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What an operator sets.
    pub parameters: Vec<Parameter>,
    pub tables: Vec<Table>,
    /// The SQS queues, those for dead letters among them.
    pub queues: Vec<Queue>,
    pub functions: Vec<Function>,
    pub roles: Vec<Role>,
    pub apis: Vec<Api>,
    /// What the operator is told of.
    pub alarms: Vec<Alarm>,
    /// The dashboards: the logical id, and the text that CloudWatch gets, with its
    /// `${…}`.
    pub dashboards: Vec<(String, String)>,
    /// The metrics that CloudWatch makes of log lines, by name; none of them has dimensions.
    pub log_metrics: Vec<String>,
}

impl Template {
    /// The template of this build. A process parses it once, since each system of a test reads it.
    pub fn read() -> Self {
        static READ: LazyLock<Template> = LazyLock::new(|| {
            Template::parse(TEMPLATE).expect("template.yaml is compiled in, and a test reads it")
        });
        READ.clone()
    }

    /// Reads a template's text. Errors name the resource and what is missing in it.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        sam::read(&document::long_form(text)?)
    }

    /// The default of a parameter, if there is such a parameter and it has one.
    pub fn default_of(&self, parameter: &str) -> Option<&str> {
        self.parameters.iter().find(|p| p.name == parameter)?.default.as_deref()
    }
}

/// A parameter of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    /// What it is when the operator sets nothing; none means that it must be set.
    pub default: Option<String>,
    /// Whether CloudFormation hides it.
    pub secret: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its logical id; the deployed name is made of it.
    pub logical_id: String,
    /// Which items share a partition.
    pub partition_key: Attribute,
    /// What tells the items of a partition apart; none means one item each.
    pub sort_key: Option<Attribute>,
    /// Its global secondary indexes.
    pub global_indexes: Vec<Index>,
    /// Its local secondary indexes.
    pub local_indexes: Vec<Index>,
    /// The attribute that says when an item may go, in Unix seconds.
    pub ttl: Option<String>,
    /// Whether it outlives the stack, and a replacement by an update.
    pub retained: bool,
    /// Whether it can be restored to an earlier second.
    pub point_in_time_recovery: bool,
    /// Whether deleting it is refused.
    pub deletion_protected: bool,
    /// Whether it is paid by request, with no capacity to run out of.
    pub on_demand: bool,
}

/// An index of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name, as queries give it.
    pub name: String,
    pub partition_key: Attribute,
    pub sort_key: Option<Attribute>,
    /// What of an item it carries: `ALL`, `KEYS_ONLY` or `INCLUDE`.
    pub projection: String,
}

/// An attribute that is part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name in the item.
    pub name: String,
    /// DynamoDB's letter for its type: `S`, `N` or `B`.
    pub kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its logical id; the deployed name is made of it.
    pub logical_id: String,
    /// How long a received message stays hidden from others.
    pub visibility_s: u32,
    /// How long every message waits before it is first seen.
    pub delay_s: u32,
    /// How long a message is kept.
    pub retention_s: u32,
    /// Where a message goes that was received too often.
    pub dead_letter: Option<DeadLetter>,
}

/// Where a queue's hopeless messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The logical id of that queue.
    pub queue: String,
    /// How often a message is received before it goes there.
    pub max_receive_count: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    pub logical_id: String,
    /// The name of its stage.
    pub stage: String,
    /// What a route without an entry of its own takes.
    pub default_limit: Limit,
    /// What other routes take, by their keys: `POST /v1/videos/generations`, `$default`.
    pub route_limits: Vec<(String, Limit)>,
    /// For how long it keeps a line for each request; none means that it writes none, or for ever.
    pub access_log_days: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub logical_id: String,
    /// The parameter with the policy that it cannot go beyond, where the operator names one.
    pub boundary: Option<String>,
}

/// How many requests API Gateway lets through on one route, for all callers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many a second; none means what AWS then takes, which may be 0.
    pub requests_per_s: Option<u32>,
    /// How many at once; none as above.
    pub burst: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub logical_id: String,
    pub description: String,
    /// Whether it notifies, and its end does too.
    pub tells: bool,
    /// The metrics of our own that it watches, each with the names of its dimensions.
    pub metrics: Vec<(String, Vec<String>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    pub logical_id: String,
    /// The directory under `functions/`, which is the crate's name and the binary's.
    pub name: String,
    /// How long an invocation may take.
    pub timeout_s: u32,
    /// Its memory, and with it its share of a processor.
    pub memory_mb: u32,
    /// Its environment, by name.
    pub environment: Vec<(String, Setting)>,
    pub triggers: Vec<Trigger>,
    /// How many of it may run at once, of what the account may run, where the operator reserves
    /// some.
    pub reserved_concurrency: Option<u32>,
    /// Whether Lambda lets it wake itself through a queue again and again.
    pub may_recurse: bool,
    /// The logical id of its role.
    pub role: Option<String>,
    /// What that role may do.
    pub permissions: Vec<Permission>,
    /// Policies whose text is not in the template: named in the role, or templates of SAM's.
    pub foreign_policies: Vec<String>,
    /// What it runs on: Lambda's name of the system, and of the processor.
    pub platform: (String, String),
    /// Whether its log lines are JSON.
    pub logs_json: bool,
    /// The least that Lambda itself logs, as `WARN`.
    pub platform_log_level: Option<String>,
    /// The logical id of the log group that they go to.
    pub log_group: Option<String>,
    /// For how long they are kept; none means for ever.
    pub log_retention_days: Option<u32>,
}

/// What wakes a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A request with this method on this path, whose `{…}` are path parameters.
    Http {
        /// The method, in capitals.
        method: String,
        /// The path, from `/v1` on.
        path: String,
    },
    /// A request that no other route takes.
    Default,
    /// Messages of a queue.
    Queue {
        /// The queue's logical id.
        queue: String,
        /// How many messages one invocation gets at most.
        batch_size: u32,
        /// How long to wait for a fuller batch.
        window_s: u32,
        /// How many invocations run at once at most; none means no limit of its own.
        concurrency: Option<u32>,
        /// Whether the function says which messages failed; if not, what it says is ignored.
        report_batch_item_failures: bool,
    },
    Schedule {
        /// From one time to the next.
        every_s: u32,
    },
}

/// What a role allows: each of the actions on each of the resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// As IAM writes them: `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// The resources, by what names them.
    pub resources: Vec<Setting>,
    /// The only attributes of an item that a request may touch, where the statement names them;
    /// without them all.
    pub attributes: Option<Vec<String>>,
}
