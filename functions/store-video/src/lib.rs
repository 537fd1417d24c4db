//! Copies a finished video into storage, then charges. Every step may run twice, and the result is the same: the path is fixed, the
//! upload replaces, and the charge is one transaction on the condition that the job has not been moved.

mod transfer;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use ghub::config::ConfigError;
use ghub::download::Downloads;
use ghub::error::causes;
use ghub::job::{Failure, FailureCode, File, Job, Moved, Processing, State};
use ghub::metrics::Metrics;
use ghub::outbound::{BoxError, connect, sdk_config};
use ghub::provider::Providers;
use ghub::queue::{Message, Queue};
use ghub::storage::Storage;
use ghub::store::{Store, Table, Written};
use ghub::world::{Ambient, World};
use std::time::Duration;
use transfer::TransferError;

/// The function's timeout in the template.
pub const TIMEOUT: Duration = Duration::from_secs(300);
/// Nobody else stores the video while a transfer may run: the function's timeout, and 30 s for clocks that differ.
const TURN: Duration = TIMEOUT.saturating_add(Duration::from_secs(30));
/// A transfer stops before the function is stopped, so that the job is handed on at once. What has arrived stays.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(280);
/// How long the end of a job is tried to be written, in what is left of the function's time: all ten transfers that run at once may end
/// in charges to one organization, which are made one after the other, and a charge that is given up has its file transferred again.
const SETTLE_BUDGET: Duration = Duration::from_secs(15);
/// The longest wait between attempts: a tenth of the wait so far, but a storage that is back is noticed within ten minutes. Each wait
/// is spread over its second half, so that the jobs of an outage do not come back all at once.
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
    queue: Queue,
}

impl StoreVideo {
    /// Reads the environment and the secrets; the start stops at the first that is missing or wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let (downloads, storage, ()) =
            tokio::join!(Downloads::new(world, &aws), Storage::new(world, &aws), connect(world, Vec::new()));
        Ok(Self {
            ambient: world.ambient.clone(),
            metrics: world.metrics.clone(),
            providers: world.env.providers()?,
            downloads: downloads?,
            storage: storage?,
            store: Store::new(world, &aws, &[Table::Jobs, Table::Accounts, Table::Ledger])?,
            queue: Queue::new(world, &aws, "STORE_QUEUE_URL")?,
        })
    }

    /// Works its messages one after the other; the mapping brings one at a time.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        for record in event.records {
            if let Err(error) = self.work(&record).await {
                tracing::error!(message.id = record.message_id, error = causes(error.as_ref()), "the message failed");
                response.add_failure(record.message_id.unwrap_or_default());
            }
        }
        response
    }

    async fn work(&self, record: &SqsMessage) -> Result<(), BoxError> {
        let message: Message = serde_json::from_str(record.body.as_deref().unwrap_or_default())?;
        let Some((mut job, processing, file)) = self.turn(message).await? else { return Ok(()) };
        let transfer =
            tokio::time::timeout(TRANSFER_TIMEOUT, Box::pin(self.transfer(&mut job, &processing, &file))).await;
        match transfer.unwrap_or(Err(TransferError::TooSlow)) {
            Ok(video_url) => self.ended(job.completed(video_url, self.ambient.now())).await,
            Err(TransferError::Overtaken) => Ok(()),
            Err(error) => self.failed_or_again(job, &file, error).await,
        }
    }

    /// The job and its file, if there is one to store and its turn could be taken.
    async fn turn(&self, message: Message) -> Result<Option<(Job, Processing, File)>, BoxError> {
        let Some(job) = self.store.job(message.org, message.job).await? else { return Ok(None) };
        let State::Processing(processing) = job.state.clone() else { return Ok(None) };
        let Some(file) = processing.file.clone() else { return Ok(None) };
        let Moved::Applied(taken) = job.turn(self.ambient.now(), TURN) else { return Ok(None) };
        match self.store.write(&taken).await? {
            Written::Done => Ok(Some((taken, processing, file))),
            Written::Overtaken => Ok(None),
        }
    }

    /// Writes the end of the job, and with it the charge or the release of the hold.
    async fn ended(&self, moved: Moved) -> Result<(), BoxError> {
        let Moved::Applied(job) = moved else { return Ok(()) };
        let written = self.store.trying_for(SETTLE_BUDGET).write(&job).await?;
        tracing::info!(job.id = %job.id, org.id = %job.org, status = job.status().as_str(), written = written == Written::Done, "moved");
        Ok(())
    }

    /// A fault of the provider's file host or of storage is tried again until the deadline; what can never be stored ends the job.
    async fn failed_or_again(&self, job: Job, file: &File, error: TransferError) -> Result<(), BoxError> {
        let now = self.ambient.now();
        let waited = now.since(file.found);
        let why = causes(&error);
        let hopeless = match error {
            TransferError::TooLarge => Some(Failure::new(FailureCode::ProviderNoOutput, &why)),
            TransferError::NotAnMp4(_) if waited > NO_VIDEO => Some(Failure::new(FailureCode::ProviderNoOutput, &why)),
            _ => job.deadline_passed(now).map(|deadline| job.failure_at(deadline)), // only after this last try
        };
        if let Some(failure) = hopeless {
            return self.ended(job.failed(failure, now)).await;
        }
        self.metrics.storage_retried();
        tracing::warn!(job.id = %job.id, org.id = %job.org, why, "the video could not be stored; it is tried again");
        let first = Duration::from_secs(u64::from(job.poll_every_s));
        let wait = self.ambient.spread((waited / 10).clamp(first, LONGEST_WAIT));
        let Moved::Applied(again) = job.again_after(&why, now, wait) else { return Ok(()) };
        match self.store.write(&again).await? {
            Written::Done => Ok(self.queue.send(Message::about(&again), wait).await?),
            Written::Overtaken => Ok(()),
        }
    }
}
