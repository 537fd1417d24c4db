//! `cargo admin org …`: the tenants.

use crate::environment::Operator;
use crate::failure::Failure;
use crate::output::{Report, mxn};
use clap::Subcommand;
use ghub::id::OrgId;
use ghub::onboarding::{SIGNUP_BONUS, SignUp, create_organization};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an organization, with the sign-up bonus of MXN 50 on its account
    Create {
        /// Its id; without one a new one is drawn. A repeat with the same id changes nothing
        #[arg(long, value_name = "UUID")]
        id: Option<OrgId>,
    },
}

pub async fn run(command: Command, operator: &Operator) -> Result<Report, Failure> {
    match command {
        Command::Create { id } => create(id.unwrap_or_else(|| operator.ambient.org_id()), operator).await,
    }
}

async fn create(org: OrgId, operator: &Operator) -> Result<Report, Failure> {
    let unfinished = |source| Failure::Unfinished { again: format!("org create --id {org}"), source };
    let (created, bonus, note) = match create_organization(&operator.store, &operator.ambient, org).await {
        Ok(SignUp::Done) => (true, SIGNUP_BONUS, "It is new. `cargo admin key create` makes its first key."),
        Ok(SignUp::Before { bonus }) => (false, bonus, "It was there before; nothing was changed."),
        Err(error) => return Err(unfinished(error)),
    };
    Ok(Report {
        json: json!({"org": org, "created": created, "bonus_mxn": bonus.to_string()}),
        table: vec![("organization", org.to_string()), ("sign-up bonus", mxn(bonus))],
        note: note.to_owned(),
    })
}
