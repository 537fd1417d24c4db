//! What a second of a model costs, by what decides it.

use super::inputs::Resolved;
use crate::pricing::Factor;
use serde::{Deserialize, Serialize};

/// One price of a model, and the orders that it applies to. Exactly one row applies to each order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRow {
    /// The name on the receipt, such as `1080p-sound`.
    pub name: String,
    #[serde(default, skip_serializing_if = "When::is_always")]
    pub when: When,
    /// US dollars for a second of video, before markup.
    #[serde(with = "decimal_text")]
    pub usd_per_second: Factor,
}

/// The orders that a row applies to. A condition that is absent always holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// One of these lengths, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Vec<u32>>,
    /// One of these resolutions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Vec<String>>,
    /// With sound, or without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generate_audio: Option<bool>,
}

impl When {
    fn is_always(&self) -> bool {
        *self == Self::default()
    }

    fn holds(&self, order: &Resolved) -> bool {
        let Self { duration, resolution, generate_audio } = self;
        duration.as_ref().is_none_or(|lengths| lengths.contains(&order.seconds))
            && resolution.as_ref().is_none_or(|some| {
                order.resolution.as_ref().is_some_and(|resolution| some.contains(resolution))
            })
            && generate_audio.is_none_or(|sound| order.generate_audio == Some(sound))
    }
}

/// The row that applies to an order, the first if there are several.
pub fn applying<'r>(rows: &'r [PriceRow], order: &Resolved) -> Option<&'r PriceRow> {
    rows.iter().find(|row| row.when.holds(order))
}

/// How many rows apply to an order. A checked model has one for each order.
pub(super) fn count_applying(rows: &[PriceRow], order: &Resolved) -> usize {
    rows.iter().filter(|row| row.when.holds(order)).count()
}

/// A factor as decimal text, as people write it: `"0.04"`.
pub(super) mod decimal_text {
    use super::Factor;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::borrow::Cow;

    pub(in crate::catalog) fn serialize<S: Serializer>(
        factor: &Factor,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(factor)
    }

    pub(in crate::catalog) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Factor, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|_| {
            D::Error::custom(format!(
                "{text:?} is no price; expected a decimal number from 0 with at most six places, \
                 such as \"0.04\""
            ))
        })
    }
}
