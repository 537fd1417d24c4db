//! The Lambda `unknown-route`.

use ghub::{telemetry, world::World};
use lambda_http::{Error, run, service_fn};
use unknown_route::UnknownRoute;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let function = &UnknownRoute::new(World::process());
    run(service_fn(move |request| async move { Ok::<_, Error>(function.handle(request)) })).await
}
