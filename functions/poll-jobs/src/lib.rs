//! Carries open jobs through their providers, ten messages at a time.
//!
//! 1. Take the turn of each message's job, by a conditional write.
//! 2. Queue the next look at every job whose turn was taken, in one batch.
//! 3. Act on each of those jobs.
//!
//! If the function dies in the third step, the messages of the second step bring the jobs back.

mod act;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::future::join_all;
use ghub::ambient::Ambient;
use ghub::aws::{connect, sdk_config};
use ghub::checking::Checker;
use ghub::config::ConfigError;
use ghub::error::{BoxError, causes};
use ghub::id::JobKey;
use ghub::job::{Job, Processing, State};
use ghub::lifetime::Lifetime;
use ghub::queue::Queue;
use ghub::sender::ProviderSender;
use ghub::store::{Store, Table, Written};
use ghub::submission::Submitter;
use ghub::telemetry;
use ghub::world::World;
use std::time::Duration;

/// The function's timeout in the template. A submission and its record have to fit in.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// SQS takes a batch in 20 ms; the rest of the function's time is for the providers.
const REARMING: Duration = Duration::from_secs(3);

/// The function, with what it needs.
#[derive(Debug)]
pub struct PollJobs {
    ambient: Ambient,
    submitter: Submitter,
    checker: Checker,
    store: Store,
    poll_queue: Queue,
    store_queue: Queue,
}

impl PollJobs {
    /// Reads the environment and the secrets; the start stops at the first that is missing or
    /// wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let store = Store::new(world, &aws, &[Table::Jobs, Table::Accounts])?;
        let providers = world.env.providers()?;
        let (sender, ()) =
            tokio::join!(ProviderSender::new(world, &aws), connect(world, Vec::new()));
        let (sender, ambient) = (sender?, &world.ambient);
        let poll_queue = Queue::new(world, &aws, "POLL_QUEUE_URL")?;
        let store_queue = Queue::new(world, &aws, "STORE_QUEUE_URL")?;
        Ok(Self {
            ambient: ambient.clone(),
            submitter: Submitter::new(&providers, &sender, &store, &poll_queue, ambient),
            checker: Checker::new(&providers, &sender, &store, &store_queue, ambient),
            poll_queue,
            store_queue,
            store,
        })
    }

    /// Works a batch concurrently. Only a message that cannot be read, or our own store or queue,
    /// makes an item fail; trouble at a provider re-arms the job and acknowledges the message.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        let lifetime = Lifetime::of(TIMEOUT);
        let turns = join_all(event.records.iter().map(|record| self.turn(record))).await;
        self.queue_next_looks(turns.iter().flatten()).await;
        let outcomes =
            join_all(turns.into_iter().map(async |turn| self.act(turn?, lifetime).await)).await;

        let mut response = SqsBatchResponse::default();
        for (record, outcome) in event.records.iter().zip(outcomes) {
            if let Err(error) = outcome {
                tracing::error!(
                    message.id = record.message_id,
                    error = causes(error.as_ref()),
                    "the message failed"
                );
                response.add_failure(record.message_id.clone().unwrap_or_default());
            }
        }
        response
    }

    /// Takes the job's turn. If another worker has it, there is nothing to do.
    async fn turn(&self, record: &SqsMessage) -> Result<Turn, BoxError> {
        let message: JobKey = serde_json::from_str(record.body.as_deref().unwrap_or_default())?;
        let Some(job) = self.store.job(message.org, message.job).await? else {
            return Ok(Turn::Nobodys);
        };
        let now = self.ambient.now();
        let cadence = job.cadence(now);
        match job.state() {
            _ if !job.is_due(now) => Ok(Turn::Nobodys),
            State::Processing(Processing { file: Some(_), .. }) => Ok(Turn::Store(job)),
            State::Pending { lease_until: None } if job.deadline_passed(now).is_none() => {
                let leased = telemetry::applied(job.clone().leased(now), "leased");
                let without = telemetry::applied(job.again_in(now, cadence), "again_in");
                let (Some(leased), Some(without)) = (leased, without) else {
                    return Ok(Turn::Nobodys);
                };
                Ok(Turn::unless_overtaken(
                    self.store.lease(&leased, &without).await?,
                    Turn::Submit(leased),
                ))
            }
            _ => {
                // while a provider is away, its jobs do not ask in step
                let length = self.ambient.varied(cadence);
                let Some(taken) = telemetry::applied(job.turn(now, length), "turn") else {
                    return Ok(Turn::Nobodys);
                };
                Ok(Turn::unless_overtaken(self.store.write(&taken).await?, Turn::Look(taken)))
            }
        }
    }

    /// Queues the next look at each job for the moment its turn ends. A message that is not taken
    /// is made up for by the sweep.
    async fn queue_next_looks(&self, turns: impl Iterator<Item = &Turn>) {
        let now = self.ambient.now();
        let messages: Vec<_> = turns
            .filter_map(|turn| match turn {
                Turn::Submit(job) | Turn::Look(job) => Some((job.key(), job.due().since(now))),
                Turn::Store(_) | Turn::Nobodys => None,
            })
            .collect();
        match tokio::time::timeout(REARMING, self.poll_queue.send_all(&messages)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(
                    error = causes(&error),
                    "not all jobs were queued again; the sweep finds them"
                )
            }
            Err(_) => {
                tracing::error!("the queue took too long; the sweep finds what was not queued")
            }
        }
    }
}

/// What a message turned out to be for.
#[derive(Debug)]
enum Turn {
    /// The job is pending and its lease is ours: send it.
    Submit(Job),
    /// Its turn is ours: see how it stands.
    Look(Job),
    /// The provider has named the finished file: the rest is `store-video`'s, which takes the turn
    /// itself.
    Store(Job),
    /// The job is over, or another worker has its turn.
    Nobodys,
}

impl Turn {
    fn unless_overtaken(written: Written, turn: Self) -> Self {
        match written {
            Written::Done => turn,
            Written::Overtaken => Self::Nobodys,
        }
    }
}
