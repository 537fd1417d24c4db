//! The Lambda `sweep-jobs`.

use ghub::{telemetry, world::World};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use sweep_jobs::SweepJobs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let function = &SweepJobs::new(&World::process()).inspect_err(telemetry::not_started)?;
    run(service_fn(move |_: LambdaEvent<Value>| async move { function.handle().await })).await
}
