//! The Lambda `get-credits`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ghub::error::BoxError> {
    ghub::http::serve(get_credits::GetCredits::new).await
}
