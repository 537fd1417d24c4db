//! The Lambda `delete-video`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ghub::error::BoxError> {
    ghub::http::serve(delete_video::DeleteVideo::new).await
}
