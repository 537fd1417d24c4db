//! What a submit may choose of a model, and what each choice costs.

use super::schema::Factor;
use crate::catalog::{Inputs, Model, PriceRow, When};
use crate::money::MoneyOverflow;
use crate::pricing::Rates;
use serde::Serialize;
use utoipa::ToSchema;

/// The further fields of an order to a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelInputs {
    /// The resolutions that can be asked for.
    #[schema(required)]
    pub resolution: Option<TextChoice>,
    /// With sound or without, where the model can do both.
    #[schema(required)]
    pub generate_audio: Option<SoundChoice>,
    /// The seeds that can be asked for.
    #[schema(required)]
    pub seed: Option<SeedRange>,
    /// What a negative prompt may be.
    #[schema(required)]
    pub negative_prompt: Option<NegativePrompt>,
}

/// A few texts, and the one that applies when a submit names none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TextChoice {
    pub values: Vec<String>,
    pub default: String,
}

/// With sound, without, and what applies when a submit does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SoundChoice {
    pub values: Vec<bool>,
    pub default: bool,
}

/// Whole numbers from `min` to `max`. Without a seed the provider draws one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct SeedRange {
    pub min: u32,
    pub max: u32,
}

/// The length of a negative prompt in Unicode scalar values, and the text that applies when a
/// submit has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NegativePrompt {
    #[schema(minimum = 1)]
    pub min: usize,
    #[schema(maximum = 2500)]
    pub max: usize,
    /// Null where nothing is sent then.
    #[schema(required)]
    pub default: Option<String>,
}

/// The price of a second for some orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelPrice {
    /// The row's name, as receipts have it in `price_row`.
    #[schema(examples("1080p-sound"))]
    pub name: String,
    /// The orders that it applies to.
    pub when: PriceConditions,
    /// US dollars for a second of video, before markup: decimal text.
    #[schema(value_type = Factor)]
    pub usd_per_second: String,
    /// Pesos for a second of video: exact decimal text, with two to 18 places.
    #[schema(pattern = r"^(0|[1-9][0-9]*)\.[0-9]{2,18}$", examples("0.84"))]
    pub mxn_per_second: String,
}

/// What an order has to have. A condition that is null always holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceConditions {
    /// One of these lengths in seconds.
    #[schema(required)]
    pub duration: Option<Vec<u32>>,
    /// One of these resolutions.
    #[schema(required)]
    pub resolution: Option<Vec<String>>,
    /// With sound, or without.
    #[schema(required)]
    pub generate_audio: Option<bool>,
}

impl From<&Inputs> for ModelInputs {
    fn from(inputs: &Inputs) -> Self {
        let Inputs {
            duration: _,
            aspect_ratio: _,
            resolution,
            generate_audio,
            seed,
            negative_prompt,
        } = inputs;
        Self {
            resolution: resolution.as_ref().map(|choice| TextChoice {
                values: choice.values.clone(),
                default: choice.default.clone(),
            }),
            generate_audio: generate_audio.as_ref().map(|choice| SoundChoice {
                values: choice.values.clone(),
                default: choice.default,
            }),
            seed: seed.then_some(SeedRange { min: 0, max: u32::MAX }),
            negative_prompt: negative_prompt.as_ref().map(|text| NegativePrompt {
                min: 1,
                max: text.max,
                default: text.default.clone(),
            }),
        }
    }
}

/// The rows of a model at these rates.
pub(super) fn prices(model: &Model, rates: &Rates) -> Result<Vec<ModelPrice>, MoneyOverflow> {
    let shown = |row: &PriceRow| {
        let When { duration, resolution, generate_audio } = row.when.clone();
        Ok(ModelPrice {
            name: row.name.clone(),
            when: PriceConditions { duration, resolution, generate_audio },
            usd_per_second: row.usd_per_second.to_string(),
            mxn_per_second: rates.price(row.usd_per_second).mxn_per_second()?.to_string(),
        })
    };
    model.prices.iter().map(shown).collect()
}
