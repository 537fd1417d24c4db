//! The Lambda `store-video`.

use aws_lambda_events::event::sqs::SqsEvent;
use ghub::{telemetry, world::World};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use store_video::StoreVideo;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let function = &StoreVideo::new(&World::process()).await.inspect_err(telemetry::not_started)?;
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(function.handle(event.payload).await)
    }))
    .await
}
