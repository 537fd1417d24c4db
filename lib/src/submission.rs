//! Sends a job to its provider, exactly once. Whoever sends holds the job's lease first; what the answer means for the job is decided
//! here, for the function that accepts jobs and for the one that sends what is still pending.

use crate::config::ConfigError;
use crate::http::causes;
use crate::job::{Job, Moved};
use crate::outbound::{ProviderSender, WireError};
use crate::provider::{Providers, Submitted};
use crate::world::{Ambient, World};
use std::time::Duration;

/// A provider takes a submission in under a second; after 20 s the caller's own 28 s are nearly over.
const SUBMIT_TIMEOUT: Duration = Duration::from_secs(20);

/// Sends submissions.
#[derive(Debug, Clone)]
pub struct Submitter {
    providers: Providers,
    sender: ProviderSender,
    ambient: Ambient,
}

impl Submitter {
    /// With the providers that are configured.
    pub fn new(world: &World, providers: &Providers) -> Result<Self, ConfigError> {
        let sender = ProviderSender::new(&world.env, &world.outbound)?;
        Ok(Self { providers: providers.clone(), sender, ambient: world.ambient.clone() })
    }

    /// Sends a job whose lease we hold, once, and says how that moves it. An unknown outcome moves nothing: the lease runs out, and
    /// the job fails then without having been sent again.
    pub async fn submit(&self, job: Job) -> Moved {
        let outcome = self.sent(&job).await;
        let now = self.ambient.now();
        match outcome {
            Submitted::Accepted(handle) => job.accepted(handle, now),
            Submitted::Refused(failure) => job.failed(failure, now),
            Submitted::NotTaken(why) => {
                tracing::warn!(job.id = %job.id, why, "the provider did not take the job; it stays pending");
                job.not_taken(now)
            }
            Submitted::Unknown(why) => {
                tracing::error!(job.id = %job.id, why, "it is unknown whether the provider took the job");
                Moved::Already(job)
            }
        }
    }

    async fn sent(&self, job: &Job) -> Submitted {
        let request = match self.providers.submit(job) {
            Ok(request) => request,
            Err(failure) => return Submitted::Refused(failure),
        };
        match self.sender.send(request, SUBMIT_TIMEOUT).await {
            Ok(reply) => self.providers.submitted(job, &reply),
            Err(error @ WireError::NotSent(_)) => Submitted::NotTaken(causes(&error)),
            Err(error @ WireError::Lost(_)) => Submitted::Unknown(causes(&error)),
        }
    }
}
