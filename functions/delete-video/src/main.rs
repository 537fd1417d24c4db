//! The Lambda `delete-video`.

use delete_video::DeleteVideo;
use ghub::error::BoxError;
use ghub::http::serve;
use ghub::world::World;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let world = World::process();
    serve(&world, DeleteVideo::new(&world)).await
}
