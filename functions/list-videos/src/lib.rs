//! `GET /v1/videos`: the organization's jobs, newest first.

use ghub::auth::Auth;
use ghub::aws::{connect, sdk_config};
use ghub::catalog::Catalog;
use ghub::config::ConfigError;
use ghub::error::Refusal;
use ghub::http::{Call, Endpoint, Error, List, Query, VideoJob};
use ghub::order::LONGEST_USER;
use ghub::status::Status;
use ghub::store::{Store, Table, Wanted};
use ghub::world::World;

/// The function, with what it needs.
#[derive(Debug)]
pub struct ListVideos {
    auth: Auth,
    store: Store,
}

impl ListVideos {
    /// Reads the environment; the start stops at the first variable that is missing or wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let store = Store::new(world, &aws, &[Table::Jobs, Table::Accounts, Table::Keys])?;
        connect(world, Vec::new()).await;
        Ok(Self { auth: Auth::new(&store, &world.ambient), store })
    }
}

impl Endpoint for ListVideos {
    type Answer = List<VideoJob>;

    async fn answer(&self, call: &mut Call) -> Result<List<VideoJob>, Error> {
        let account = self.auth.account(call).await?;
        let query = Query::of(&call.request);
        let found = self.store.jobs(account.org, wanted(&query)?, query.limit()?).await?;
        let jobs = found.jobs.iter().map(VideoJob::from).collect();
        Ok(List::searched(jobs, found.reached.map(|job| job.to_string()), |job| job.id.clone()))
    }
}

fn wanted(query: &Query) -> Result<Wanted<'_>, Refusal> {
    Ok(Wanted {
        status: query.one_of("status", &Status::ALL.map(Status::as_str))?.and_then(Status::named),
        model: model(query)?,
        user: query.text_up_to("user", LONGEST_USER)?,
        older_than: query.job_id("after")?,
        deleted_too: false,
    })
}

/// A model that the catalog does not have is refused, since an empty list would be taken for the
/// answer. Overrides change models and never which ones there are, and one that is switched off
/// stays in the catalog.
fn model(query: &Query) -> Result<Option<&str>, Refusal> {
    let Some(asked) = query.text("model")? else { return Ok(None) };
    let catalog = Catalog::published();
    let models: Vec<&str> = catalog.ids().collect();
    query.one_of("model", &models)?;
    Ok(Some(asked))
}
