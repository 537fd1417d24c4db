//! The Lambda `get-openapi`.

use get_openapi::GetOpenapi;
use ghub::error::BoxError;
use ghub::http::{Server, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    serve(Server::process(), async { Ok(GetOpenapi::default()) }).await
}
