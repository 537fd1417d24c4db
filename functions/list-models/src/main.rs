//! The Lambda `list-models`.

use ghub::error::BoxError;
use ghub::http::serve;
use ghub::world::World;
use list_models::ListModels;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let world = World::process();
    serve(&world, ListModels::new(&world)).await
}
