//! The Lambda `get-model`.

use get_model::GetModel;
use ghub::error::BoxError;
use ghub::http::serve;
use ghub::world::World;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let world = World::process();
    serve(&world, GetModel::new(&world)).await
}
