//! Reads a statement as its owner would, page by page.

use crate::asking::{Ask, Reply};
use crate::stage::{Caller, Stage, until};
use ghub::id::OrgId;
use ghub::money::Money;
use ghub::store::{Entry, Posted};
use reqwest::Method;
use serde_json::Value;

/// A caller who reads an organization's statement.
pub(super) struct Reader<'a> {
    pub(super) stage: &'a Stage,
    pub(super) org: OrgId,
    pub(super) key: String,
}

/// A statement, page by page from the newest entry to the first.
pub(super) struct Walk {
    pub(super) transactions: Vec<Value>,
    /// Shown with the first page.
    pub(super) balance: Option<Money>,
}

impl<'a> Reader<'a> {
    pub(super) async fn of(stage: &'a Stage, caller: &Caller) -> Self {
        Self { stage, org: caller.org, key: stage.key_of(caller).await }
    }

    /// The answer, once there is one: a walk may be as fast as the key's limit of requests a
    /// second, and the store may be overloaded.
    pub(super) async fn get(&self, rest: &str) -> Reply {
        until(async || {
            let reply = self
                .stage
                .ask(Ask::new(Method::GET, &format!("/v1/credits{rest}")).key(&self.key))
                .await;
            (!matches!(reply.status, 429 | 503)).then_some(reply)
        })
        .await
    }

    pub(super) async fn page(&self, query: &str) -> Reply {
        self.get(&format!("/transactions?{query}")).await
    }

    pub(super) async fn transactions(&self, query: &str) -> Vec<Value> {
        let page = self.page(query).await;
        assert_eq!(page.status, 200, "{query}: {}", page.body);
        page.body["data"].as_array().unwrap().clone()
    }

    pub(super) async fn walk(&self, limit: usize) -> Walk {
        let mut page = self.page(&format!("limit={limit}")).await;
        let mut walk = Walk { transactions: Vec::new(), balance: page.balance() };
        loop {
            assert_eq!(page.status, 200, "{}", page.body);
            let data = page.body["data"].as_array().unwrap();
            let ends: Vec<_> =
                [data.first(), data.last()].map(|end| end.map(|one| one["id"].clone())).into();
            assert_eq!(
                [Some(page.body["first_id"].clone()), Some(page.body["last_id"].clone())],
                *ends
            );
            walk.transactions.extend(data.iter().cloned());
            if page.body["has_more"] == false {
                return walk;
            }
            assert_eq!(data.len(), limit, "only the last page is short");
            let last = page.body["last_id"].as_str().unwrap().to_owned();
            page = self.page(&format!("limit={limit}&after={last}")).await;
        }
    }

    pub(super) async fn recharge(&self, reference: &str, amount: &str, now_unix_ms: u64) {
        let entry = Entry::recharge(self.org, reference, amount.parse().unwrap(), now_unix_ms);
        assert_eq!(self.stage.store.post(&entry).await.unwrap(), Posted::Now);
    }
}

impl Walk {
    pub(super) fn ids(&self) -> Vec<&str> {
        self.transactions.iter().map(|one| one["id"].as_str().unwrap()).collect()
    }

    pub(super) fn sum(&self) -> Money {
        let mut amounts = self.transactions.iter().map(|one| mxn(one, "amount"));
        amounts.try_fold(Money::ZERO, Money::plus).unwrap()
    }

    /// Each transaction's balance is the sum of it and all below it, and the first one's is what
    /// was shown beside it.
    pub(super) fn adds_up(&self) {
        let mut sum = Money::ZERO;
        for one in self.transactions.iter().rev() {
            sum = sum.plus(mxn(one, "amount")).unwrap();
            assert_eq!(mxn(one, "balance_after"), sum, "{one}");
        }
        assert_eq!(self.balance, Some(sum));
    }
}

pub(super) fn mxn(transaction: &Value, name: &str) -> Money {
    transaction[name].as_str().unwrap().parse().unwrap()
}
