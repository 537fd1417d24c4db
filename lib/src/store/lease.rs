//! Writes the lease under which a job is sent to its provider.
//!
//! If the answer to an attempt is lost, the attempt may be committed later. The job would then have
//! a lease that no function holds, and would fail with an unknown outcome. So before the store
//! returns an error, it writes the same revision without the lease. The late attempt fails on that.

use super::error::StoreError;
use super::job::is_by;
use super::{Store, Written};
use crate::error::causes;
use crate::job::Job;
use std::time::Duration;

/// How long the store tries to write the job without the lease: one attempt of 3 s without an
/// answer, and a second.
const GIVING_UP: Duration = Duration::from_secs(5);

impl Store {
    /// Writes `leased` over the revision that was read. A repeat is safe.
    ///
    /// [`Written::Overtaken`] means that another worker wrote the job first. The caller must not
    /// send it.
    ///
    /// # Errors
    ///
    /// On an error the job has no lease of this call. `without` was written over the same revision,
    /// so no late attempt can add the lease. That fails only if DynamoDB does not answer for 9 s.
    pub async fn lease(&self, leased: &Job, without: &Job) -> Result<Written, StoreError> {
        let write = self.new_write();
        let error = match self.update(leased, &write).await {
            Err(error @ StoreError::Unavailable(_)) => error,
            written => return written,
        };
        match self.trying_for(GIVING_UP).update(without, &self.new_write()).await {
            Ok(Written::Done) => Err(error),
            Ok(Written::Overtaken) => {
                let found = self.item(leased.org(), leased.id()).await?;
                Ok(if found.is_some_and(|found| is_by(&found, &write)) {
                    Written::Done
                } else {
                    Written::Overtaken
                })
            }
            Err(unanswered) => {
                let why = causes(&unanswered);
                tracing::error!(job.id = %leased.id(), org.id = %leased.org(), why, "the lease may be written late");
                Err(error)
            }
        }
    }
}
