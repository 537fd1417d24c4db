//! `GET /v1/models/{id+}`: one model of the catalog, with today's price.

use ghub::auth::Auth;
use ghub::aws::{connect, sdk_config};
use ghub::catalog::{Catalog, Services};
use ghub::config::ConfigError;
use ghub::http::{Call, Endpoint, Error, ModelObject, path_parameter};
use ghub::pricing::Rates;
use ghub::store::{Store, Table};
use ghub::world::World;

/// The function, with what it needs.
#[derive(Debug)]
pub struct GetModel {
    auth: Auth,
    catalog: Catalog,
    rates: Rates,
    services: Services,
}

impl GetModel {
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

impl Endpoint for GetModel {
    type Answer = ModelObject;

    async fn answer(&self, call: &mut Call) -> Result<ModelObject, Error> {
        let org = self.auth.account(call).await?.org;
        let services = self.services.seen_by(org.mode());
        let id = path_parameter(&call.request, "id").unwrap_or_default();
        let model = ModelObject::new(self.catalog.named(&id)?, &self.rates, &services);
        model.map_err(|error| Error::Internal(error.into()))
    }
}
