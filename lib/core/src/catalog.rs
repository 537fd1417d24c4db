//! The seven models: what a caller may ask of each, what it costs, and what it is called at its
//! provider. Data and validation; the `CATALOG` variable's JSON overrides routes, prices, lengths,
//! ratios and cadence.

mod availability;
mod table;

pub use availability::{Service, Services, Unavailable};

use crate::error::{Refusal, shortened};
use crate::pricing::Factor;
use crate::provider::Provider;
use crate::time::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The longest prompt that we take for any model, in Unicode scalar values.
pub const LONGEST_PROMPT: usize = 4000;

/// The model whose one shape is not asked for: its provider has no field for it.
pub(crate) const HAILUO: &str = "fal/hailuo-02";
pub(crate) const HAILUO_RATIO: &str = "16:9";

/// A model that callers can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The namespaced id, such as `fal/kling-2`.
    pub id: String,
    /// Who renders it.
    pub provider: Provider,
    /// The provider's own id; `None` when it has no live upstream, and the model is then not
    /// available.
    pub route: Option<String>,
    /// US dollars for a second of video, before markup.
    pub usd_per_second: Factor,
    /// Seconds when the caller does not say.
    pub default_s: u32,
    /// The cap on seconds that is published.
    pub max_s: u32,
    /// The lengths in seconds that the provider renders, ascending.
    pub durations_s: Vec<u32>,
    /// The ratios that the provider renders; the first is its default.
    pub aspect_ratios: Vec<String>,
    /// Characters of a prompt, at least and at most. Where no schema of the provider's says, it is
    /// left to the provider's refusal.
    pub prompt_length: (usize, usize),
    /// Whether the video has sound.
    pub audio: bool,
    /// How often the provider is asked at first, in seconds. Callers are told the same.
    pub poll_every_s: u32,
    /// From submit to video, in seconds: usually between these two.
    pub typical_s: (u32, u32),
    /// When callers could first name it.
    pub entered: Timestamp,
    /// Whether the operator switched it off: it has no route because `CATALOG` says so.
    pub switched_off: bool,
    /// The operator knows that the provider asks so much, in US dollars for a second, and sells it
    /// all the same. Only the doctor reads it.
    pub loss_accepted_up_to: Option<Factor>,
}

/// All models, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog(BTreeMap<String, Model>);

/// Why a `CATALOG` override is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// Not the JSON that is expected.
    #[error("{0}; expected JSON such as {{\"fal/kling-2\":{{\"usd_per_second\":\"0.28\"}}}}")]
    Json(String),
    /// A model that does not exist.
    #[error("{0:?} is not a model of the catalog")]
    UnknownModel(String),
    /// A value that cannot be meant.
    #[error("{model}: {problem}")]
    Value {
        /// Which model.
        model: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}

/// What an operator may change of one model; absent fields stay as they are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Override {
    #[serde(default, with = "present")]
    route: Option<Option<String>>,
    usd_per_second: Option<String>,
    durations: Option<Vec<u32>>,
    aspect_ratios: Option<Vec<String>>,
    poll_every_seconds: Option<u32>,
    loss_accepted_up_to: Option<String>,
}

/// Tells `"route": null` (switch the model off) from no `route` at all.
mod present {
    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<String>>, D::Error> {
        Option::<String>::deserialize(deserializer).map(Some)
    }
}

impl Catalog {
    /// The published catalog.
    pub fn published() -> Self {
        Self(table::models().into_iter().map(|model| (model.id.clone(), model)).collect())
    }

    /// The published catalog with an operator's overrides, JSON by model id.
    pub fn with_overrides(json: &str) -> Result<Self, CatalogError> {
        let overrides: BTreeMap<String, Override> =
            serde_json::from_str(json).map_err(|error| CatalogError::Json(error.to_string()))?;
        let mut catalog = Self::published();
        for (id, changes) in overrides {
            let model =
                catalog.0.get_mut(&id).ok_or_else(|| CatalogError::UnknownModel(id.clone()))?;
            model.apply(changes).map_err(|problem| CatalogError::Value { model: id, problem })?;
        }
        Ok(catalog)
    }

    /// The model with this id, available or not.
    pub fn get(&self, id: &str) -> Option<&Model> {
        self.0.get(id)
    }

    /// All models, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &Model> {
        self.0.values()
    }
}

impl Model {
    fn apply(&mut self, changes: Override) -> Result<(), String> {
        if let Some(route) = changes.route.map(|route| route.filter(|route| !route.is_empty())) {
            if route != self.route {
                self.prompt_length = (1, LONGEST_PROMPT); // what was known is the other route's
            }
            self.route = route;
            self.switched_off = self.route.is_none();
        }
        if let Some(text) = changes.usd_per_second {
            let price = text.parse().ok().filter(|price| *price > Factor::from_millionths(0));
            self.usd_per_second = price.ok_or_else(|| {
                format!(
                    "usd_per_second is {text:?}, and must be a decimal number above 0 with at most six places; a route of \
                     null switches a model off"
                )
            })?;
        }
        if let Some(mut durations) = changes.durations {
            durations.sort_unstable();
            durations.dedup();
            if !durations.contains(&self.default_s) || durations.first() == Some(&0) {
                return Err(format!(
                    "durations must contain the default of {} seconds, and not 0",
                    self.default_s
                ));
            }
            self.max_s = durations.last().copied().unwrap_or(self.max_s);
            self.durations_s = durations;
        }
        if let Some(ratios) = changes.aspect_ratios {
            if ratios.is_empty() {
                return Err(
                    "aspect_ratios must name at least one, the provider's default first".to_owned()
                );
            }
            if self.id == HAILUO && ratios != [HAILUO_RATIO] {
                return Err(format!(
                    "aspect_ratios can only be {}: its provider cannot be asked for another",
                    HAILUO_RATIO
                ));
            }
            self.aspect_ratios = ratios;
        }
        if let Some(seconds) = changes.poll_every_seconds {
            if !(1..=60).contains(&seconds) {
                return Err("poll_every_seconds must be from 1 to 60".to_owned());
            }
            self.poll_every_s = seconds;
        }
        if let Some(text) = changes.loss_accepted_up_to {
            let asked = text.parse().map_err(|_| {
                format!("loss_accepted_up_to is {text:?}, and must be a decimal number from 0 with at most six places")
            })?;
            self.loss_accepted_up_to = Some(asked);
        }
        Ok(())
    }

    /// The length that is rendered and billed: the one asked for, or the model's default.
    pub fn seconds(&self, asked: Option<i128>) -> Result<u32, Refusal> {
        let Some(asked) = asked else { return Ok(self.default_s) };
        u32::try_from(asked).ok().filter(|seconds| self.durations_s.contains(seconds)).ok_or_else(
            || {
                let lengths = list(self.durations_s.iter().map(u32::to_string));
                Refusal::invalid(format!(
                    "duration: {} renders {lengths} seconds, not {asked}",
                    self.id
                ))
            },
        )
    }

    /// The shape that is rendered: the one asked for; `None` leaves it to the provider's default.
    pub fn aspect_ratio(&self, asked: Option<&str>) -> Result<Option<String>, Refusal> {
        match asked {
            Some(ratio) if !self.aspect_ratios.iter().any(|known| known == ratio) => {
                let ratios = list(self.aspect_ratios.iter().cloned());
                Err(Refusal::invalid(format!(
                    "aspect_ratio: {} renders {ratios}, not {:?}",
                    self.id,
                    shortened(ratio)
                )))
            }
            asked => Ok(asked.map(str::to_owned)),
        }
    }
}

/// `5`, `5 or 10`, `4, 6 or 8`.
fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match items.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kling(json: &str) -> Model {
        Catalog::with_overrides(json).unwrap().get("fal/kling-2").unwrap().clone()
    }

    #[test]
    fn every_default_is_a_length_that_can_be_rendered_within_the_cap() {
        let catalog = Catalog::published();
        assert_eq!(catalog.iter().count(), 7);
        for model in catalog.iter() {
            assert_eq!(model.seconds(None), Ok(model.default_s), "{}", model.id);
            assert!(model.seconds(Some(i128::from(model.default_s))).is_ok(), "{}", model.id);
            assert_eq!(model.durations_s.last(), Some(&model.max_s), "{}", model.id);
            assert!(!model.aspect_ratios.is_empty(), "{}", model.id);
            let (shortest, longest) = model.typical_s;
            assert!(model.poll_every_s < shortest && shortest < longest, "{}", model.id);
        }
    }

    #[test]
    fn a_length_between_the_renderable_ones_is_refused_with_their_list() {
        for asked in [0, -1, 7, 11, 1_000_000_000_000] {
            let refused = kling("{}").seconds(Some(asked)).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("duration: fal/kling-2 renders 5 or 10 seconds, not {asked}")
            );
        }
    }

    #[test]
    fn a_ratio_the_model_lacks_is_refused_with_the_list() {
        let refused = kling("{}").aspect_ratio(Some("4:5")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "aspect_ratio: fal/kling-2 renders 16:9, 9:16 or 1:1, not \"4:5\""
        );
        assert_eq!(kling("{}").aspect_ratio(Some("9:16")), Ok(Some("9:16".to_owned())));
        assert_eq!(kling("{}").aspect_ratio(None), Ok(None));
    }

    #[test]
    fn overrides_replace_only_what_they_name() {
        let changed = kling(
            r#"{"fal/kling-2":{"usd_per_second":"0.28","durations":[10,5],"poll_every_seconds":1}}"#,
        );
        let published = kling("{}");
        assert_eq!(changed.usd_per_second.to_string(), "0.28");
        assert_eq!((changed.poll_every_s, changed.durations_s.as_slice()), (1, [5, 10].as_slice()));
        assert_eq!(
            (changed.route, changed.aspect_ratios),
            (published.route, published.aspect_ratios)
        );
    }

    #[test]
    fn a_null_route_switches_a_model_off_and_a_route_switches_one_on() {
        let off = kling(r#"{"fal/kling-2":{"route":null}}"#);
        assert_eq!((off.route, off.switched_off, kling("{}").switched_off), (None, true, false));
        let (published, other) = (kling("{}"), kling(r#"{"fal/kling-2":{"route":"acme/kling"}}"#));
        assert_eq!(
            (published.prompt_length, other.prompt_length),
            ((1, 2500), (1, 4000)),
            "another's limit is not known"
        );
        let catalog =
            Catalog::with_overrides(r#"{"fal/runway-gen-4":{"route":"acme/runway"}}"#).unwrap();
        assert_eq!(catalog.get("fal/runway-gen-4").unwrap().route.as_deref(), Some("acme/runway"));
    }

    #[test]
    fn a_mistake_in_the_override_is_named() {
        for (json, says) in [
            ("[]", "expected JSON such as"),
            (r#"{"fal/kling-9":{}}"#, "\"fal/kling-9\" is not a model"),
            (r#"{"fal/kling-2":{"price":"1"}}"#, "unknown field `price`"),
            (r#"{"fal/kling-2":{"usd_per_second":"-1"}}"#, "fal/kling-2: usd_per_second"),
            (
                r#"{"fal/kling-2":{"usd_per_second":"0"}}"#,
                "is \"0\", and must be a decimal number above 0",
            ),
            (r#"{"fal/kling-2":{"durations":[10]}}"#, "must contain the default of 5 seconds"),
            (r#"{"fal/kling-2":{"aspect_ratios":[]}}"#, "at least one"),
            (r#"{"fal/hailuo-02":{"aspect_ratios":["16:9","9:16"]}}"#, "can only be 16:9"),
            (r#"{"fal/kling-2":{"poll_every_seconds":0}}"#, "from 1 to 60"),
            (
                r#"{"fal/kling-2":{"loss_accepted_up_to":"much"}}"#,
                "fal/kling-2: loss_accepted_up_to",
            ),
        ] {
            let message = Catalog::with_overrides(json).unwrap_err().to_string();
            assert!(message.contains(says), "{json}: {message}");
        }
    }
}
