//! The lease under which a job is handed to its provider.
//!
//! An attempt whose answer is lost may be committed later. The job would then stand with a lease
//! that no function holds, and would fail as if it were unknown whether its provider took it. So
//! before an error is returned, the same revision is written without the lease: the late attempt
//! fails on that.

use super::error::StoreError;
use super::job::is_by;
use super::{Store, Written};
use crate::error::causes;
use crate::job::Job;
use std::time::Duration;

/// How long the write without the lease is tried: one attempt of 3 s may stay without an answer,
/// and a second takes its place.
const GIVING_UP: Duration = Duration::from_secs(5);

impl Store {
    /// Writes `leased` over the revision that was read. If that ends in an error, `without` is
    /// written over the same revision, so that no late attempt leaves a lease behind, unless the
    /// store does not answer for 9 s.
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
