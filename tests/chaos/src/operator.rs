//! The operator who cancels an order's job, with the code behind `cargo admin job fail`. Each
//! attempt is a process of its own, which can die at every step.

use crate::order::Order;
use crate::stage::Stage;
use ghub::aws::sdk_config;
use ghub::cancellation::{Cancellation, Canceller};
use ghub::checking::Checker;
use ghub::error::BoxError;
use ghub::failure::{Failure, FailureCode};
use ghub::id::{JobId, OrgId};
use ghub::lifetime::Lifetime;
use ghub::queue::Queue;
use ghub::sender::ProviderSender;
use ghub::store::{Store, Table};
use ghub::time::Timestamp;
use ghub::world::World;
use std::time::Duration;
use tokio::time::Instant;

/// The name of the operator's process among the functions.
pub const NAME: &str = "cancel";
/// How long the operator tries again. The longest turn, that of a transfer, takes five and a half
/// minutes, and several workers may die in one.
pub const PATIENCE: Duration = Duration::from_secs(60 * 60);
/// The wait after no answer, or after "try again".
pub const AGAIN: Duration = Duration::from_secs(5);
/// A turn opens at a whole second. The operator comes a moment later, before the poller's message,
/// which comes when the job is due.
const MOMENT: Duration = Duration::from_millis(200);

/// The time of one process: three exchanges of 10 s with a provider, and the writes around them.
const ATTEMPT: Duration = Duration::from_secs(60);

/// Cancels an order's job until it is final or being stored. Returns the answers that came.
pub async fn cancel(stage: &Stage, order: &Order, job: &str) -> Vec<Cancellation> {
    let (org, job) =
        (stage.callers[order.caller].org, job.parse().expect("callers are told real ids"));
    let (end, mut told) = (Instant::now() + PATIENCE, Vec::new());
    while Instant::now() < end {
        // The poller does the same at a deadline, so its environment has all that is needed.
        let world = stage.lambda.world("poll-jobs");
        let wait = match stage
            .lambda
            .invocation(NAME, vec![order.number], attempt(&world, org, job))
            .await
        {
            Some(Ok((heard, opens))) => {
                told.push(heard);
                match told.last() {
                    Some(Cancellation::NotDue | Cancellation::Overtaken) => {
                        opens.since(world.ambient.now()) + MOMENT
                    }
                    Some(Cancellation::NoAnswer) => AGAIN,
                    _ => break,
                }
            }
            Some(Err(_)) | None => AGAIN,
        };
        tokio::time::sleep(wait).await;
    }
    told
}

/// Runs one process. Returns its answer, and when the job's turn opens, as it read it.
async fn attempt(
    world: &World,
    org: OrgId,
    job: JobId,
) -> Result<(Cancellation, Timestamp), BoxError> {
    let (aws, ambient) = (sdk_config(world)?, &world.ambient);
    let store = Store::new(world, &aws, &[Table::Jobs, Table::Accounts])?;
    let (store_queue, poll_queue) =
        (Queue::new(world, &aws, "STORE_QUEUE_URL")?, Queue::new(world, &aws, "POLL_QUEUE_URL")?);
    let sender = ProviderSender::new(world, &aws).await?;
    let checker = Checker::new(&world.env.providers()?, &sender, &store, &store_queue, ambient);
    let job = store.job(org, job).await?.ok_or("an accepted job is gone")?;
    let (opens, failure) =
        (job.turn_opens(), Failure::new(FailureCode::Cancelled, "cancelled by its owner"));
    let lifetime = Lifetime::of(ATTEMPT);
    let told = Canceller::new(&checker, &store, &poll_queue, ambient)
        .cancel(job, failure, false, lifetime)
        .await?;
    Ok((told, opens))
}
