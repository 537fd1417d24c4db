//! The store: the only code that writes jobs, accounts, ledger entries and keys to DynamoDB.
//!
//! - A job is written on the condition that its `revision` is the one that was read. If two workers
//!   write, one of the writes fails.
//! - A write leaves the attributes that it does not know as they are.
//! - A write that moves money changes the job, the account and the ledger in one transaction.
//! - Every write is safe to repeat. If its answer is lost, the repeat fails on its condition, and
//!   DynamoDB returns the item. If that item is our own write, it counts as written.

mod accept;
mod account;
mod audit;
mod end;
mod error;
mod history;
mod hold;
mod idempotency;
mod item;
mod job;
mod key;
mod lease;
mod ledger;
mod listing;
mod page;
mod posting;
mod settings;
mod statement;

pub use accept::Accepted;
pub use audit::Audited;
pub use error::StoreError;
pub use history::{Found, Wanted};
pub use idempotency::{Idempotency, KnownKey};
pub use item::SHARDS;
pub use job::Written;
pub use key::{ApiKey, KeyHash};
pub use ledger::{Entry, EntryKind, LedgerLine, Posted, Refund};
pub use settings::{Description, Setting};
pub use statement::{Statement, Which};

use crate::actor::{Actor, Deed};
use crate::ambient::Ambient;
use crate::aws::SdkConfig;
use crate::config::ConfigError;
use crate::metrics::Metrics;
use crate::world::World;
use aws_sdk_dynamodb::Client;
use std::collections::HashMap;
use std::time::Duration;

/// The tables. A variable names each one, so a function knows only those that it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    Jobs,
    Accounts,
    Ledger,
    Keys,
    Idempotency,
}

impl Table {
    /// The environment variable that holds the table's name.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Jobs => "TABLE_JOBS",
            Self::Accounts => "TABLE_ACCOUNTS",
            Self::Ledger => "TABLE_LEDGER",
            Self::Keys => "TABLE_KEYS",
            Self::Idempotency => "TABLE_IDEMPOTENCY",
        }
    }
}

/// Access to the tables that a function uses.
#[derive(Debug, Clone)]
pub struct Store {
    db: Client,
    names: HashMap<Table, String>,
    ambient: Ambient,
    metrics: Metrics,
    budget: Duration,
    actor: Option<Actor>,
}

impl Store {
    /// Makes a store over these tables.
    ///
    /// # Errors
    ///
    /// If a table's variable is not set.
    pub fn new(world: &World, aws: &SdkConfig, tables: &[Table]) -> Result<Self, ConfigError> {
        // The store retries by itself (`error.rs`): the SDK does not know conflicts between
        // transactions.
        let mut config = aws_sdk_dynamodb::config::Builder::from(aws)
            .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled());
        if let Some(endpoint) = world.env.aws_endpoint("DYNAMODB") {
            config = config.endpoint_url(endpoint);
        }
        let names = tables
            .iter()
            .map(|table| Ok((*table, world.env.required(table.variable())?.to_owned())))
            .collect::<Result<_, ConfigError>>()?;
        Ok(Self {
            db: Client::from_conf(config.build()),
            names,
            ambient: world.ambient.clone(),
            metrics: world.metrics.clone(),
            budget: error::BUDGET,
            actor: None,
        })
    }

    /// The same store with another budget for each operation. For writes that must not be lost, 4 s
    /// are too few.
    pub fn trying_for(&self, budget: Duration) -> Self {
        Self { budget, ..self.clone() }
    }

    /// The same store for what a person does by hand. All that it sets, posts, makes or revokes
    /// carries the person's name. Functions have no such name.
    pub fn acting_as(&self, actor: &Actor) -> Self {
        Self { actor: Some(actor.clone()), ..self.clone() }
    }

    /// The person who makes a change by hand, and when.
    fn deed(&self) -> Option<Deed> {
        self.actor.clone().map(|by| Deed { by, at: self.ambient.now() })
    }

    fn table(&self, table: Table) -> &str {
        // DynamoDB refuses the empty name of a table that is not in the list.
        self.names.get(&table).map_or("", String::as_str)
    }
}
