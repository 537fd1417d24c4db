//! The Lambda `delete-video`.

use delete_video::DeleteVideo;
use ghub::{telemetry, world::World};
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let function = &DeleteVideo::new(&World::process()).await.inspect_err(telemetry::not_started)?;
    run(service_fn(move |request| async move { Ok::<_, Error>(function.handle(request).await) })).await
}
