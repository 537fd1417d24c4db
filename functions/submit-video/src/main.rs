//! The Lambda `submit-video`.

use ghub::error::BoxError;
use ghub::http::serve;
use ghub::world::World;
use submit_video::SubmitVideo;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let world = World::process();
    serve(&world, SubmitVideo::new(&world)).await
}
