//! Asks a provider how a job stands there, or to stop it, and records what that means. A caller of
//! this module holds the job's turn. When to ask, and when to give up, is for the caller to decide:
//! `poll-jobs` by deadlines, a person by command.

use crate::adapter::{Cancelled, Checked, Handle, Providers, Reply, Request};
use crate::ambient::Ambient;
use crate::error::{BoxError, causes};
use crate::failure::Failure;
use crate::job::{Job, Seen};
use crate::lifetime::Lifetime;
use crate::queue::Queue;
use crate::sender::ProviderSender;
use crate::store::{Store, Written};
use crate::telemetry;
use std::time::Duration;

/// A status or a result is a small read; ten seconds is a hundred times its usual length.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Asks providers about jobs, and records what they say.
#[derive(Debug, Clone)]
pub struct Checker {
    providers: Providers,
    sender: ProviderSender,
    store: Store,
    store_queue: Queue,
    ambient: Ambient,
    patience: Duration,
}

/// How a job stands at its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// There is no verdict yet.
    Open(Seen),
    /// Rendered: the file is here.
    Done {
        file_url: String,
    },
    Failed(Failure),
}

impl Checker {
    /// With the providers that are configured, through their sender; jobs whose render is finished
    /// go to `store_queue`.
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

    /// The same, waiting no longer than this for an answer: for a function whose caller waits.
    pub fn waiting_for(&self, patience: Duration) -> Self {
        Self { patience, ..self.clone() }
    }

    /// Reads the status, and when that says that the render is over, the result. Only the result is
    /// a verdict.
    pub async fn look(&self, handle: &Handle, lifetime: Lifetime) -> Look {
        let open = |seen| Look::Open(seen);
        let request = match self.providers.check(handle) {
            Ok(request) => request,
            Err(failure) => return open(Seen::Trouble(failure.message)),
        };
        let status = match self.exchange(request, lifetime).await {
            Ok(reply) => self.providers.checked(handle, &reply),
            Err(why) => return open(Seen::Trouble(why)),
        };
        let Checked::Ask(request) = status else { return read(status, Seen::Trouble) };
        match self.exchange(request, lifetime).await {
            Ok(reply) => read(self.providers.verdict(handle, &reply), Seen::Over),
            Err(why) => open(Seen::Over(why)),
        }
    }

    /// Whether the provider can be asked to stop.
    pub fn can_stop(&self, handle: &Handle) -> bool {
        self.providers.cancel(handle).is_some()
    }

    /// Asks the provider to stop; none where it cannot be asked. May be repeated. A provider that
    /// does not know the render has stopped it, as far as the job is concerned.
    pub async fn ask_to_stop(&self, handle: &Handle, lifetime: Lifetime) -> Option<Cancelled> {
        let request = self.providers.cancel(handle)?;
        let cancelled = match self.exchange(request, lifetime).await {
            Ok(reply) => self.providers.cancelled(handle, &reply),
            Err(why) => Cancelled::Trouble(why),
        };
        Some(match cancelled {
            Cancelled::Unknown if self.is_unknown(handle, lifetime).await => Cancelled::Stopped,
            Cancelled::Trouble(why) => {
                tracing::warn!(why, "the provider did not say whether it stops");
                Cancelled::Trouble(why)
            }
            said => said,
        })
    }

    /// Whether the provider does not know the job when it is asked for its status either. One word
    /// alone may be a path that went wrong.
    async fn is_unknown(&self, handle: &Handle, lifetime: Lifetime) -> bool {
        let Ok(request) = self.providers.check(handle) else { return false };
        self.exchange(request, lifetime).await.is_ok_and(|reply| reply.status == 404)
    }

    async fn exchange(&self, request: Request, lifetime: Lifetime) -> Result<Reply, String> {
        let Some(timeout) = lifetime.exchange(self.patience) else {
            return Err("the function's time was used up before the provider was asked".to_owned());
        };
        self.sender.send(request, timeout).await.map_err(|error| causes(&error))
    }

    /// Keeps the file's URL on the job, for the provider forgets it within the hour, and hands the
    /// job on to be stored.
    pub async fn record_file(
        &self,
        job: Job,
        file_url: String,
        lifetime: Lifetime,
    ) -> Result<Written, BoxError> {
        let moved = job.file_found(file_url, self.ambient.now());
        let Some(found) = telemetry::applied(moved, "file_found") else {
            return Ok(Written::Overtaken);
        };
        let written = self.write(&found, lifetime).await?;
        if written == Written::Done
            && let Err(error) = self.store_queue.send_in_passing(found.key(), Duration::ZERO).await
        {
            tracing::warn!(job.id = %found.id(), org.id = %found.org(), %error, "the file was not queued; the sweep finds the job");
        }
        Ok(written)
    }

    /// Ends the job uncharged; its hold goes in the same write. If its file was found, storage may
    /// have it: `store-video` removes it.
    pub async fn fail(
        &self,
        job: Job,
        failure: Failure,
        lifetime: Lifetime,
    ) -> Result<Written, BoxError> {
        telemetry::provider_said(&job, &failure);
        let moved = job.failed(failure, self.ambient.now());
        let Some(failed) = telemetry::applied(moved, "failed") else {
            return Ok(Written::Overtaken);
        };
        let written = self.record(&failed, lifetime).await?;
        if written == Written::Done
            && failed.trace().is_some_and(|trace| trace.file_found.is_some())
            && let Err(error) = self.store_queue.send_in_passing(failed.key(), Duration::ZERO).await
        {
            tracing::warn!(job.id = %failed.id(), %error, "the removal of the failed job's file was not queued");
        }
        Ok(written)
    }

    /// Writes a moved job. If another worker moved it meanwhile, that worker goes on with it.
    pub async fn record(&self, job: &Job, lifetime: Lifetime) -> Result<Written, BoxError> {
        let written = self.write(job, lifetime).await?;
        tracing::info!(job.id = %job.id(), org.id = %job.org(), status = job.status().as_str(), written = written == Written::Done, "moved");
        Ok(written)
    }

    async fn write(&self, job: &Job, lifetime: Lifetime) -> Result<Written, BoxError> {
        Ok(self.store.trying_for(lifetime.recording()).write(job).await?)
    }
}

/// A meaning as what a look has seen. Where it is no verdict and no state, `otherwise` says what is
/// known.
fn read(meaning: Checked, otherwise: fn(String) -> Seen) -> Look {
    match meaning {
        Checked::Queued => Look::Open(Seen::Queued),
        Checked::Rendering => Look::Open(Seen::Rendering),
        Checked::Done { file_url } => Look::Done { file_url },
        Checked::Failed(failure) => Look::Failed(failure),
        Checked::Trouble(why) => Look::Open(otherwise(why)),
        Checked::Ask(_) => {
            Look::Open(otherwise("the provider's result names another request".to_owned()))
        }
    }
}
