//! Finds open jobs that no worker looked at when they were due, because a message was lost or its
//! worker died. It queues a look at each. It writes nothing, and `poll-jobs` reads each job again
//! before it acts.

use futures::future::join_all;
use ghub::aws::sdk_config;
use ghub::config::ConfigError;
use ghub::error::BoxError;
use ghub::id::JobKey;
use ghub::queue::Queue;
use ghub::store::{SHARDS, Store, Table};
use ghub::world::World;
use serde::Serialize;
use std::time::Duration;

/// A job is overdue when its message should have come half a minute ago: queues deliver a little
/// late, and that is no loss.
const GRACE: Duration = Duration::from_secs(30);
/// The most jobs taken from a shard in one sweep: 4,000 in all, which the poller works off before
/// the next one.
const MOST_PER_SHARD: i32 = 250;

/// The function, with what it needs.
#[derive(Debug)]
pub struct SweepJobs {
    world: World,
    store: Store,
    queue: Queue,
}

/// What a sweep found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Jobs that were overdue and are queued again.
    pub overdue: usize,
}

impl SweepJobs {
    /// Reads the environment; the start stops at the first variable that is missing or wrong.
    pub fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        Ok(Self {
            world: world.clone(),
            store: Store::new(world, &aws, &[Table::Jobs])?,
            queue: Queue::new(world, &aws, "POLL_QUEUE_URL")?,
        })
    }

    /// Sweeps once. The jobs of the shards that answer are queued first. After that, the error of a
    /// shard that did not answer fails the invocation. The next sweep finds the same jobs.
    pub async fn handle(&self) -> Result<Swept, BoxError> {
        let before = self.world.ambient.now().before(GRACE);
        let shards =
            join_all(SHARDS.map(|shard| self.store.overdue(shard, before, MOST_PER_SHARD))).await;
        let found = shards.iter().flatten().flatten();
        let messages: Vec<(JobKey, Duration)> =
            found.map(|message| (*message, Duration::ZERO)).collect();
        // Counted before they are sent: a queue that refuses them must not hide that they are
        // overdue.
        self.world.metrics.overdue(messages.len());
        tracing::info!(overdue = messages.len(), "swept");
        self.queue.send_all(&messages).await?;
        match shards.into_iter().find_map(Result::err) {
            Some(unanswered) => Err(unanswered.into()),
            None => Ok(Swept { overdue: messages.len() }),
        }
    }
}
