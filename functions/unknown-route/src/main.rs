//! The Lambda `unknown-route`.

use ghub::http::{Server, serve};
use ghub::outbound::BoxError;
use unknown_route::UnknownRoute;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    serve(Server::process(), async { Ok(UnknownRoute) }).await
}
