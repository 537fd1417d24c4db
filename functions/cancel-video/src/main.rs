//! The Lambda `cancel-video`.

use cancel_video::CancelVideo;
use ghub::error::BoxError;
use ghub::http::serve;
use ghub::world::World;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let world = World::process();
    serve(&world, CancelVideo::new(&world)).await
}
