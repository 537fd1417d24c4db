//! The Lambda `get-openapi`.

use get_openapi::GetOpenapi;
use ghub::{config::Env, metrics::Metrics, telemetry, world::Ambient};
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let ambient = Ambient::system();
    let metrics = Metrics::on_stdout(&Env::process(), &ambient);
    let function = &GetOpenapi::new(ambient, metrics);
    run(service_fn(move |request| async move { Ok::<_, Error>(function.handle(request)) })).await
}
