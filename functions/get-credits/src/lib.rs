//! `GET /v1/credits`: the balance, and what is held of it.

use ghub::auth::Auth;
use ghub::aws::{connect, sdk_config};
use ghub::config::ConfigError;
use ghub::http::{Call, Credits, Endpoint, Error};
use ghub::store::{Store, Table};
use ghub::world::World;

/// The function, with what it needs.
#[derive(Debug)]
pub struct GetCredits {
    auth: Auth,
}

impl GetCredits {
    /// Reads the environment; the start stops at the first variable that is missing or wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let store = Store::new(world, &aws, &[Table::Accounts, Table::Keys])?;
        connect(world, Vec::new()).await;
        Ok(Self { auth: Auth::new(&store, &world.ambient) })
    }
}

impl Endpoint for GetCredits {
    type Answer = Credits;

    async fn answer(&self, call: &mut Call) -> Result<Credits, Error> {
        let account = self.auth.account(call).await?;
        Credits::of(&account).map_err(|error| Error::Internal(error.into()))
    }
}
