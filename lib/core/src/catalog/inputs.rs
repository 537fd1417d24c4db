//! What callers may choose of a model, and what came of it for one order.

use super::list;
use crate::error::{Refusal, shortened};
use crate::order::Order;
use crate::prompt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// A field of an order that decides the picture or the price. The names are those of the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    Duration,
    AspectRatio,
    Resolution,
    GenerateAudio,
    Seed,
    NegativePrompt,
}

impl Input {
    pub const ALL: [Self; 6] = [
        Self::Duration,
        Self::AspectRatio,
        Self::Resolution,
        Self::GenerateAudio,
        Self::Seed,
        Self::NegativePrompt,
    ];

    /// The name of the field in an order.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Duration => "duration",
            Self::AspectRatio => "aspect_ratio",
            Self::Resolution => "resolution",
            Self::GenerateAudio => "generate_audio",
            Self::Seed => "seed",
            Self::NegativePrompt => "negative_prompt",
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The inputs of a model. One that is absent cannot be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Seconds of video, ascending.
    pub duration: Choice<u32>,
    pub aspect_ratio: Choice<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Choice<String>>,
    /// Whether the video is to have sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generate_audio: Option<Choice<bool>>,
    /// Whether the model takes a seed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative_prompt: Option<Text>,
}

/// A few values, one of which applies when the caller names none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice<T> {
    pub values: Vec<T>,
    pub default: T,
}

/// A text of the caller's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The most characters, in Unicode scalar values.
    pub max: usize,
    /// The text that is sent when the caller gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

impl<T: Clone + PartialEq + fmt::Display> Choice<T> {
    fn resolve(&self, input: Input, asked: Option<T>, model: &str) -> Result<T, Refusal> {
        match asked {
            None => Ok(self.default.clone()),
            Some(asked) if self.values.contains(&asked) => Ok(asked),
            Some(asked) => Err(self.refusal(input, &format!("{asked}"), model)),
        }
    }

    fn refusal(&self, input: Input, asked: &str, model: &str) -> Refusal {
        let values = list(self.values.iter().map(T::to_string));
        let (unit, asked) = match input {
            Input::Duration => (" seconds", asked.to_owned()),
            Input::GenerateAudio => ("", asked.to_owned()),
            _ => ("", format!("{:?}", shortened(asked))),
        };
        let verb = if input == Input::GenerateAudio { "takes" } else { "renders" };
        Refusal::invalid(format!("{input}: {model} {verb} {values}{unit}, not {asked}"))
    }
}

/// Why an order has no values for a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unresolved {
    Refused(Refusal),
    /// The model does not have this input.
    NotTaken(Input),
}

impl From<Refusal> for Unresolved {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The values with which an order is rendered: those of the caller, and the model's defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The length of the video, in seconds.
    pub seconds: u32,
    pub aspect_ratio: Option<String>,
    pub resolution: Option<String>,
    pub generate_audio: Option<bool>,
    pub seed: Option<u32>,
    pub negative_prompt: Option<String>,
}

impl Resolved {
    /// The value of an input as JSON; `None` if the model has no such input, or none was given.
    pub fn value(&self, input: Input) -> Option<Value> {
        match input {
            Input::Duration => Some(self.seconds.into()),
            Input::AspectRatio => self.aspect_ratio.clone().map(Value::from),
            Input::Resolution => self.resolution.clone().map(Value::from),
            Input::GenerateAudio => self.generate_audio.map(Value::from),
            Input::Seed => self.seed.map(Value::from),
            Input::NegativePrompt => self.negative_prompt.clone().map(Value::from),
        }
    }
}

impl Inputs {
    /// The values for an order to the model `id`.
    ///
    /// # Errors
    ///
    /// A refusal that names the field, and what the model takes; or the field that the model does
    /// not have.
    pub(super) fn resolve(&self, order: &Order, id: &str) -> Result<Resolved, Unresolved> {
        Ok(Resolved {
            seconds: self.seconds(order.duration(), id)?,
            aspect_ratio: Some(self.aspect_ratio.resolve(
                Input::AspectRatio,
                order.aspect_ratio().map(str::to_owned),
                id,
            )?),
            resolution: optional(
                self.resolution.as_ref(),
                Input::Resolution,
                order.resolution().map(str::to_owned),
                id,
            )?,
            generate_audio: optional(
                self.generate_audio.as_ref(),
                Input::GenerateAudio,
                order.generate_audio(),
                id,
            )?,
            seed: match order.seed() {
                Some(_) if !self.seed => return Err(Unresolved::NotTaken(Input::Seed)),
                seed => seed,
            },
            negative_prompt: self.negative_prompt(order.negative_prompt(), id)?,
        })
    }

    /// Whether the model has this input.
    pub fn has(&self, input: Input) -> bool {
        match input {
            Input::Duration | Input::AspectRatio => true,
            Input::Resolution => self.resolution.is_some(),
            Input::GenerateAudio => self.generate_audio.is_some(),
            Input::Seed => self.seed,
            Input::NegativePrompt => self.negative_prompt.is_some(),
        }
    }

    fn seconds(&self, asked: Option<i128>, id: &str) -> Result<u32, Refusal> {
        let Some(asked) = asked else { return Ok(self.duration.default) };
        let known = u32::try_from(asked).ok().filter(|it| self.duration.values.contains(it));
        known.ok_or_else(|| self.duration.refusal(Input::Duration, &asked.to_string(), id))
    }

    fn negative_prompt(&self, asked: Option<&str>, id: &str) -> Result<Option<String>, Unresolved> {
        match (asked, &self.negative_prompt) {
            (None, None) => Ok(None),
            (None, Some(text)) => Ok(text.default.clone()),
            (Some(_), None) => Err(Unresolved::NotTaken(Input::NegativePrompt)),
            (Some(asked), Some(text)) => {
                prompt::check(Input::NegativePrompt.as_str(), Some(asked), (1, text.max), id)?;
                Ok(Some(asked.to_owned()))
            }
        }
    }
}

fn optional<T: Clone + PartialEq + fmt::Display>(
    choice: Option<&Choice<T>>,
    input: Input,
    asked: Option<T>,
    id: &str,
) -> Result<Option<T>, Unresolved> {
    match (choice, asked) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Unresolved::NotTaken(input)),
        (Some(choice), asked) => Ok(Some(choice.resolve(input, asked, id)?)),
    }
}
