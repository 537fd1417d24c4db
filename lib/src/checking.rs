//! Asks a provider how a job stands there, or to stop it, and writes down what that means. Whoever asks holds the job's turn; when to
//! ask and when to give up is theirs: `poll-jobs` by deadlines, the operator by command.

use crate::error::causes;
use crate::job::{Failure, Job, Moved};
use crate::outbound::{BoxError, ProviderSender};
use crate::provider::{Cancelled, Checked, Handle, Providers};
use crate::queue::{Message, Queue};
use crate::store::{Store, Written};
use crate::world::Ambient;
use std::time::Duration;

/// A status or a result is a small read; ten seconds is a hundred times its usual length.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Asks providers.
#[derive(Debug, Clone)]
pub struct Checker {
    providers: Providers,
    sender: ProviderSender,
    store: Store,
    store_queue: Queue,
    ambient: Ambient,
    patience: Duration,
}

/// What came of asking a provider to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopping {
    /// It was heard: nothing more will come of the render.
    Heard,
    /// This provider cannot be asked to.
    NotPossible,
    /// It had finished before: the file is here.
    Done {
        /// Where.
        file_url: String,
    },
    /// It had failed before, by the provider's verdict.
    Failed(Failure),
    /// There was no answer, or none that tells whether there is a render.
    NoAnswer,
}

impl Checker {
    /// With the providers that are configured, through their sender; what they finished goes to `store_queue`.
    pub fn new(
        providers: &Providers,
        sender: &ProviderSender,
        store: &Store,
        store_queue: &Queue,
        ambient: &Ambient,
    ) -> Self {
        let (providers, sender, store) = (providers.clone(), sender.clone(), store.clone());
        Self {
            providers,
            sender,
            store,
            store_queue: store_queue.clone(),
            ambient: ambient.clone(),
            patience: CHECK_TIMEOUT,
        }
    }

    /// The same, waiting no longer than this for an answer: for whoever has somebody waiting.
    pub fn waiting_for(&self, patience: Duration) -> Self {
        Self { patience, ..self.clone() }
    }

    /// The status, and when that says the render is over, the result: only the result is a verdict.
    pub async fn checked(&self, handle: &Handle) -> Checked {
        let request = match self.providers.check(handle) {
            Ok(request) => request,
            Err(failure) => return Checked::Trouble(failure.message),
        };
        let status = match self.sender.send(request, self.patience).await {
            Ok(reply) => self.providers.checked(handle, &reply),
            Err(error) => return Checked::Trouble(causes(&error)),
        };
        let Checked::Ask(request) = status else { return status };
        let verdict = match self.sender.send(request, self.patience).await {
            Ok(reply) => self.providers.verdict(handle, &reply),
            Err(error) => Checked::Trouble(causes(&error)),
        };
        if let Checked::Trouble(why) = verdict {
            tracing::warn!(why, "the render is over, and its verdict cannot be read yet");
            return Checked::Rendering; // so that the hour from the first sign of rendering runs
        }
        verdict
    }

    /// Whether the provider can be asked to stop.
    pub fn can_stop(&self, handle: &Handle) -> bool {
        self.providers.cancel(handle).is_some()
    }

    /// Asks the provider to stop. A render that had finished before is not lost: the answer names its file.
    pub async fn stop(&self, handle: &Handle) -> Stopping {
        let Some(request) = self.providers.cancel(handle) else { return Stopping::NotPossible };
        let cancelled = match self.sender.send(request, self.patience).await {
            Ok(reply) => self.providers.cancelled(handle, &reply),
            Err(error) => Cancelled::Trouble(causes(&error)),
        };
        match cancelled {
            Cancelled::AlreadyDone => match self.checked(handle).await {
                Checked::Done { file_url } => Stopping::Done { file_url },
                Checked::Failed(failure) => Stopping::Failed(failure),
                _ => Stopping::NoAnswer,
            },
            Cancelled::Trouble(_) => Stopping::NoAnswer,
            Cancelled::Stopped | Cancelled::Asked => Stopping::Heard,
        }
    }

    /// Keeps the file's URL on the job, for the provider forgets it within the hour, and hands the job on to be stored.
    pub async fn found(&self, job: Job, file_url: String) -> Result<Written, BoxError> {
        let Moved::Applied(found) = job.file_found(file_url, self.ambient.now()) else { return Ok(Written::Overtaken) };
        let written = self.store.write(&found).await?;
        if written == Written::Done {
            self.store_queue.send(Message::about(&found), Duration::ZERO).await?;
        }
        Ok(written)
    }

    /// Ends the job uncharged; its hold goes in the same write.
    pub async fn fail(&self, job: Job, failure: Failure) -> Result<Written, BoxError> {
        match job.failed(failure, self.ambient.now()) {
            Moved::Applied(failed) => self.record(&failed).await,
            Moved::Already(_) | Moved::Illegal(_) => Ok(Written::Overtaken),
        }
    }

    /// Writes a moved job. One that somebody else moved meanwhile is theirs.
    pub async fn record(&self, job: &Job) -> Result<Written, BoxError> {
        let written = self.store.write(job).await?;
        tracing::info!(job.id = %job.id, org.id = %job.org, status = job.status().as_str(), written = written == Written::Done, "moved");
        Ok(written)
    }
}
