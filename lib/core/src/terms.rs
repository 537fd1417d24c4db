//! The terms of a job: what was ordered and what it costs. They are agreed on at the submit, and
//! nothing changes them afterwards but the deletion by their owner.

mod prompt;

use crate::catalog::Model;
use crate::error::Refusal;
use crate::id::Mode;
use crate::money::{Money, MoneyOverflow};
use crate::order::{Order, sha256_hex};
use crate::pricing::{Price, Rates};
use crate::provider::Provider;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What was ordered, resolved and priced. The names are those of the stored job's attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    model: String,
    provider: Provider,
    route: String,
    prompt: String,
    seconds: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    aspect_ratio: Option<String>,
    price: Price,
    cost: Money,
    poll_every_s: u32,
}

/// Why there are no terms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTerms {
    /// The caller can mend the order.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The price has no room in an amount of money.
    #[error(transparent)]
    Overflow(#[from] MoneyOverflow),
}

impl Terms {
    /// The terms of an order: its values checked against the model, defaults filled in, price and
    /// cost frozen. `route` is the provider's name for the model. In a sandbox the job goes to no
    /// provider and costs nothing.
    pub fn agree(
        order: &Order,
        model: &Model,
        route: &str,
        rates: &Rates,
        mode: Mode,
    ) -> Result<Self, NoTerms> {
        let prompt = prompt::check(order.prompt(), model)?;
        let seconds = model.seconds(order.duration())?;
        let aspect_ratio = model.aspect_ratio(order.aspect_ratio())?;
        let price = rates.price(model.usd_per_second);
        let live = price.cost_rounded_half_up(seconds)?;
        let (provider, route, cost, poll_every_s) = match mode {
            Mode::Live => (model.provider, route, live, model.poll_every_s),
            Mode::Sandbox => (Provider::Sandbox, SANDBOX_ROUTE, Money::ZERO, SANDBOX_POLL_EVERY_S),
        };
        Ok(Self {
            model: model.id.clone(),
            provider,
            route: route.to_owned(),
            prompt: prompt.to_owned(),
            seconds,
            aspect_ratio,
            price,
            cost,
            poll_every_s,
        })
    }

    /// The catalog id that the caller named.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The provider that the job goes to.
    pub const fn provider(&self) -> Provider {
        self.provider
    }

    /// The provider's name for the model. A catalog that changes later does not change it.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// The caller's text. It is empty once the job is deleted.
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// Seconds that are rendered and billed.
    pub const fn seconds(&self) -> u32 {
        self.seconds
    }

    /// The shape; `None` leaves it to the provider.
    pub fn aspect_ratio(&self) -> Option<&str> {
        self.aspect_ratio.as_deref()
    }

    /// What decides the price of a second, as it was at the submit.
    pub const fn price(&self) -> Price {
        self.price
    }

    /// `price × seconds`, rounded once. It is 0 in a sandbox.
    pub const fn cost(&self) -> Money {
        self.cost
    }

    /// What the job would cost with a live key.
    pub fn estimate(&self) -> Money {
        self.price.cost_rounded_half_up(self.seconds).unwrap_or(self.cost)
    }

    /// How often the provider is asked at first, in seconds.
    pub const fn poll_every_s(&self) -> u32 {
        self.poll_every_s
    }

    /// The attributes that [`Self::erased`] empties.
    pub const ERASED: [&str; 1] = ["prompt"];

    /// The terms of a job that its owner deleted. What the caller wrote is gone. What the books and
    /// the provider's bill are checked by stays.
    #[must_use]
    pub fn erased(self) -> Self {
        let Self {
            model,
            provider,
            route,
            prompt: _,
            seconds,
            aspect_ratio,
            price,
            cost,
            poll_every_s,
        } = self;
        let prompt = String::new();
        Self { model, provider, route, prompt, seconds, aspect_ratio, price, cost, poll_every_s }
    }

    /// The hash that the version before wrote to an idempotency record: it covers the resolved
    /// values. Its records stand for 24 hours.
    pub fn resolved_hash(&self) -> String {
        let Self {
            model,
            prompt,
            seconds,
            aspect_ratio,
            provider: _,
            route: _,
            price: _,
            cost: _,
            poll_every_s: _,
        } = self;
        sha256_hex(&json!([model, prompt, seconds, aspect_ratio]))
    }
}

/// The name of a sandbox job's route.
const SANDBOX_ROUTE: &str = "sandbox";

/// How often a sandbox's job is looked at, in seconds: it ends within moments.
const SANDBOX_POLL_EVERY_S: u32 = 2;

#[cfg(test)]
mod tests;
