//! Who renders a model: what it is called there, and how each input is spelled.

use super::inputs::{Input, Resolved};
use super::price_row::PriceRow;
use crate::provider::Provider;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One provider that renders a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    pub provider: Provider,
    pub modes: Modes,
    /// How the provider is told an input. An input that is absent cannot be told.
    pub spelling: BTreeMap<Input, Spelling>,
    /// The one value with which the provider renders an input that it cannot be told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub renders: BTreeMap<Input, Value>,
    /// What is sent with every order, so that a default of the provider's decides nothing.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub always: Map<String, Value>,
    /// What the provider asks for a second, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Asks>,
    /// When the provider retires the model, at the earliest; Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retires: Option<Timestamp>,
    /// For people who read the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The provider's ids of the model, one for each kind of order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modes {
    /// For an order with a text alone. `None` when the provider does not serve the model now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// How the provider is told an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spelling {
    /// The name of the field in the provider's input.
    pub field: String,
    #[serde(default, skip_serializing_if = "Form::is_plain")]
    pub form: Form,
}

/// The form of a value in the provider's input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The value itself: `5`, `"16:9"`, `true`.
    #[default]
    Plain,
    /// A number as text: `"5"`.
    Text,
    /// A number as text with its unit: `"5s"`.
    TextS,
}

impl Form {
    fn is_plain(&self) -> bool {
        *self == Self::Plain
    }

    fn write(self, value: Value) -> Value {
        match self {
            Self::Plain => value,
            Self::Text => value.to_string().into(),
            Self::TextS => format!("{value}s").into(),
        }
    }
}

/// What a provider asks for a second of video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asks {
    /// The row that applies to an order is found as the model's own.
    pub prices: Vec<PriceRow>,
    /// Where they were read.
    pub source: String,
    /// The day on which they were read.
    pub read: String,
}

impl Upstream {
    /// Whether the provider can be asked for this value of an input, or renders nothing else.
    pub fn can_be_asked(&self, input: Input, value: &Value) -> bool {
        self.spelling.contains_key(&input) || self.renders.get(&input) == Some(value)
    }

    /// The part of the provider's input that says how an order is rendered, without its prompt.
    ///
    /// # Errors
    ///
    /// The input that cannot be told to this provider, and is rendered otherwise there.
    pub fn input(&self, order: &Resolved) -> Result<Map<String, Value>, Input> {
        let mut input = self.always.clone();
        for (asked, value) in
            Input::ALL.into_iter().filter_map(|asked| Some((asked, order.value(asked)?)))
        {
            match self.spelling.get(&asked) {
                Some(Spelling { field, form }) => {
                    input.insert(field.clone(), form.write(value));
                }
                None if self.renders.get(&asked) == Some(&value) => {}
                None => return Err(asked),
            }
        }
        Ok(input)
    }
}
