//! `GET /v1/models`: the whole catalog, with today's prices.

use ghub::auth::Auth;
use ghub::catalog::Catalog;
use ghub::config::{ConfigError, Rates};
use ghub::http::{Call, Endpoint, Error, ModelList};
use ghub::outbound::{connect, sdk_config};
use ghub::provider::Providers;
use ghub::store::{Store, Table};
use ghub::world::World;

/// The function, with what it needs.
#[derive(Debug)]
pub struct ListModels {
    auth: Auth,
    catalog: Catalog,
    rates: Rates,
    providers: Providers,
}

impl ListModels {
    /// Reads the environment; the start stops at the first variable that is missing or wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let store = Store::new(world, &aws, &[Table::Accounts, Table::Keys])?;
        connect(world, Vec::new()).await;
        Ok(Self {
            auth: Auth::new(&store, &world.ambient),
            catalog: world.env.catalog()?,
            rates: world.env.rates()?,
            providers: world.env.providers()?,
        })
    }
}

impl Endpoint for ListModels {
    type Answer = ModelList;

    async fn answer(&self, call: &mut Call) -> Result<ModelList, Error> {
        self.auth.account(call).await?;
        let models = ModelList::new(&self.catalog, &self.rates, &self.providers);
        models.map_err(|error| Error::Internal(error.into()))
    }
}
