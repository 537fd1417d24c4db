//! Sends a job to its provider, exactly once. Whoever sends holds the job's lease first; what the
//! answer means for the job is decided here, for the function that accepts jobs and for the one
//! that sends what is still pending.

use crate::adapter::{Providers, Submitted};
use crate::ambient::Ambient;
use crate::error::causes;
use crate::job::{Job, Moved};
use crate::lifetime::Lifetime;
use crate::outbound::{ProviderSender, WireError};
use crate::store::{Store, StoreError, Written};
use crate::telemetry;
use std::time::Duration;

/// A provider takes a submission in under a second; one that needs 20 s will not answer at all.
pub const SUBMIT_TIMEOUT: Duration = Duration::from_secs(20);

/// Sends submissions.
#[derive(Debug, Clone)]
pub struct Submitter {
    providers: Providers,
    sender: ProviderSender,
    store: Store,
    ambient: Ambient,
}

impl Submitter {
    /// With the providers that are configured, through their sender.
    pub fn new(
        providers: &Providers,
        sender: &ProviderSender,
        store: &Store,
        ambient: &Ambient,
    ) -> Self {
        Self {
            providers: providers.clone(),
            sender: sender.clone(),
            store: store.clone(),
            ambient: ambient.clone(),
        }
    }

    /// Sends a job whose lease we hold, once, and says how that moves it. An unknown outcome moves
    /// nothing: the lease runs out, and the job fails then without having been sent again.
    pub async fn submit(&self, job: Job, lifetime: Lifetime) -> Moved {
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

    /// Records how a submission moved the job, for as long as the function lives: nobody else knows
    /// what the provider called it, and a handle that is not kept is a render that is paid for and
    /// thrown away.
    pub async fn record(&self, moved: &Job, lifetime: Lifetime) -> Result<Written, StoreError> {
        self.store.trying_for(lifetime.recording()).write(moved).await
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
