//! `DELETE /v1/videos/{id}`: removes a finished video and what was asked for; the receipt stays.
//!
//! First the job is hidden, then its file leaves storage, then that is written down. So callers are
//! never shown an address whose file does not answer. A deletion that stops in between goes on
//! where it stopped when it is sent again: only a finished one is not found.

use ghub::auth::Auth;
use ghub::aws::{connect, sdk_config};
use ghub::config::ConfigError;
use ghub::error::Refusal;
use ghub::http::{Call, DeletedVideo, Endpoint, Error, job_id};
use ghub::id::{JobId, OrgId};
use ghub::job::{Job, Moved, State};
use ghub::outbound::WireError;
use ghub::storage::{CACHED_FOR_AT_MOST_S, Storage, StorageError};
use ghub::store::{Store, StoreError, Table, Written};
use ghub::telemetry;
use ghub::world::World;
use std::time::Duration;
use tokio::time::Instant;

/// The function's timeout in the template. The three exchanges with storage take 5 s each at most;
/// the store's reads and writes need 50 ms, and two of them may take their whole 4 s.
pub const TIMEOUT: Duration = Duration::from_secs(28);

/// What is left of it for the answer, when store and storage took all the rest.
const ANSWERING: Duration = Duration::from_secs(1);

/// What storage leaves of it for writing down that the file is gone: the store's 4 s, and its last
/// look at a write whose answer was lost.
const RECORDING: Duration = Duration::from_secs(5);

/// The function, with what it needs.
#[derive(Debug)]
pub struct DeleteVideo {
    world: World,
    auth: Auth,
    store: Store,
    storage: Storage,
}

impl DeleteVideo {
    /// Reads the environment and the secret; the start stops at the first that is missing or wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let store = Store::new(world, &aws, &[Table::Jobs, Table::Accounts, Table::Keys])?;
        let (storage, ()) = tokio::join!(Storage::new(world, &aws), connect(world, Vec::new()));
        Ok(Self {
            world: world.clone(),
            auth: Auth::new(&store, &world.ambient),
            store,
            storage: storage?,
        })
    }
}

impl Endpoint for DeleteVideo {
    type Answer = DeletedVideo;

    async fn answer(&self, call: &mut Call) -> Result<DeletedVideo, Error> {
        let end = Instant::now() + TIMEOUT - ANSWERING;
        let org = self.auth.account(call).await?.org;
        let deletion = self.delete(org, job_id(&call.request), end);
        tokio::time::timeout_at(end, deletion)
            .await
            .map_err(|late| StoreError::Unavailable(late.into()))?
    }
}

impl DeleteVideo {
    async fn delete(&self, org: OrgId, id: JobId, end: Instant) -> Result<DeletedVideo, Error> {
        let hidden = self.hide(org, id).await?;
        let address = self.address(&hidden);
        if let Some(address) = &address {
            self.erase(address, end).await?;
        }
        let cached_for = match (hidden.state(), address) {
            (State::Completed { .. }, Some(_)) => CACHED_FOR_AT_MOST_S,
            _ => 0,
        };
        if let Some(gone) = telemetry::applied(hidden.file_gone(), "file_gone") {
            // overtaken by another deletion, which then has done the same
            self.store.write(&gone).await?;
        }
        tracing::info!(job.id = %id, org.id = %org, "deleted");
        Ok(DeletedVideo::of(id, cached_for))
    }

    /// Hides the job, or finds one that a deletion hid which did not get to its end.
    async fn hide(&self, org: OrgId, id: JobId) -> Result<Job, Error> {
        loop {
            let job = self.store.job(org, id).await?.ok_or(Refusal::JobNotFound)?;
            match job.deleted(self.world.ambient.now()) {
                Moved::Illegal(open) => return Err(Refusal::JobNotFinal(open.status()).into()),
                Moved::Already(hidden) if hidden.deletion().is_some_and(|it| it.file_gone) => {
                    return Err(Refusal::JobNotFound.into());
                }
                Moved::Already(hidden) => return Ok(hidden),
                Moved::Applied(hidden) => {
                    if self.store.write(&hidden).await? == Written::Done {
                        return Ok(hidden);
                    } // another deletion was first: what it has come to is read
                }
            }
        }
    }

    /// Where the job's file is, by the address that its owner was shown. A job without one may have
    /// left a file where today's storage is: it failed, or the version before began to delete it.
    /// The video that all sandbox jobs share is none of the job's.
    fn address(&self, job: &Job) -> Option<String> {
        match job.state() {
            State::Completed { video_url, .. } if Storage::is_shared(video_url) => None,
            State::Completed { video_url, .. } if !video_url.is_empty() => Some(video_url.clone()),
            _ => Some(self.storage.public_url(&Storage::path(job.org(), job.id()))),
        }
    }

    async fn erase(&self, address: &str, end: Instant) -> Result<(), StorageError> {
        let erased = tokio::time::timeout_at(end - RECORDING, self.storage.erase(address)).await;
        erased.map_err(|late| WireError::Lost(late.into()))?
    }
}
