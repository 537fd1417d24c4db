//! Copies a finished video into storage, then charges. Every step may run twice with the same
//! result. The path of the file is fixed, and an upload replaces the one before. The charge is one
//! transaction, on the condition that no other worker has moved the job.
//!
//! Messages come by two queues. `StoreQueue` brings first attempts, which get little time. An
//! attempt that did not end goes on by `StoreAgainQueue`. That queue has places of its own, so a
//! slow file host takes none from other jobs.

mod leftovers;
mod source;
#[cfg(test)]
mod tests;
mod transfer;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use ghub::adapter::{Handle, Providers};
use ghub::ambient::Ambient;
use ghub::aws::{connect, sdk_config};
use ghub::config::ConfigError;
use ghub::download::Downloads;
use ghub::error::{BoxError, causes};
use ghub::failure::{Failure, FailureCode};
use ghub::id::JobKey;
use ghub::job::{File, Job, Moved, Processing, State};
use ghub::metrics::Metrics;
use ghub::queue::Queue;
use ghub::storage::Storage;
use ghub::store::{Store, Table, Written};
use ghub::telemetry;
use ghub::world::World;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use transfer::TransferError;

/// The function's timeout in the template.
pub const TIMEOUT: Duration = Duration::from_secs(300);
/// No other worker stores the video while a transfer may run: the function's timeout, and 30 s for
/// clocks that differ.
const TURN: Duration = TIMEOUT.saturating_add(Duration::from_secs(30));
/// What a transfer leaves of the function's time, so that what came of it is written down before
/// the function is stopped. What has arrived stays in storage.
const RECORDING: Duration = Duration::from_secs(20);
/// How long a first attempt may take: a usual video of 8 MB takes 3 s, and 60 MB take a minute at 1
/// MB/s. However slow the file hosts of some jobs are, a place for another job's first attempt is
/// free within this time.
const FIRST_ATTEMPT: Duration = Duration::from_secs(60);
/// How long the function tries to write the end of a job, in what is left of its time. All
/// transfers that run at once may end in charges to one organization, and those are made one after
/// the other. If a charge is given up, its file is transferred again. The store's last look takes 1
/// s more.
const SETTLE_BUDGET: Duration = Duration::from_secs(15);
/// How long another attempt is tried to be written down. The store's last look and the message for
/// it take 1 s each after that.
const AGAIN_BUDGET: Duration = Duration::from_secs(10);
/// A message is begun only while this much is left: a look at the job, the turn, a transfer that
/// comes to something, and what follows it.
const WORTHWHILE: Duration = Duration::from_secs(60);
/// What is left of the function's time for its answer, when tidying up took all the rest.
const ANSWERING: Duration = Duration::from_secs(2);
/// The longest wait between attempts: a tenth of the wait so far, but a storage that is back is
/// noticed within ten minutes. Each wait is spread over its second half, so that the jobs of an
/// outage do not come back all at once.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// For so long a file that is no video may be a passing fault of the provider's file host.
const NO_VIDEO: Duration = Duration::from_secs(60 * 60);

/// The function, with what it needs.
#[derive(Debug)]
pub struct StoreVideo {
    ambient: Ambient,
    metrics: Metrics,
    providers: Providers,
    downloads: Downloads,
    storage: Storage,
    store: Store,
    again: Queue,
    /// The name of the queue of first attempts.
    first_queue: String,
    /// Set once the video that sandbox jobs share was seen in storage.
    shared: OnceCell<()>,
}

impl StoreVideo {
    /// Reads the environment and the secrets; the start stops at the first that is missing or
    /// wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let (downloads, storage, ()) = tokio::join!(
            Downloads::new(world, &aws),
            Storage::new(world, &aws),
            connect(world, Vec::new())
        );
        let first_queue = world.env.required("STORE_QUEUE_URL")?;
        Ok(Self {
            ambient: world.ambient.clone(),
            metrics: world.metrics.clone(),
            providers: world.env.providers()?,
            downloads: downloads?,
            storage: storage?,
            store: Store::new(world, &aws, &[Table::Jobs, Table::Accounts, Table::Ledger])?,
            again: Queue::new(world, &aws, "STORE_AGAIN_QUEUE_URL")?,
            first_queue: first_queue.rsplit('/').next().unwrap_or_default().to_owned(),
            shared: OnceCell::new(),
        })
    }

    /// Works its messages one after the other; the mapping brings one at a time. All that they wait
    /// for shares the function's time.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        let end = Instant::now() + TIMEOUT;
        let mut response = SqsBatchResponse::default();
        for record in event.records {
            let worked = match left(end) < WORTHWHILE {
                true => Err("the function's time was used up by the messages before".into()),
                false => self.work(&record, end).await,
            };
            if let Err(error) = worked {
                tracing::error!(
                    message.id = record.message_id,
                    error = causes(error.as_ref()),
                    "the message failed"
                );
                response.add_failure(record.message_id.unwrap_or_default());
            }
        }
        response
    }

    async fn work(&self, record: &SqsMessage, end: Instant) -> Result<(), BoxError> {
        let message: JobKey = serde_json::from_str(record.body.as_deref().unwrap_or_default())?;
        let Some(job) = self.store.job(message.org, message.job).await? else { return Ok(()) };
        let State::Processing(processing) = job.state().clone() else {
            self.clear_away(&job, end).await;
            return Ok(());
        };
        let Some(file) = processing.file.clone() else { return Ok(()) };
        if file.tried && self.is_of_the_first_queue(record) {
            return self.pass_on(&job).await;
        }
        let turn = job.turn(self.ambient.now(), TURN);
        let Some(mut job) = telemetry::applied(turn, "turn") else { return Ok(()) };
        if self.store.write(&job).await? == Written::Overtaken {
            return Ok(());
        }
        match self.store_file(&mut job, &processing, &file, end).await {
            Ok(video_url) => {
                let completed = job.completed(video_url, self.ambient.now());
                self.end(completed, &processing, &file, end).await
            }
            Err(TransferError::Overtaken) => {
                self.look_at_leftovers(&job, end).await;
                Ok(())
            }
            Err(error) => self.fail_or_try_again(job, &processing, &file, error, end).await,
        }
    }

    /// Whether the message is one of first attempts.
    fn is_of_the_first_queue(&self, record: &SqsMessage) -> bool {
        let arn = record.event_source_arn.as_deref().unwrap_or_default();
        arn.rsplit(':').next() == Some(self.first_queue.as_str())
    }

    /// A job that was tried before, and whose message was replaced by the sweep, goes on where it
    /// belongs.
    async fn pass_on(&self, job: &Job) -> Result<(), BoxError> {
        if job.is_due(self.ambient.now()) {
            self.again.send_in_passing(job.key(), Duration::ZERO).await?;
        }
        Ok(())
    }

    /// Brings the file into storage, and returns its public URL. A first attempt gets little time,
    /// any other what the function has left.
    async fn store_file(
        &self,
        job: &mut Job,
        processing: &Processing,
        file: &File,
        end: Instant,
    ) -> Result<String, TransferError> {
        let began = Instant::now();
        let until =
            if file.tried { end - RECORDING } else { (began + FIRST_ATTEMPT).min(end - RECORDING) };
        let stored = async {
            match &processing.handle {
                Handle::Sandbox(handle) if !handle.stored => Ok(self.share().await?),
                _ => self.transfer(job, processing, file).await,
            }
        };
        let stored = tokio::time::timeout_at(until, Box::pin(stored)).await;
        stored.unwrap_or_else(|_| Err(TransferError::TooSlow(began.elapsed())))
    }

    /// Writes the end of the job, and with it the charge or the release of the hold. What it leaves
    /// behind is removed after that.
    async fn end(
        &self,
        moved: Moved,
        processing: &Processing,
        file: &File,
        end: Instant,
    ) -> Result<(), BoxError> {
        let Some(job) = telemetry::applied(moved, "ended") else { return Ok(()) };
        let written = self.store.trying_for(SETTLE_BUDGET).write(&job).await?;
        tracing::info!(job.id = %job.id(), org.id = %job.org(), status = job.status().as_str(), written = written == Written::Done, "moved");
        match written {
            Written::Done => {
                self.remove_copy(&job, processing, file, end).await;
                self.clear_away(&job, end).await;
            }
            Written::Overtaken => self.look_at_leftovers(&job, end).await,
        }
        Ok(())
    }

    /// A fault of the provider's file host or of storage is tried again until the deadline; what
    /// can never be stored ends the job.
    async fn fail_or_try_again(
        &self,
        job: Job,
        processing: &Processing,
        file: &File,
        error: TransferError,
        end: Instant,
    ) -> Result<(), BoxError> {
        let now = self.ambient.now();
        let waited = now.since(file.found);
        let why = causes(&error);
        let hopeless = match error {
            TransferError::TooLarge => Some(Failure::new(FailureCode::ProviderNoOutput, &why)),
            TransferError::NotAnMp4(_) if waited > NO_VIDEO => {
                Some(Failure::new(FailureCode::ProviderNoOutput, &why))
            }
            // only after this last try
            _ => job.deadline_passed(now).map(|deadline| job.failure_at(deadline)),
        };
        if let Some(failure) = hopeless {
            return self.end(job.failed(failure, now), processing, file, end).await;
        }
        self.metrics.storage_retried();
        tracing::warn!(job.id = %job.id(), org.id = %job.org(), why, "the video could not be stored; it is tried again");
        let first = Duration::from_secs(u64::from(job.terms().poll_every_s()));
        let wait = self.ambient.spread((waited / 10).clamp(first, LONGEST_WAIT));
        let moved = job.not_stored(&why, now, wait);
        let Some(again) = telemetry::applied(moved, "not_stored") else { return Ok(()) };
        match self.store.trying_for(AGAIN_BUDGET).write(&again).await? {
            Written::Done => Ok(self.again.send_in_passing(again.key(), wait).await?),
            Written::Overtaken => {
                self.look_at_leftovers(&again, end).await;
                Ok(())
            }
        }
    }
}

/// What is left of the function's time.
fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now())
}
