//! The Lambda `unknown-route`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ghub::error::BoxError> {
    ghub::http::serve_alone(unknown_route::UnknownRoute).await
}
