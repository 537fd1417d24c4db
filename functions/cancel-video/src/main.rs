//! The Lambda `cancel-video`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ghub::error::BoxError> {
    ghub::http::serve(cancel_video::CancelVideo::new).await
}
