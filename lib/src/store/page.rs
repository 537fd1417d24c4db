//! Answers that come in pages: DynamoDB reads at most 1 MB at a time.

use super::Store;
use super::error::{Item, StoreError, Trouble};
use crate::outbound::BoxError;
use std::ops::ControlFlow;

/// One page, and where the next one begins.
pub(super) type Page = (Vec<Item>, Option<Item>);

impl Store {
    /// Asks for page after page and hands on each item, until there are no more or enough were seen. Each page is tried for the store's
    /// budget.
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
            let (items, next) = self.retried(|| ask(from.clone())).await?;
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

    /// All items, read.
    pub(super) async fn all_items<F, T>(
        &self,
        ask: impl Fn(Option<Item>) -> F,
        read: impl Fn(Item) -> Result<T, BoxError>,
    ) -> Result<Vec<T>, StoreError>
    where
        F: Future<Output = Result<Page, Trouble>> + Send,
    {
        let mut all = Vec::new();
        self.each_item(ask, |item| {
            all.push(read(item)?);
            Ok(ControlFlow::Continue(()))
        })
        .await?;
        Ok(all)
    }
}
