//! DynamoDB: the only writer of jobs, accounts, ledger entries and keys.
//!
//! A job is written on the condition that its revision is the one that was read, and a write leaves
//! attributes that it does not know as they are. A write that moves money carries the account and
//! the ledger in the same transaction. Every write may be repeated: when its answer was lost, the
//! item that then fails the condition is our own, and that counts as written.

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
pub use idempotency::Idempotency;
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

/// The tables, each named by a variable so that a function knows only those that it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    /// `TABLE_JOBS`.
    Jobs,
    /// `TABLE_ACCOUNTS`.
    Accounts,
    /// `TABLE_LEDGER`.
    Ledger,
    /// `TABLE_KEYS`.
    Keys,
    /// `TABLE_IDEMPOTENCY`.
    Idempotency,
}

impl Table {
    /// The variable that holds the table's name.
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

/// The tables that a function uses.
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
    /// A store over these tables; each one's variable must be set.
    pub fn new(world: &World, aws: &SdkConfig, tables: &[Table]) -> Result<Self, ConfigError> {
        // Retries are decided here, by what failed, and not by the SDK: it does not know conflicts
        // between transactions.
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

    /// The same store, trying for this long where 4 s are too few: what it writes cannot be learnt
    /// again.
    pub fn trying_for(&self, budget: Duration) -> Self {
        Self { budget, ..self.clone() }
    }

    /// The same store, for what a person does by hand: whatever they set, post, make or revoke
    /// through it carries their name. Functions have no such name.
    pub fn acting_as(&self, actor: &Actor) -> Self {
        Self { actor: Some(actor.clone()), ..self.clone() }
    }

    /// What is kept of a change by hand: who makes it now, if a person does.
    fn deed(&self) -> Option<Deed> {
        self.actor.clone().map(|by| Deed { by, at: self.ambient.now() })
    }

    fn table(&self, table: Table) -> &str {
        // a table that was not asked for is refused by DynamoDB by its empty name
        self.names.get(&table).map_or("", String::as_str)
    }
}
