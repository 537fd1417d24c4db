//! The Lambda `get-openapi`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ghub::error::BoxError> {
    ghub::http::serve_alone(get_openapi::GetOpenapi).await
}
