//! `GET /v1/models`: the whole catalog, with today's prices.

use ghub::auth::Auth;
use ghub::aws::{connect, sdk_config};
use ghub::catalog::{Catalog, Services};
use ghub::config::ConfigError;
use ghub::http::{Call, Endpoint, Error, ModelList};
use ghub::pricing::Rates;
use ghub::store::{Store, Table};
use ghub::world::World;

/// The function, with what it needs.
#[derive(Debug)]
pub struct ListModels {
    auth: Auth,
    catalog: Catalog,
    rates: Rates,
    services: Services,
}

impl ListModels {
    /// Reads the environment; the start stops at the first variable that is missing or wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let store = Store::new(world, &aws, &[Table::Accounts, Table::Keys])?;
        let (catalog, rates) = world.env.catalog_and_rates()?;
        let services = world.env.configured_services();
        connect(world, Vec::new()).await;
        Ok(Self { auth: Auth::new(&store, &world.ambient), catalog, rates, services })
    }
}

impl Endpoint for ListModels {
    type Answer = ModelList;

    async fn answer(&self, call: &mut Call) -> Result<ModelList, Error> {
        let org = self.auth.account(call).await?.org;
        let services = self.services.seen_by(org.mode());
        let models = ModelList::new(&self.catalog, &self.rates, &services);
        models.map_err(|error| Error::Internal(error.into()))
    }
}
