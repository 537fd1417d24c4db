//! The organization of the local system and its key: made at the first start, the same ever after.

use ghub::onboarding::{create_key, create_organization};
use ghub::outbound::sdk_config;
use ghub::store::{Store, Table};
use ghub::world::World;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Who the local caller is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Identity {
    /// The organization, with the sign-up bonus on its account.
    pub org: ghub::id::OrgId,
    /// Its live key, in the clear: the local system is nobody else's.
    pub live_key: String,
}

impl Identity {
    /// The identity that is kept in the directory, or a new one.
    pub(crate) async fn kept_in(directory: &Path, world: &World) -> Result<Self, String> {
        let file = directory.join("identity.json");
        if let Ok(text) = std::fs::read_to_string(&file) {
            return serde_json::from_str(&text).map_err(|error| format!("{} cannot be read: {error}", file.display()));
        }
        let identity = Self::created(world).await?;
        let text = serde_json::to_string_pretty(&identity).map_err(|error| error.to_string())?;
        std::fs::write(&file, text).map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
        Ok(identity)
    }

    async fn created(world: &World) -> Result<Self, String> {
        let aws = sdk_config(world).map_err(|error| error.to_string())?;
        let store = Store::new(world, &aws, &[Table::Accounts, Table::Ledger, Table::Keys])
            .map_err(|error| error.to_string())?;
        let org = world.ambient.org_id();
        create_organization(&store, &world.ambient, org).await.map_err(|error| ghub::error::causes(&error))?;
        let live_key =
            create_key(&store, &world.ambient, org, "local").await.map_err(|error| ghub::error::causes(&error))?;
        Ok(Self { org, live_key })
    }
}
