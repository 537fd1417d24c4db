//! The organization of the local system and its keys: made at the first start, the same ever after.

use ghub::aws::sdk_config;
use ghub::error::causes;
use ghub::id::OrgId;
use ghub::onboarding::{create_key, create_organization};
use ghub::store::{Store, Table};
use ghub::world::World;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::Path;

/// Who the local caller is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Identity {
    /// The organization, with the sign-up bonus on its account.
    pub org: OrgId,
    /// Its live key, in the clear: only this person uses the local system.
    pub live_key: String,
    /// The key of its sandbox.
    pub sandbox_key: String,
}

/// As it is kept: an older file has no sandbox key.
#[derive(Deserialize)]
struct Kept {
    org: OrgId,
    live_key: String,
    sandbox_key: Option<String>,
}

impl Identity {
    /// The identity that is kept in the directory, or a new one; what is missing of it is made.
    pub(crate) async fn keep_in(directory: &Path, world: &World) -> Result<Self, String> {
        let file = directory.join("identity.json");
        let kept: Option<Kept> = match std::fs::read_to_string(&file) {
            Ok(text) => Some(
                serde_json::from_str(&text)
                    .map_err(|error| format!("{} cannot be read: {error}", file.display()))?,
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(format!("{} cannot be read: {error}", file.display())),
        };
        let identity = match kept {
            Some(Kept { org, live_key, sandbox_key: Some(sandbox_key) }) => {
                return Ok(Self { org, live_key, sandbox_key });
            }
            Some(Kept { org, live_key, sandbox_key: None }) => {
                let sandbox_key = key(world, org.sandbox()).await?;
                Self { org, live_key, sandbox_key }
            }
            None => {
                let org = world.ambient.org_id();
                create_organization(&store(world)?, &world.ambient, org)
                    .await
                    .map_err(|error| causes(&error))?;
                let (live_key, sandbox_key) =
                    (key(world, org).await?, key(world, org.sandbox()).await?);
                Self { org, live_key, sandbox_key }
            }
        };
        let text = serde_json::to_string_pretty(&identity).map_err(|error| error.to_string())?;
        std::fs::write(&file, text)
            .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
        Ok(identity)
    }
}

async fn key(world: &World, org: OrgId) -> Result<String, String> {
    create_key(&store(world)?, &world.ambient, org, "local").await.map_err(|error| causes(&error))
}

fn store(world: &World) -> Result<Store, String> {
    let aws = sdk_config(world).map_err(|error| error.to_string())?;
    Store::new(world, &aws, &[Table::Accounts, Table::Ledger, Table::Keys])
        .map_err(|error| error.to_string())
}
