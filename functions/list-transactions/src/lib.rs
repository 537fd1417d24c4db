//! `GET /v1/credits/transactions`: the ledger, newest posting first. The balance that is shown with
//! the first page is the sum of all pages.

use ghub::auth::Auth;
use ghub::aws::{connect, sdk_config};
use ghub::config::ConfigError;
use ghub::error::Refusal;
use ghub::http::{Call, Endpoint, Error, List, Query, Transaction};
use ghub::id::OrgId;
use ghub::store::{Store, Table};
use ghub::world::World;

/// The function, with what it needs.
#[derive(Debug)]
pub struct ListTransactions {
    auth: Auth,
    store: Store,
}

impl ListTransactions {
    /// Reads the environment; the start stops at the first variable that is missing or wrong.
    pub async fn new(world: &World) -> Result<Self, ConfigError> {
        let aws = sdk_config(world)?;
        let store = Store::new(world, &aws, &[Table::Ledger, Table::Accounts, Table::Keys])?;
        connect(world, Vec::new()).await;
        Ok(Self { auth: Auth::new(&store, &world.ambient), store })
    }
}

impl Endpoint for ListTransactions {
    type Answer = List<Transaction>;

    async fn answer(&self, call: &mut Call) -> Result<List<Transaction>, Error> {
        let account = self.auth.account(call).await?;
        let query = Query::of(&call.request);
        let (limit, which) = (query.limit()?, query.transactions()?);
        let below = self.place_of(account.org, query.text("after")?).await?;
        let statement = self.store.statement(account.org, which, below, limit).await?;
        if let (true, None, Some(newest)) = (which.is_all(), below, statement.lines.first()) {
            // a job may have completed since the account was read: the page is the later look
            call.balance = Some(newest.balance_after);
        }
        Ok(List::of_transactions(statement))
    }
}

impl ListTransactions {
    /// Where in the ledger the transaction stands that the page comes after. Another organization's
    /// is as unknown as one that never was.
    async fn place_of(&self, org: OrgId, after: Option<&str>) -> Result<Option<u64>, Error> {
        let Some(after) = after else { return Ok(None) };
        let place = match after.parse() {
            Ok(id) => self.store.place_of(org, &id).await?,
            Err(_) => None,
        };
        let unknown = || {
            Refusal::invalid(
                "after: no transaction with this id exists; take the last_id of the page before",
            )
        };
        Ok(Some(place.ok_or_else(unknown)?))
    }
}
