//! The Lambda `list-transactions`.

use ghub::error::BoxError;
use ghub::http::serve;
use ghub::world::World;
use list_transactions::ListTransactions;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let world = World::process();
    serve(&world, ListTransactions::new(&world)).await
}
