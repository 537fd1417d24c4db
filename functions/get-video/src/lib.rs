//! `GET /v1/videos/{id}`: shows a job. Reading moves no money and writes nothing; an overdue job is
//! only brought to the poller's notice.

use ghub::auth::Auth;
use ghub::aws::{connect, sdk_config};
use ghub::config::ConfigError;
use ghub::error::{Refusal, causes};
use ghub::http::{Call, Endpoint, Error, VideoJob, job_id};
use ghub::job::{Job, TURN_TOLERANCE};
use ghub::queue::Queue;
use ghub::store::{Store, Table};
use ghub::world::World;
use std::time::Duration;

/// The function, with what it needs.
#[derive(Debug)]
pub struct GetVideo {
    world: World,
    auth: Auth,
    store: Store,
    queue: Queue,
}

impl GetVideo {
    /// Reads the environment; the start stops at the first variable that is missing or wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let store = Store::new(world, &aws, &[Table::Jobs, Table::Accounts, Table::Keys])?;
        connect(world, Vec::new()).await;
        Ok(Self {
            world: world.clone(),
            auth: Auth::new(&store, &world.ambient),
            queue: Queue::new(world, &aws, "POLL_QUEUE_URL")?,
            store,
        })
    }
}

impl Endpoint for GetVideo {
    type Answer = VideoJob;

    async fn answer(&self, call: &mut Call) -> Result<VideoJob, Error> {
        let org = self.auth.organization(call).await?;
        call.org = Some(org);
        let (job, account) = self.store.job_and_account(org, job_id(&call.request)).await?;
        call.balance = account.as_ref().map(|account| account.balance);
        if account.is_some_and(|account| account.suspended) {
            return Err(Refusal::OrganizationSuspended.into());
        }
        let job = job.and_then(Job::shown).ok_or(Refusal::JobNotFound)?;
        self.hurry(&job).await;
        call.ask_again_in = job.is_open().then(|| job.cadence(self.world.ambient.now()));
        Ok(VideoJob::from(&job))
    }
}

impl GetVideo {
    /// Has an overdue job looked at now. Its message was lost or is late; a second one does no
    /// harm.
    async fn hurry(&self, job: &Job) {
        if !job.is_overdue(self.world.ambient.now(), TURN_TOLERANCE) {
            return;
        }
        if let Err(error) = self.queue.send_in_passing(job.key(), Duration::ZERO).await {
            tracing::warn!(job.id = %job.id(), org.id = %job.org(), error = causes(&error), "an overdue job could not be queued");
        }
    }
}
