//! `GET /v1/models`: the whole catalog, with today's prices.

use ghub::auth::Auth;
use ghub::aws::{connect, sdk_config};
use ghub::catalog::Catalog;
use ghub::config::ConfigError;
use ghub::http::{Call, Endpoint, Error, ModelList};
use ghub::pricing::Rates;
use ghub::sender::ProviderCredentials;
use ghub::store::{Store, Table};
use ghub::world::World;

/// The function, with what it needs.
#[derive(Debug)]
pub struct ListModels {
    auth: Auth,
    catalog: Catalog,
    rates: Rates,
    credentials: ProviderCredentials,
}

impl ListModels {
    /// Reads the environment and the providers' secrets; the start stops at the first variable that
    /// is missing or wrong. A secret that cannot be used stops nothing.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let store = Store::new(world, &aws, &[Table::Accounts, Table::Keys])?;
        let (catalog, rates) = world.env.catalog_and_rates()?;
        let (credentials, ()) =
            tokio::join!(ProviderCredentials::read(world, &aws), connect(world, Vec::new()));
        Ok(Self { auth: Auth::new(&store, &world.ambient), catalog, rates, credentials })
    }
}

impl Endpoint for ListModels {
    type Answer = ModelList;

    async fn answer(&self, call: &mut Call) -> Result<ModelList, Error> {
        let org = self.auth.account(call).await?.org;
        let services = self.credentials.services().await.seen_by(org.mode());
        let models = ModelList::new(&self.catalog, &self.rates, &services);
        models.map_err(|error| Error::Internal(error.into()))
    }
}
