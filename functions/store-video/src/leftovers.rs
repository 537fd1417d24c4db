//! What a job leaves behind: a file in storage though it failed, and the provider's own copy.
//! Nothing waits for its removal, and no charge depends on it.

use super::{ANSWERING, LONGEST_WAIT, StoreVideo, left};
use ghub::job::{File, Job, Processing, State, Trace};
use ghub::outbound::WireError;
use ghub::storage::{Storage, StorageError};
use std::time::Duration;
use tokio::time::Instant;

/// A provider removes a file in well under a second.
const REMOVING_COPY: Duration = Duration::from_secs(5);
/// For so long after the end of a job its file is tried to be removed: as long as a file is tried
/// to be stored.
const TRIED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

impl StoreVideo {
    /// Removes what a failed job may have in storage: an upload that was whole and could not be
    /// confirmed, or whose job was failed meanwhile. Any other job has none, and one that its owner
    /// deletes is the deletion's. What cannot be removed now is tried again.
    pub(crate) async fn clear_away(&self, job: &Job, end: Instant) {
        let (State::Failed { at, trace: Some(Trace { file_found: Some(_), .. }), .. }, None) =
            (job.state(), job.deletion())
        else {
            return;
        };
        let address = self.storage.public_url(&Storage::path(job.org(), job.id()));
        let removal =
            tokio::time::timeout(left(end).saturating_sub(ANSWERING), self.storage.erase(&address))
                .await;
        let removal =
            removal.unwrap_or_else(|late| Err(StorageError::Wire(WireError::Lost(late.into()))));
        let Err(error) = removal else {
            tracing::info!(job.id = %job.id(), org.id = %job.org(), "the failed job has no file in storage");
            return;
        };
        tracing::warn!(job.id = %job.id(), org.id = %job.org(), %error, "the failed job's file could not be removed");
        if self.ambient.now().since(*at) < TRIED_FOR
            && let Err(error) =
                self.again.send_in_passing(job.key(), self.ambient.spread(LONGEST_WAIT)).await
        {
            tracing::warn!(job.id = %job.id(), org.id = %job.org(), %error, "its removal was not queued again");
        }
    }

    /// The job was written by another while its file was stored: if it failed, the file is one too
    /// many.
    pub(crate) async fn look_at_leftovers(&self, job: &Job, end: Instant) {
        match self.store.job(job.org(), job.id()).await {
            Ok(Some(now)) => self.clear_away(&now, end).await,
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(job.id = %job.id(), %error, "what became of the job could not be read")
            }
        }
    }

    /// Removes the provider's own copy of a file that is ours by now, or that nothing needs any
    /// more.
    pub(crate) async fn remove_copy(
        &self,
        job: &Job,
        processing: &Processing,
        file: &File,
        end: Instant,
    ) {
        let Some(request) = self.providers.remove(&processing.handle, &file.url) else { return };
        let time = REMOVING_COPY.min(left(end).saturating_sub(ANSWERING));
        match self.downloads.remove_copy(request, time).await {
            Ok(200..=299 | 404) => {}
            Ok(status) => {
                tracing::warn!(job.id = %job.id(), status, "the provider did not remove its copy; the bucket's lifecycle rule does")
            }
            Err(error) => {
                tracing::warn!(job.id = %job.id(), %error, "the provider did not remove its copy; the bucket's lifecycle rule does")
            }
        }
    }
}
