//! The terms of a job: what was ordered and what it costs. They are agreed on at the submit, and
//! nothing changes them afterwards but the deletion by their owner.

use crate::catalog::{Catalog, Offer, Resolved};
use crate::error::Refusal;
use crate::failure::{Failure, FailureCode};
use crate::id::Mode;
use crate::money::{Money, MoneyOverflow};
use crate::order::{Order, sha256_hex};
use crate::pricing::{Price, Rates};
use crate::prompt;
use crate::provider::Provider;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::iter;

/// What was ordered, resolved and priced. The names are those of the stored job's attributes. One
/// that can be absent is so on jobs of versions before, which did not know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    model: String,
    provider: Provider,
    route: String,
    prompt: String,
    seconds: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    aspect_ratio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generate_audio: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<String>,
    /// What the provider is told, beside the prompt, as JSON text: it may have fractions, and no
    /// number of a stored item has one. A catalog that changes later changes no job.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    price: Price,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_row: Option<String>,
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
    /// The terms of an order: what the catalog has for it, with price and cost frozen. In a sandbox
    /// the job goes to no provider and costs nothing.
    pub fn agree(
        order: &Order,
        offer: Offer<'_>,
        rates: &Rates,
        mode: Mode,
    ) -> Result<Self, NoTerms> {
        let Offer { model, upstream, route, resolved, price: row, input } = offer;
        let lengths = (model.prompt.min, model.prompt.max);
        let prompt = prompt::check("prompt", order.prompt(), lengths, &model.id)?;
        let price = rates.price(row.usd_per_second);
        let live = price.cost_rounded_half_up(resolved.seconds)?;
        if let Some(most) = order.max_cost().filter(|most| live > *most) {
            return Err(Refusal::MaxCostExceeded { cost: live, most }.into());
        }
        let (provider, route, cost, poll_every_s) = match mode {
            Mode::Live => (upstream.provider, route, live, model.poll_every_s),
            Mode::Sandbox => (Provider::Sandbox, SANDBOX_ROUTE, Money::ZERO, SANDBOX_POLL_EVERY_S),
        };
        let Resolved { seconds, aspect_ratio, resolution, generate_audio, seed, negative_prompt } =
            resolved;
        Ok(Self {
            model: model.id.clone(),
            provider,
            route: route.to_owned(),
            prompt: prompt.to_owned(),
            seconds,
            aspect_ratio,
            resolution,
            generate_audio,
            seed,
            negative_prompt,
            input: Some(Value::Object(input).to_string()),
            metadata: order.metadata().cloned(),
            user: order.user().map(str::to_owned),
            price,
            price_row: Some(row.name.clone()),
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

    /// The texts of the caller's that its provider is told.
    pub fn prompts(&self) -> Vec<&str> {
        iter::once(self.prompt()).chain(self.negative_prompt()).collect()
    }

    /// Seconds that are rendered and billed.
    pub const fn seconds(&self) -> u32 {
        self.seconds
    }

    /// The shape; `None` on jobs of the versions before, which left it to the provider.
    pub fn aspect_ratio(&self) -> Option<&str> {
        self.aspect_ratio.as_deref()
    }

    /// The resolution, where the model has several.
    pub fn resolution(&self) -> Option<&str> {
        self.resolution.as_deref()
    }

    /// Whether the video is to have sound, where the model can do both.
    pub const fn generate_audio(&self) -> Option<bool> {
        self.generate_audio
    }

    /// The number that makes the render repeatable, if the caller gave one.
    pub const fn seed(&self) -> Option<u32> {
        self.seed
    }

    /// What the video must not show. It is absent once the job is deleted.
    pub fn negative_prompt(&self) -> Option<&str> {
        self.negative_prompt.as_deref()
    }

    /// The caller's own labels. They are absent once the job is deleted.
    pub const fn metadata(&self) -> Option<&Map<String, Value>> {
        self.metadata.as_ref()
    }

    /// The caller's own end user. It is absent once the job is deleted.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// What the provider is told, beside the prompt: frozen at the submit. For a job of a version
    /// before, which has only a length and perhaps a shape, it is made by today's entry.
    ///
    /// # Errors
    ///
    /// A failure if the job is of a version before, and the built-in catalog has no such model.
    pub fn input(&self) -> Result<Map<String, Value>, Failure> {
        if let Some(input) = &self.input {
            return serde_json::from_str(input).map_err(|error| self.not_told(&error.to_string()));
        }
        let catalog = Catalog::published();
        let told = catalog.get(&self.model).and_then(|model| {
            let defaults = model.defaults();
            let aspect_ratio = self.aspect_ratio.clone().or(defaults.aspect_ratio);
            let order = Resolved { seconds: self.seconds, aspect_ratio, ..defaults };
            model.upstream().input(&order).ok()
        });
        told.ok_or_else(|| self.not_told("the catalog has no entry that could say"))
    }

    fn not_told(&self, why: &str) -> Failure {
        let message = format!("it is not known how a request for {} is spelled: {why}", self.model);
        Failure::new(FailureCode::ProviderUnavailable, &message)
    }

    /// What decides the price of a second, as it was at the submit.
    pub const fn price(&self) -> Price {
        self.price
    }

    /// The name of the catalog's row that the price is from; `None` on jobs of the versions before.
    pub fn price_row(&self) -> Option<&str> {
        self.price_row.as_deref()
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

    /// The terms of a job that its provider has taken. What the provider is told goes, since it is
    /// never told again, and each later write of the job costs less.
    #[must_use]
    pub fn told(self) -> Self {
        Self { input: None, ..self }
    }

    /// The attributes that [`Self::erased`] empties or takes away.
    pub const ERASED: [&str; 5] = ["prompt", "negative_prompt", "input", "metadata", "user"];

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
            resolution,
            generate_audio,
            seed,
            negative_prompt: _,
            input: _,
            metadata: _,
            user: _,
            price,
            price_row,
            cost,
            poll_every_s,
        } = self;
        Self {
            model,
            provider,
            route,
            prompt: String::new(),
            seconds,
            aspect_ratio,
            resolution,
            generate_audio,
            seed,
            negative_prompt: None,
            input: None,
            metadata: None,
            user: None,
            price,
            price_row,
            cost,
            poll_every_s,
        }
    }

    /// The hash that versions before wrote to an idempotency record: it covers the resolved values,
    /// with the shape as it was asked for. Their records stand for 24 hours.
    pub fn resolved_hash(&self, order: &Order) -> String {
        sha256_hex(&json!([self.model, self.prompt, self.seconds, order.aspect_ratio()]))
    }
}

/// The name of a sandbox job's route.
const SANDBOX_ROUTE: &str = "sandbox";

/// How often a sandbox's job is looked at, in seconds: it ends within moments.
const SANDBOX_POLL_EVERY_S: u32 = 2;

#[cfg(test)]
mod tests;
