//! Recomputes every account from its ledger and its jobs, each night, and tells of those that
//! differ. It writes nothing: what a difference means, and what is done about it, a person decides
//! (`cargo admin audit` shows the same).

use ghub::aws::sdk_config;
use ghub::config::ConfigError;
use ghub::error::{BoxError, causes};
use ghub::store::{Audited, Store, Table};
use ghub::world::World;
use serde::Serialize;
use std::time::Duration;

/// The function's timeout in the template.
pub const TIMEOUT: Duration = Duration::from_secs(900);

/// What is left of it for telling how far the audit came.
const TELLING: Duration = Duration::from_secs(10);

/// The function, with what it needs.
#[derive(Debug)]
pub struct AuditAccounts {
    world: World,
    store: Store,
}

/// What an audit found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Accounts that were looked at to an end.
    pub audited: usize,
    /// Of those, the ones that do not agree with their ledger and jobs.
    pub differing: usize,
    /// Accounts on which money moved during every look: these could not be judged.
    pub moved: usize,
    /// Accounts that could not be read.
    pub unread: usize,
}

impl AuditAccounts {
    /// Reads the environment; the start stops at the first variable that is missing or wrong.
    pub fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let store = Store::new(world, &aws, &[Table::Accounts, Table::Ledger, Table::Jobs])?;
        Ok(Self { world: world.clone(), store })
    }

    /// Audits all accounts once. An error is an audit that did not get to all of them; what it
    /// found until then is told all the same.
    pub async fn handle(&self) -> Result<Summary, BoxError> {
        let mut summary = Summary::default();
        let all = self.store.audit_all(|org, audited| match audited {
            Ok(Audited::Agrees) => summary.audited += 1,
            Ok(Audited::Differs(differences)) => {
                summary.audited += 1;
                summary.differing += 1;
                for difference in differences {
                    tracing::error!(org.id = %org, %difference, "the account differs");
                }
            }
            Ok(Audited::Moved) => {
                summary.moved += 1;
                tracing::warn!(org.id = %org, "the account moved during every look");
            }
            Err(error) => {
                summary.unread += 1;
                tracing::error!(org.id = %org, error = causes(&error), "the account could not be audited");
            }
        });
        let ended = tokio::time::timeout(TIMEOUT - TELLING, all).await;
        let Summary { audited, differing, moved, unread } = summary;
        self.world.metrics.audited(audited, differing, moved);
        tracing::info!(audited, differing, moved, unread, "audited");
        ended.map_err(|_| format!("the time was used up after {audited} accounts"))??;
        if unread > 0 {
            return Err(format!("{unread} accounts could not be audited").into());
        }
        Ok(summary)
    }
}
