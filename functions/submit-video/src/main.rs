//! The Lambda `submit-video`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ghub::error::BoxError> {
    ghub::http::serve(submit_video::SubmitVideo::new).await
}
