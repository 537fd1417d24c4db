//! The Lambda `get-credits`.

use get_credits::GetCredits;
use ghub::error::BoxError;
use ghub::http::serve;
use ghub::world::World;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let world = World::process();
    serve(&world, GetCredits::new(&world)).await
}
