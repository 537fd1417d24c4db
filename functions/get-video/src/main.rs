//! The Lambda `get-video`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ghub::error::BoxError> {
    ghub::http::serve(get_video::GetVideo::new).await
}
