//! The Lambda `poll-jobs`.

use aws_lambda_events::event::sqs::SqsEvent;
use ghub::{telemetry, world::World};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use poll_jobs::PollJobs;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let function = &PollJobs::new(&World::process()).await.inspect_err(telemetry::not_started)?;
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(function.handle(event.payload).await)
    }))
    .await
}
