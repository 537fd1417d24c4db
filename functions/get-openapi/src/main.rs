//! The Lambda `get-openapi`.

use get_openapi::GetOpenapi;
use ghub::http::{Server, serve};
use ghub::outbound::BoxError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    serve(Server::process(), async { Ok(GetOpenapi::default()) }).await
}
