//! `GET /v1/models/{id}`: one model of the catalog.

use ghub::auth::Auth;
use ghub::config::ConfigError;
use ghub::error::Refusal;
use ghub::http::{Call, Error};
use ghub::outbound::{connect, sdk_config};
use ghub::store::{Store, Table};
use ghub::world::World;
use lambda_http::{Body, Request, Response};
use tracing::Instrument;

/// The function, with what it needs.
#[derive(Debug)]
pub struct GetModel {
    world: World,
    auth: Auth,
    store: Store,
}

impl GetModel {
    /// Reads the environment; the start stops at the first variable that is missing or wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let store = Store::new(world, &aws, &[Table::Accounts, Table::Keys])?;
        connect(world, Vec::new()).await;
        Ok(Self { world: world.clone(), auth: Auth::new(&store, &world.ambient), store })
    }

    /// Answers one request.
    pub async fn handle(&self, request: Request) -> Response<Body> {
        let mut call = Call::open(&self.world.ambient, &self.world.metrics, request);
        let span = call.span();
        let result = self.answer(&mut call).instrument(span).await;
        call.close(result)
    }

    async fn answer(&self, call: &mut Call) -> Result<(), Error> {
        let account = self.auth.account(call).await?;
        let _ = (&self.store, account);
        Err(Refusal::JobNotFound.into()) // SKELETON: to be written
    }
}
