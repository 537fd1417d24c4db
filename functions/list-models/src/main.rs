//! The Lambda `list-models`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ghub::error::BoxError> {
    ghub::http::serve(list_models::ListModels::new).await
}
