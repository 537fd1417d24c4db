//! The Lambda `cancel-video`.

use cancel_video::CancelVideo;
use ghub::{telemetry, world::World};
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let function = &CancelVideo::new(&World::process()).await.inspect_err(telemetry::not_started)?;
    run(service_fn(move |request| async move { Ok::<_, Error>(function.handle(request).await) })).await
}
