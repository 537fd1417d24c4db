//! The Lambda `list-videos`.

use ghub::error::BoxError;
use ghub::http::serve;
use ghub::world::World;
use list_videos::ListVideos;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let world = World::process();
    serve(&world, ListVideos::new(&world)).await
}
