//! The Lambda `list-videos`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ghub::error::BoxError> {
    ghub::http::serve(list_videos::ListVideos::new).await
}
