//! Sends a job to its provider, exactly once. Whoever sends holds the job's lease first; what the answer means for the job is decided
//! here, for the function that accepts jobs and for the one that sends what is still pending.

use crate::error::causes;
use crate::job::{Job, Moved};
use crate::outbound::{ProviderSender, WireError};
use crate::provider::{Providers, Submitted};
use crate::store::{Store, StoreError, Written};
use crate::world::Ambient;
use std::time::Duration;
use tokio::time::Instant;

/// A provider takes a submission in under a second; one that needs 20 s will not answer at all.
pub const SUBMIT_TIMEOUT: Duration = Duration::from_secs(20);

/// What is left of a function's time for recording the outcome: the store's usual 4 s and the answer.
const RECORDING: Duration = Duration::from_secs(5);

/// What is left of a function's time for the store's last look at a write whose answers were lost, and for the answer.
const ANSWERING: Duration = Duration::from_secs(2);

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
    pub fn new(providers: &Providers, sender: &ProviderSender, store: &Store, ambient: &Ambient) -> Self {
        Self { providers: providers.clone(), sender: sender.clone(), store: store.clone(), ambient: ambient.clone() }
    }

    /// Sends a job whose lease we hold, once, and says how that moves it. An unknown outcome moves nothing: the lease runs out, and
    /// the job fails then without having been sent again. The function ends at `end`, and the outcome has to be recorded before.
    pub async fn submit(&self, job: Job, end: Instant) -> Moved {
        let outcome = self.sent(&job, end).await;
        let now = self.ambient.now();
        match outcome {
            Submitted::Accepted(handle) => job.accepted(handle, now),
            Submitted::Refused(failure) => job.failed(failure, now),
            Submitted::NotTaken(why) => {
                tracing::warn!(job.id = %job.id, org.id = %job.org, why, "the provider did not take the job; it stays pending");
                let wait = self.ambient.spread(job.cadence(now)); // a provider that refuses one job refuses all of that moment
                job.not_taken(now, wait)
            }
            Submitted::Unknown(why) => {
                tracing::error!(job.id = %job.id, org.id = %job.org, why, "it is unknown whether the provider took the job");
                Moved::Already(job)
            }
        }
    }

    /// Records how a submission moved the job, for as long as the function lives: nobody else knows what the provider called it, and a
    /// handle that is not kept is a render that is paid for and thrown away.
    pub async fn record(&self, moved: &Job, end: Instant) -> Result<Written, StoreError> {
        let left = end.saturating_duration_since(Instant::now()).saturating_sub(ANSWERING);
        self.store.trying_for(left).write(moved).await
    }

    async fn sent(&self, job: &Job, end: Instant) -> Submitted {
        let left = end.saturating_duration_since(Instant::now()).saturating_sub(RECORDING);
        if left.is_zero() {
            return Submitted::NotTaken("the function's time was used up before the job could be sent".to_owned());
        }
        let request = match self.providers.submit(job) {
            Ok(request) => request,
            Err(failure) => return Submitted::Refused(failure),
        };
        match self.sender.send(request, SUBMIT_TIMEOUT.min(left)).await {
            Ok(reply) => self.providers.submitted(job, &reply),
            Err(error @ WireError::NotSent(_)) => Submitted::NotTaken(causes(&error)),
            Err(error @ WireError::Lost(_)) => Submitted::Unknown(causes(&error)),
        }
    }
}
