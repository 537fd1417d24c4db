//! Queries and scans in pages: DynamoDB reads at most 1 MB at a time.

use super::error::{Item, StoreError, Trouble};
use super::{Store, Table};
use crate::error::{BoxError, causes};
use std::ops::ControlFlow;

/// The attributes that name an item in a log line. A key's hash is left out.
const NAMES: [&str; 4] = ["org", "job", "id", "name"];

/// One page, and the key after which the next one begins.
pub(super) type Page = (Vec<Item>, Option<Item>);

impl Store {
    /// Reads page after page and calls `take` for each item, until `take` breaks or the pages end.
    /// Each page has the store's budget.
    pub(super) async fn each_item<F>(
        &self,
        ask: impl Fn(Option<Item>) -> F,
        mut take: impl FnMut(Item) -> Result<ControlFlow<()>, BoxError>,
    ) -> Result<(), StoreError>
    where
        F: Future<Output = Result<Page, Trouble>> + Send,
    {
        let mut from = None;
        loop {
            let (items, next) = self.retry(|| ask(from.clone())).await?;
            for item in items {
                if take(item).map_err(StoreError::Broken)?.is_break() {
                    return Ok(());
                }
            }
            if next.is_none() {
                return Ok(());
            }
            from = next;
        }
    }

    /// Reads all pages and returns the items that can be read.
    pub(super) async fn all_items<F, T>(
        &self,
        table: Table,
        ask: impl Fn(Option<Item>) -> F,
        read: impl Fn(Item) -> Result<T, BoxError>,
    ) -> Result<Vec<T>, StoreError>
    where
        F: Future<Output = Result<Page, Trouble>> + Send,
    {
        let mut all = Vec::new();
        self.each_item(ask, |item| {
            all.extend(self.readable(table, item, &read));
            Ok(ControlFlow::Continue(()))
        })
        .await?;
        Ok(all)
    }

    /// Reads one item of a list. An item that cannot be read is logged with its key, counted and
    /// left out, so that the rest of the list is still returned.
    pub(super) fn readable<T>(
        &self,
        table: Table,
        item: Item,
        read: impl FnOnce(Item) -> Result<T, BoxError>,
    ) -> Option<T> {
        let named = |name: &&str| Some(format!("{name}={}", item.get(*name)?.as_s().ok()?));
        let key = NAMES.iter().filter_map(named).collect::<Vec<_>>().join(" ");
        match read(item) {
            Ok(read) => Some(read),
            Err(error) => {
                let error = causes(error.as_ref());
                tracing::error!(
                    table = table.variable(),
                    key,
                    error,
                    "an item cannot be read; it is left out"
                );
                self.metrics.unreadable();
                None
            }
        }
    }
}
