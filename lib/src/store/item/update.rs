//! The update that writes a moved job, attribute by attribute. DynamoDB keeps every attribute that
//! the update does not name. During a deployment two versions of a function write the same items,
//! so an attribute of the other version survives.

use super::from_job;
use crate::error::BoxError;
use crate::job::{Job, State};
use crate::terms::Terms;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// The attributes that a move can change. Those that the moved job no longer has are removed.
const MOVING: [&str; 23] = [
    "input",
    "write",
    "revision",
    "status",
    "due",
    "open",
    "lease_until",
    "submitted",
    "rendering_since",
    "over_since",
    "stop_requested",
    "trouble",
    "trouble_at",
    "trouble_count",
    "file_url",
    "file_found",
    "upload_url",
    "store_tried",
    "ended",
    "video_url",
    "deleted",
    "file_gone",
    "expires",
];

/// The maps that are written once. A later version may keep more in them, so the first value stays.
const ONCE: [&str; 3] = ["handle", "failure", "stop_failure"];

/// An update of one job item.
#[derive(Debug, Clone)]
pub(in crate::store) struct JobUpdate {
    pub(in crate::store) expression: String,
    pub(in crate::store) names: HashMap<String, String>,
    /// With `:read`, the revision in the condition.
    pub(in crate::store) values: HashMap<String, AttributeValue>,
}

impl JobUpdate {
    /// The condition of the update: the job still has the revision that was read.
    pub(in crate::store) const CONDITION: &str = "#revision = :read";

    /// The update from the revision before to this job. `write` is the id of the write.
    pub(in crate::store) fn of(job: &Job, write: &str) -> Result<Self, BoxError> {
        let mut item = from_job(job, write)?;
        let mut update = Parts::default();
        for name in MOVING {
            update.becomes(name, item.remove(name));
        }
        for name in ONCE {
            update.once(name, item.remove(name));
        }
        if job.deletion().is_some() {
            for name in Terms::ERASED.into_iter().filter(|name| !MOVING.contains(name)) {
                update.becomes(name, item.remove(name));
            }
            if let State::Failed { failure, .. } = job.state() {
                update.erase_message(&failure.message);
            }
        }
        update
            .values
            .insert(":read".to_owned(), AttributeValue::N((job.revision() - 1).to_string()));
        Ok(update.into_update())
    }
}

#[derive(Default)]
struct Parts {
    set: Vec<String>,
    remove: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Parts {
    fn becomes(&mut self, name: &str, value: Option<AttributeValue>) {
        self.names.insert(format!("#{name}"), name.to_owned());
        match value {
            Some(value) => {
                self.set.push(format!("#{name} = :{name}"));
                self.values.insert(format!(":{name}"), value);
            }
            None => self.remove.push(format!("#{name}")),
        }
    }

    fn once(&mut self, name: &str, value: Option<AttributeValue>) {
        if let Some(value) = value {
            self.names.insert(format!("#{name}"), name.to_owned());
            self.set.push(format!("#{name} = if_not_exists(#{name}, :{name})"));
            self.values.insert(format!(":{name}"), value);
        }
    }

    /// Empties the message of a failure and keeps the rest of the map. Two clauses of one update
    /// may not overlap, so this clause replaces that of the whole map. The map is there: a deleted
    /// job had failed before.
    fn erase_message(&mut self, message: &str) {
        self.set.retain(|clause| !clause.starts_with("#failure "));
        self.values.remove(":failure");
        self.names.insert("#failure".to_owned(), "failure".to_owned());
        self.names.insert("#message".to_owned(), "message".to_owned());
        self.set.push("#failure.#message = :message".to_owned());
        self.values.insert(":message".to_owned(), AttributeValue::S(message.to_owned()));
    }

    fn into_update(self) -> JobUpdate {
        let Self { set, remove, names, values } = self;
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression.push_str(&format!(" REMOVE {}", remove.join(", ")));
        }
        JobUpdate { expression, names, values }
    }
}
