//! A model as its entry describes it.

use super::inputs::{Inputs, Resolved};
use super::price_row::{PriceRow, applying};
use super::upstream::Upstream;
use crate::pricing::Factor;
use crate::provider::Provider;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A model that callers can name. `models.schema.json` describes each field of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The namespaced id, such as `fal/kling-2`.
    pub id: String,
    /// When the model joined the catalog.
    pub created: Timestamp,
    pub prompt: PromptLength,
    pub inputs: Inputs,
    /// Whether the video has sound, unless the caller chooses otherwise.
    pub audio: bool,
    /// The row that applies when the caller chooses nothing is the model's price in short.
    pub prices: Vec<PriceRow>,
    /// The time between two looks at first, in seconds. Callers are told to poll at the same rate.
    pub poll_every_s: u32,
    /// The usual time from submit to video, in seconds: from, to.
    pub typical_s: (u32, u32),
    /// Who renders it: the first one does.
    pub upstreams: Vec<Upstream>,
    /// Whether the operator switched the model off: `CATALOG` takes its route away.
    #[serde(skip)]
    pub switched_off: bool,
    /// The provider's price, in US dollars for a second, at which the operator sells the model
    /// although it makes a loss. Only the doctor command reads it.
    #[serde(skip)]
    pub loss_accepted_up_to: Option<Factor>,
}

/// The shortest and the longest prompt, in Unicode scalar values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptLength {
    pub min: usize,
    pub max: usize,
}

impl Model {
    /// The upstream that renders the model.
    pub fn upstream(&self) -> &Upstream {
        self.upstreams.first().expect("a checked model has an upstream")
    }

    /// The provider that renders the model.
    pub fn provider(&self) -> Provider {
        self.upstream().provider
    }

    /// The provider's id of the model; `None` when no provider serves it now.
    pub fn route(&self) -> Option<&str> {
        self.upstream().modes.text.as_deref()
    }

    /// The values that apply when a caller chooses nothing.
    pub fn defaults(&self) -> Resolved {
        let Inputs { duration, aspect_ratio, resolution, generate_audio, seed: _, negative_prompt } =
            &self.inputs;
        Resolved {
            seconds: duration.default,
            aspect_ratio: Some(aspect_ratio.default.clone()),
            resolution: resolution.as_ref().map(|choice| choice.default.clone()),
            generate_audio: generate_audio.as_ref().map(|choice| choice.default),
            seed: None,
            negative_prompt: negative_prompt.as_ref().and_then(|text| text.default.clone()),
        }
    }

    /// The row of the price of an order.
    pub fn price_of(&self, order: &Resolved) -> &PriceRow {
        applying(&self.prices, order).expect("a checked model has a price for each order")
    }

    /// US dollars for a second of video when a caller chooses nothing, before markup.
    pub fn usd_per_second(&self) -> Factor {
        self.price_of(&self.defaults()).usd_per_second
    }

    /// The highest of its prices, in US dollars for a second, before markup.
    pub fn highest_usd_per_second(&self) -> Factor {
        let prices = self.prices.iter().map(|row| row.usd_per_second);
        prices.max().unwrap_or(Factor::from_millionths(0))
    }

    /// The longest video, in seconds.
    pub fn max_s(&self) -> u32 {
        let Inputs { duration, .. } = &self.inputs;
        duration.values.iter().copied().max().unwrap_or(duration.default)
    }
}
