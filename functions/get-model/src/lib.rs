//! `GET /v1/models/{id+}`: one model of the catalog, with today's price.

use ghub::auth::Auth;
use ghub::aws::{connect, sdk_config};
use ghub::catalog::Catalog;
use ghub::config::ConfigError;
use ghub::http::{Call, Endpoint, Error, ModelObject, path_parameter};
use ghub::pricing::Rates;
use ghub::sender::ProviderCredentials;
use ghub::store::{Store, Table};
use ghub::world::World;

/// The function, with what it needs.
#[derive(Debug)]
pub struct GetModel {
    auth: Auth,
    catalog: Catalog,
    rates: Rates,
    credentials: ProviderCredentials,
}

impl GetModel {
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

impl Endpoint for GetModel {
    type Answer = ModelObject;

    async fn answer(&self, call: &mut Call) -> Result<ModelObject, Error> {
        let org = self.auth.account(call).await?.org;
        let services = self.credentials.services().await.seen_by(org.mode());
        let id = path_parameter(&call.request, "id").unwrap_or_default();
        let model = ModelObject::new(self.catalog.named(&id)?, &self.rates, &services);
        model.map_err(|error| Error::Internal(error.into()))
    }
}
