//! The Lambda `audit-accounts`.

use audit_accounts::AuditAccounts;
use ghub::{telemetry, world::World};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let function = &AuditAccounts::new(&World::process()).inspect_err(telemetry::not_started)?;
    run(service_fn(move |_: LambdaEvent<Value>| async move { function.handle().await })).await
}
