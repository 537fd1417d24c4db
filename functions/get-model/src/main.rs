//! The Lambda `get-model`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ghub::error::BoxError> {
    ghub::http::serve(get_model::GetModel::new).await
}
