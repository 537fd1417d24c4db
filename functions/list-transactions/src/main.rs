//! The Lambda `list-transactions`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ghub::error::BoxError> {
    ghub::http::serve(list_transactions::ListTransactions::new).await
}
