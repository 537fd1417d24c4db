//! The catalog of the seven models: what a caller may ask of each, its price, and its id at the
//! provider. The JSON in the variable `CATALOG` overrides routes, prices, lengths, ratios and
//! cadence.

mod availability;
mod overrides;
mod table;

pub use availability::{Service, Services, Unavailable};
pub use overrides::CatalogError;

use crate::error::{Refusal, shortened};
use crate::pricing::Factor;
use crate::provider::Provider;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// The longest prompt that we accept for any model, in Unicode scalar values.
pub const LONGEST_PROMPT: usize = 4000;

/// The model with a single aspect ratio: its provider has no field for it, so we send none.
pub(crate) const HAILUO: &str = "fal/hailuo-02";
pub(crate) const HAILUO_RATIO: &str = "16:9";

/// A model that callers can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The namespaced id, such as `fal/kling-2`.
    pub id: String,
    pub provider: Provider,
    /// The provider's own id of the model. `None` when no provider serves it now. The model is then
    /// not available.
    pub route: Option<String>,
    /// US dollars for a second of video, before markup.
    pub usd_per_second: Factor,
    /// The length in seconds when the caller gives none.
    pub default_s: u32,
    /// The published maximum length in seconds.
    pub max_s: u32,
    /// The lengths in seconds that the provider renders, in ascending order.
    pub durations_s: Vec<u32>,
    /// The aspect ratios that the provider renders. The first is its default.
    pub aspect_ratios: Vec<String>,
    /// The shortest and the longest prompt, in characters. If the provider publishes no limit, ours
    /// applies and the provider may refuse.
    pub prompt_length: (usize, usize),
    /// Whether the video has sound.
    pub audio: bool,
    /// The time between two looks at first, in seconds. Callers are told to poll at the same rate.
    pub poll_every_s: u32,
    /// The usual time from submit to video, in seconds: from, to.
    pub typical_s: (u32, u32),
    /// When the model joined the catalog.
    pub entered: Timestamp,
    /// Whether the operator switched it off: `CATALOG` takes its route away.
    pub switched_off: bool,
    /// The provider's price, in US dollars for a second, at which the operator sells the model
    /// although it makes a loss. Only the doctor command reads it.
    pub loss_accepted_up_to: Option<Factor>,
}

/// All models, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog(BTreeMap<String, Model>);

impl Catalog {
    /// The published catalog, without overrides.
    pub fn published() -> Self {
        Self(table::models().into_iter().map(|model| (model.id.clone(), model)).collect())
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
    /// The length that is rendered and billed, in seconds: the one asked for, or the model's
    /// default.
    ///
    /// # Errors
    ///
    /// A refusal for the caller if the model does not render that length.
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

    /// The aspect ratio that is rendered: the one asked for. `None` leaves it to the provider's
    /// default.
    ///
    /// # Errors
    ///
    /// A refusal for the caller if the model does not render that ratio.
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

/// Joins items for a sentence: `5`, `5 or 10`, `4, 6 or 8`.
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

    fn kling() -> Model {
        Catalog::published().get("fal/kling-2").unwrap().clone()
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
            let refused = kling().seconds(Some(asked)).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("duration: fal/kling-2 renders 5 or 10 seconds, not {asked}")
            );
        }
    }

    #[test]
    fn a_ratio_the_model_lacks_is_refused_with_the_list() {
        let refused = kling().aspect_ratio(Some("4:5")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "aspect_ratio: fal/kling-2 renders 16:9, 9:16 or 1:1, not \"4:5\""
        );
        assert_eq!(kling().aspect_ratio(Some("9:16")), Ok(Some("9:16".to_owned())));
        assert_eq!(kling().aspect_ratio(None), Ok(None));
    }
}
