//! The Lambda `get-video`.

use get_video::GetVideo;
use ghub::error::BoxError;
use ghub::http::serve;
use ghub::world::World;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let world = World::process();
    serve(&world, GetVideo::new(&world)).await
}
