//! The Lambda `unknown-route`.

use ghub::error::BoxError;
use ghub::http::{Server, serve};
use unknown_route::UnknownRoute;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    serve(Server::process(), async { Ok(UnknownRoute) }).await
}
