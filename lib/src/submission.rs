//! Hands a job to its provider, at most once. The function that sends it has written the lease on
//! the job before. `submit-video` sends each new job. `poll-jobs` sends those that are still
//! pending.

use crate::adapter::{Providers, Submitted};
use crate::ambient::Ambient;
use crate::error::causes;
use crate::id::JobKey;
use crate::job::{Job, Moved};
use crate::lifetime::Lifetime;
use crate::outbound::WireError;
use crate::queue::Queue;
use crate::sender::ProviderSender;
use crate::store::{Store, StoreError, Written};
use crate::telemetry;
use std::time::Duration;

/// A provider takes a submission in under a second; one that needs 20 s will not answer at all.
pub const SUBMIT_TIMEOUT: Duration = Duration::from_secs(20);

/// What became of a job that was handed over.
#[derive(Debug)]
pub struct HandOver {
    /// The job as it stands: moved if that was recorded, else as it was.
    pub job: Job,
    /// Whether the move was recorded. An unknown outcome leaves nothing to record.
    pub recorded: Result<Written, NotRecorded>,
}

/// The store did not say that it wrote what became of a submission. It may have written it.
#[derive(Debug, thiserror::Error)]
#[error("the submission of job {} of organization {} could not be recorded", job.job, job.org)]
pub struct NotRecorded {
    job: JobKey,
    #[source]
    source: StoreError,
}

/// Sends jobs to their providers, and records what became of that.
#[derive(Debug, Clone)]
pub struct Submitter {
    providers: Providers,
    sender: ProviderSender,
    store: Store,
    poll_queue: Queue,
    ambient: Ambient,
}

impl Submitter {
    /// With the providers that are configured, through their sender. Looks go to `poll_queue`.
    pub fn new(
        providers: &Providers,
        sender: &ProviderSender,
        store: &Store,
        poll_queue: &Queue,
        ambient: &Ambient,
    ) -> Self {
        Self {
            providers: providers.clone(),
            sender: sender.clone(),
            store: store.clone(),
            poll_queue: poll_queue.clone(),
            ambient: ambient.clone(),
        }
    }

    /// Hands over a new job, whose lease we hold and for which no look is queued. Returns the job
    /// as it stands. If nothing was recorded, a look is queued for the end of the lease.
    pub async fn hand_over_new(&self, leased: Job, lifetime: Lifetime) -> Job {
        let HandOver { job, recorded } = self.hand_over(leased, lifetime).await;
        if let Err(error) = &recorded {
            let error = causes(error);
            tracing::error!(job.id = %job.id(), org.id = %job.org(), error, "the job was accepted, and its submission was not recorded");
        }
        if !matches!(recorded, Ok(Written::Done)) {
            self.schedule_look(&job).await;
        }
        job
    }

    /// Hands over a job whose lease we hold. The caller has queued a look for the end of the lease.
    /// This sends the job once. Then it records what became of it and queues the next look, both at
    /// the same time. If nothing is recorded, the job stands as it was. When its lease ends, the
    /// poller fails it as unknown. It is never sent again.
    ///
    /// The caller logs the error of a record that failed.
    pub async fn hand_over(&self, leased: Job, lifetime: Lifetime) -> HandOver {
        let moved = self.submit(leased.clone(), lifetime).await;
        let Some(moved) = telemetry::applied(moved, "submitted") else {
            return HandOver { job: leased, recorded: Ok(Written::Overtaken) };
        };
        let (recorded, ()) =
            tokio::join!(self.record(&moved, lifetime), self.schedule_look(&moved));
        let done = matches!(recorded, Ok(Written::Done));
        let status = moved.status().as_str();
        tracing::info!(job.id = %moved.id(), org.id = %moved.org(), status, recorded = done, "submitted");
        HandOver { job: if done { moved } else { leased }, recorded }
    }

    /// Sends the job once and says how that moves it. An unknown outcome moves nothing: the lease
    /// runs out, and the job fails then without having been sent again.
    async fn submit(&self, job: Job, lifetime: Lifetime) -> Moved {
        let outcome = self.send(&job, lifetime).await;
        let now = self.ambient.now();
        match outcome {
            Submitted::Accepted(handle) => job.accepted(handle, now),
            Submitted::Refused(failure) => {
                telemetry::provider_said(&job, &failure);
                job.failed(failure, now)
            }
            Submitted::NotTaken(why) => {
                tracing::warn!(job.id = %job.id(), org.id = %job.org(), why, "the provider did not take the job; it stays pending");
                // a provider that refuses one job refuses all of that moment
                let wait = self.ambient.spread(job.cadence(now));
                job.not_taken(&why, now, wait)
            }
            Submitted::Unknown(why) => {
                tracing::error!(job.id = %job.id(), org.id = %job.org(), why, "it is unknown whether the provider took the job");
                Moved::Already(job)
            }
        }
    }

    /// Records how a submission moved the job, for as long as the function lives. No other function
    /// knows the provider's handle: a handle that is lost is a render that is paid for and thrown
    /// away.
    async fn record(&self, moved: &Job, lifetime: Lifetime) -> Result<Written, NotRecorded> {
        let recorded = self.store.trying_for(lifetime.recording()).write(moved).await;
        recorded.map_err(|source| NotRecorded { job: moved.key(), source })
    }

    async fn schedule_look(&self, job: &Job) {
        if !job.is_open() {
            return;
        }
        let delay = job.due().since(self.ambient.now());
        if let Err(error) = self.poll_queue.send_in_passing(job.key(), delay).await {
            let error = causes(&error);
            tracing::error!(job.id = %job.id(), org.id = %job.org(), error, "not queued; the sweep finds the job");
        }
    }

    async fn send(&self, job: &Job, lifetime: Lifetime) -> Submitted {
        let Some(timeout) = lifetime.exchange(SUBMIT_TIMEOUT) else {
            return Submitted::NotTaken(
                "the function's time was used up before the job could be sent".to_owned(),
            );
        };
        let request = match self.providers.submit(job.key(), job.terms()) {
            Ok(request) => request,
            Err(failure) => return Submitted::Refused(failure),
        };
        match self.sender.send(request, timeout).await {
            Ok(reply) => self.providers.submitted(job.terms(), &reply),
            Err(error @ WireError::NotSent(_)) => Submitted::NotTaken(causes(&error)),
            Err(error @ WireError::Lost(_)) => Submitted::Unknown(causes(&error)),
        }
    }
}

#[cfg(test)]
mod tests;
