//! The Lambda `list-transactions`.

use ghub::{telemetry, world::World};
use lambda_http::{Error, run, service_fn};
use list_transactions::ListTransactions;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let function = &ListTransactions::new(&World::process()).await.inspect_err(telemetry::not_started)?;
    run(service_fn(move |request| async move { Ok::<_, Error>(function.handle(request).await) })).await
}
