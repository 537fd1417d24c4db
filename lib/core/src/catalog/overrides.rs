//! The `CATALOG` variable: what an operator changes of the published catalog.

use super::{Catalog, LONGEST_PROMPT, Model, PromptLength, applying};
use crate::pricing::Factor;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Why a `CATALOG` override is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// The variable is not JSON of the expected form.
    #[error("{0}; expected JSON such as {{\"fal/kling-2\":{{\"usd_per_second\":\"0.28\"}}}}")]
    Json(String),
    /// The catalog has no such model.
    #[error("{0:?} is not a model of the catalog")]
    UnknownModel(String),
    /// A value is not allowed.
    #[error("{model}: {problem}")]
    Value {
        model: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

/// The changes of one model. Fields that are absent stay as they are.
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
    /// The published catalog with an operator's overrides: a JSON object by model id.
    pub fn with_overrides(json: &str) -> Result<Self, CatalogError> {
        let overrides: BTreeMap<String, Override> =
            serde_json::from_str(json).map_err(|error| CatalogError::Json(error.to_string()))?;
        let mut catalog = Self::published();
        for (id, changes) in overrides {
            let known = catalog.get(&id).ok_or_else(|| CatalogError::UnknownModel(id.clone()))?;
            let mut model = known.clone();
            if let Err(problem) = model.apply(changes) {
                return Err(CatalogError::Value { model: id, problem });
            }
            catalog.changed.insert(id, model);
        }
        Ok(catalog)
    }
}

impl Model {
    fn apply(&mut self, changes: Override) -> Result<(), String> {
        if let Some(route) = changes.route.map(|route| route.filter(|route| !route.is_empty())) {
            let upstream = self.upstreams.first_mut().ok_or("it has no upstream")?;
            if route != upstream.modes.text {
                // The limits and the price belong to the other route.
                self.prompt = PromptLength { min: 1, max: LONGEST_PROMPT };
                upstream.asks = None;
            }
            upstream.modes.text = route;
            self.switched_off = upstream.modes.text.is_none();
        }
        if let Some(text) = changes.usd_per_second {
            self.reprice(&text)?;
        }
        if let Some(mut durations) = changes.durations {
            durations.sort_unstable();
            durations.dedup();
            self.inputs.duration.values = durations;
        }
        if let Some(ratios) = changes.aspect_ratios {
            let first = ratios.first().ok_or(
                "aspect_ratios must name at least one, the one that applies by default first",
            )?;
            self.inputs.aspect_ratio.default = first.clone();
            self.inputs.aspect_ratio.values = ratios;
        }
        if let Some(seconds) = changes.poll_every_seconds {
            self.poll_every_s = seconds;
        }
        if let Some(text) = changes.loss_accepted_up_to {
            let asked = text.parse().map_err(|_| {
                format!("loss_accepted_up_to is {text:?}, and must be a decimal number from 0 with at most six places")
            })?;
            self.loss_accepted_up_to = Some(asked);
        }
        self.check()
    }

    /// Changes the price that applies when a caller chooses nothing. Other rows keep theirs.
    fn reprice(&mut self, text: &str) -> Result<(), String> {
        let price = text.parse().ok().filter(|price| *price > Factor::from_millionths(0));
        let price = price.ok_or_else(|| {
            format!(
                "usd_per_second is {text:?}, and must be a decimal number above 0 with at most six \
                 places; a route of null switches a model off"
            )
        })?;
        let name = applying(&self.prices, &self.defaults()).map(|row| row.name.clone());
        let rows = self.prices.iter_mut().filter(|row| Some(&row.name) == name.as_ref());
        rows.for_each(|row| row.usd_per_second = price);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kling(json: &str) -> Model {
        Catalog::with_overrides(json).unwrap().get("fal/kling-2").unwrap().clone()
    }

    #[test]
    fn overrides_replace_only_what_they_name() {
        let changed = kling(
            r#"{"fal/kling-2":{"usd_per_second":"0.28","durations":[10,5],"poll_every_seconds":1}}"#,
        );
        let published = kling("{}");
        assert_eq!(changed.usd_per_second().to_string(), "0.28");
        assert_eq!(
            (changed.poll_every_s, changed.inputs.duration.values.as_slice()),
            (1, [5, 10].as_slice())
        );
        assert_eq!(
            (changed.upstreams, changed.inputs.aspect_ratio),
            (published.upstreams, published.inputs.aspect_ratio)
        );
    }

    #[test]
    fn a_null_route_switches_a_model_off_and_a_route_switches_one_on() {
        let off = kling(r#"{"fal/kling-2":{"route":null}}"#);
        assert_eq!((off.route(), off.switched_off, kling("{}").switched_off), (None, true, false));
        let (published, other) = (kling("{}"), kling(r#"{"fal/kling-2":{"route":"acme/kling"}}"#));
        assert_eq!(
            (published.prompt.max, other.prompt.max),
            (2500, 4000),
            "another's limit is not known"
        );
        let catalog =
            Catalog::with_overrides(r#"{"fal/runway-gen-4":{"route":"acme/runway"}}"#).unwrap();
        assert_eq!(catalog.get("fal/runway-gen-4").unwrap().route(), Some("acme/runway"));
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
            (
                r#"{"fal/kling-2":{"durations":[10]}}"#,
                "the default of duration is 5, and must be 10",
            ),
            (r#"{"fal/kling-2":{"aspect_ratios":[]}}"#, "at least one"),
            (
                r#"{"fal/hailuo-02":{"aspect_ratios":["16:9","9:16"]}}"#,
                "fal.ai cannot be asked for aspect_ratio \"9:16\"",
            ),
            (r#"{"fal/kling-2":{"poll_every_seconds":0}}"#, "must be from 1 to 60"),
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
