//! A model of the catalog as callers see it: what a valid request to it has, and what that costs
//! today.

use super::model_inputs::{ModelInputs, ModelPrice, prices};
use super::schema::{Factor, UnixSeconds, list, model};
use crate::catalog::{Catalog, Inputs, Model, Services};
use crate::http::ErrorCode;
use crate::http::openapi::{Operation, Told, balance, in_path, link, of, ok, shapes, text};
use crate::money::MoneyOverflow;
use crate::pricing::Rates;
use serde::Serialize;
use utoipa::ToSchema;

/// The first four fields are OpenAI's; the others are what a submit needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Model)]
pub struct ModelObject {
    /// What a submit sends as `model`.
    pub id: String,
    #[schema(schema_with = model)]
    pub object: &'static str,
    /// When the model entered this catalog, in Unix seconds.
    #[schema(value_type = UnixSeconds)]
    pub created: i64,
    /// Whose namespace the id is in: what stands before its slash.
    pub owned_by: String,
    /// Who renders, by the name for people.
    pub provider: &'static str,
    /// Whether a submit would be taken now.
    pub available: bool,
    /// Why not; null when it is available.
    #[schema(required)]
    pub unavailable_reason: Option<String>,
    /// US dollars for a second of video, before markup: decimal text.
    #[schema(value_type = Factor)]
    pub usd_per_second: String,
    /// Pesos for a second of video, `usd_per_second × markup × fx_mxn_per_usd`: exact decimal text,
    /// with two to 18 places. A job costs this times its duration, rounded half up to six places.
    #[schema(pattern = r"^(0|[1-9][0-9]*)\.[0-9]{2,18}$", examples("0.84"))]
    pub mxn_per_second: String,
    /// What is put on the provider's price, decimal text: 1.05 is five per cent.
    #[schema(value_type = Factor)]
    pub markup: String,
    /// Pesos for a US dollar, decimal text. A job keeps price, markup and rate of its submit.
    #[schema(value_type = Factor)]
    pub fx_mxn_per_usd: String,
    /// Seconds when a submit does not say.
    #[schema(minimum = 1)]
    pub default_duration: u32,
    /// The lengths in seconds that can be asked for, ascending.
    pub durations: Vec<u32>,
    /// The longest of them.
    #[schema(minimum = 1)]
    pub max_duration: u32,
    /// The shape when a submit does not say.
    #[schema(required)]
    pub default_aspect_ratio: Option<String>,
    /// The shapes that can be asked for.
    pub aspect_ratios: Vec<String>,
    /// Whether the video has sound.
    pub audio: bool,
    /// How often to ask for a job of this model, in seconds. Asking faster is no error.
    #[schema(minimum = 1)]
    pub poll_every_seconds: u32,
    /// How long a job of this model usually takes.
    pub typical_seconds: TypicalSeconds,
    /// How long a prompt may be.
    pub prompt_length: PromptLength,
    /// The fields that a submit may have beside `duration` and `aspect_ratio`. One that is null
    /// cannot be sent for this model.
    pub inputs: ModelInputs,
    /// The price of a second by what decides it. Exactly one row applies to each order;
    /// `usd_per_second` is the one that applies when a submit chooses nothing.
    pub prices: Vec<ModelPrice>,
    /// When the provider retires the model, at the earliest, in Unix seconds; null when no day is
    /// known.
    #[schema(value_type = Option<UnixSeconds>, required)]
    pub retires: Option<i64>,
}

/// In Unicode scalar values: an emoji is one or a few, whatever its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct PromptLength {
    /// The fewest characters that a prompt may have.
    #[schema(minimum = 1)]
    pub min: usize,
    /// The most characters that a prompt may have.
    #[schema(maximum = 4000)]
    pub max: usize,
}

/// From submit to video, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct TypicalSeconds {
    /// Few jobs of the model take less time than this, in seconds.
    #[schema(minimum = 1)]
    pub min: u32,
    /// Few jobs of the model take more time than this, in seconds.
    #[schema(minimum = 1)]
    pub max: u32,
}

/// All models, ordered by id: OpenAI's list, which has no pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelList {
    #[schema(schema_with = list)]
    pub object: &'static str,
    /// The models, available or not.
    pub data: Vec<ModelObject>,
}

impl ModelObject {
    /// The model at these rates, where these providers can be used.
    pub fn new(model: &Model, rates: &Rates, services: &Services) -> Result<Self, MoneyOverflow> {
        let price = rates.price(model.usd_per_second());
        let unavailable = model.route_at(services).err();
        let (namespace, _) = model.id.split_once('/').unwrap_or((&model.id, ""));
        let (min, max) = model.typical_s;
        let Inputs { duration, aspect_ratio, .. } = &model.inputs;
        Ok(Self {
            id: model.id.clone(),
            object: "model",
            created: model.created.unix_s(),
            owned_by: namespace.to_owned(),
            provider: model.provider().name(),
            available: unavailable.is_none(),
            unavailable_reason: unavailable.map(|why| why.to_string()),
            usd_per_second: price.usd_per_second.to_string(),
            mxn_per_second: price.mxn_per_second()?.to_string(),
            markup: price.markup.to_string(),
            fx_mxn_per_usd: price.fx_mxn_per_usd.to_string(),
            default_duration: duration.default,
            durations: duration.values.clone(),
            max_duration: model.max_s(),
            default_aspect_ratio: Some(aspect_ratio.default.clone()),
            aspect_ratios: aspect_ratio.values.clone(),
            audio: model.audio,
            poll_every_seconds: model.poll_every_s,
            typical_seconds: TypicalSeconds { min, max },
            prompt_length: PromptLength { min: model.prompt.min, max: model.prompt.max },
            inputs: ModelInputs::from(&model.inputs),
            prices: prices(model, rates)?,
            retires: model.upstream().retires.map(|at| at.unix_s()),
        })
    }
}

impl ModelList {
    /// All models of the catalog, available or not, at these rates.
    pub fn new(
        catalog: &Catalog,
        rates: &Rates,
        services: &Services,
    ) -> Result<Self, MoneyOverflow> {
        let models = catalog.iter().map(|model| ModelObject::new(model, rates, services));
        Ok(Self { object: "list", data: models.collect::<Result<_, _>>()? })
    }
}

/// `GET /v1/models` in the OpenAPI document.
pub(super) fn list_all() -> Operation {
    let first = link("getModel", "id", "$response.body#/data/0/id", "The first model alone.");
    let told = Told {
        id: "listModels",
        tag: "models",
        summary: "Lists the models",
        description: "The whole catalog, available or not, with today's prices: all that is needed to build an order that is accepted.",
        parameters: Vec::new(),
        shapes: shapes::<ModelList>(),
        answer: ok("The models, ordered by id.", of::<ModelList>())
            .header("x-geekhub-balance-mxn", balance())
            .link("model", first)
            .build(),
    };
    told.guarded(&[])
}

/// `GET /v1/models/{id+}` in the OpenAPI document.
pub(super) fn get() -> Operation {
    let id = in_path(
        "id",
        "The model's id. Its slash may be sent as it is or as `%2F`.",
        text().examples(["fal/kling-2"]),
    );
    let told = Told {
        id: "getModel",
        tag: "models",
        summary: "Shows a model",
        description: "One model of the catalog, with today's price.",
        parameters: vec![id],
        shapes: shapes::<ModelObject>(),
        answer: ok("The model.", of::<ModelObject>())
            .header("x-geekhub-balance-mxn", balance())
            .build(),
    };
    told.guarded(&[ErrorCode::ModelNotFound])
}
