//! Whether an entry is whole: what must hold so that every order that it allows can be priced and
//! sent.

use super::inputs::{Choice, Input, Inputs, Resolved};
use super::model::Model;
use super::price_row::count_applying;
use super::upstream::{Spelling, Upstream};
use super::{LONGEST_PROMPT, list};
use crate::pricing::Factor;
use crate::provider::Provider;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The longest id and the longest name of a row, in characters: both stand in every ledger entry.
const LONGEST_NAME: usize = 64;

/// Sixteen of each choice make 16³ prices, which are checked within milliseconds.
const MOST_VALUES: usize = 16;

/// The longest video, in seconds: ten minutes, beyond what any provider renders today.
const LONGEST_VIDEO_S: u32 = 600;

/// The slowest polling, in seconds: a video is seen at most a minute after it is rendered.
const SLOWEST_POLLING_S: u32 = 60;

/// The longest negative prompt, in characters.
const LONGEST_NEGATIVE_PROMPT: usize = 2500;

impl Model {
    /// Checks the entry.
    ///
    /// # Errors
    ///
    /// What is wrong, and what would be right.
    pub fn check(&self) -> Result<(), String> {
        self.check_names()?;
        self.check_inputs()?;
        self.check_numbers()?;
        self.check_prices()?;
        self.check_upstreams()
    }

    fn check_names(&self) -> Result<(), String> {
        let plain = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_alphanumeric())
                && part.bytes().all(|byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
                })
        };
        let named =
            self.id.split_once('/').is_some_and(|(space, name)| plain(space) && plain(name));
        if !named || self.id.len() > LONGEST_NAME {
            return Err(format!(
                "id is {:?}, and must be two words with a slash between them, in lower case, such \
                 as fal/kling-2",
                self.id
            ));
        }
        let mut names = BTreeSet::new();
        for row in &self.prices {
            if !plain(&row.name) || row.name.len() > LONGEST_NAME {
                return Err(format!(
                    "the price {:?} must have a name in lower case, such as 1080p-sound",
                    row.name
                ));
            }
            if !names.insert(&row.name) {
                return Err(format!("two prices are called {}", row.name));
            }
        }
        Ok(())
    }

    fn check_inputs(&self) -> Result<(), String> {
        let Inputs { duration, aspect_ratio, resolution, generate_audio, seed: _, negative_prompt } =
            &self.inputs;
        check_choice(Input::Duration, duration)?;
        check_choice(Input::AspectRatio, aspect_ratio)?;
        resolution.as_ref().map_or(Ok(()), |choice| check_choice(Input::Resolution, choice))?;
        generate_audio
            .as_ref()
            .map_or(Ok(()), |choice| check_choice(Input::GenerateAudio, choice))?;
        if !duration.values.is_sorted()
            || duration.values.iter().any(|seconds| !(1..=LONGEST_VIDEO_S).contains(seconds))
        {
            return Err(format!(
                "duration must have lengths from 1 to {LONGEST_VIDEO_S} seconds, in ascending order"
            ));
        }
        if generate_audio.as_ref().is_some_and(|choice| choice.default != self.audio) {
            return Err("audio must be the default of generate_audio".to_owned());
        }
        match negative_prompt {
            Some(text) if !(1..=LONGEST_NEGATIVE_PROMPT).contains(&text.max) => Err(format!(
                "negative_prompt takes at most {} characters, and the limit must be from 1 to \
                 {LONGEST_NEGATIVE_PROMPT}",
                text.max
            )),
            _ => Ok(()),
        }
    }

    fn check_numbers(&self) -> Result<(), String> {
        let (least, most) = (self.prompt.min, self.prompt.max);
        if least < 1 || least > most || most > LONGEST_PROMPT {
            return Err(format!(
                "prompt takes {least} to {most} characters, and must take from 1 to at most \
                 {LONGEST_PROMPT}"
            ));
        }
        if !(1..=SLOWEST_POLLING_S).contains(&self.poll_every_s) {
            return Err(format!(
                "poll_every_s is {}, and must be from 1 to {SLOWEST_POLLING_S}",
                self.poll_every_s
            ));
        }
        let (from, to) = self.typical_s;
        if from < 1 || from > to {
            return Err(
                "typical_s must be two numbers of seconds, the smaller one first".to_owned()
            );
        }
        Ok(())
    }

    fn check_prices(&self) -> Result<(), String> {
        if let Some(row) =
            self.prices.iter().find(|row| row.usd_per_second == Factor::from_millionths(0))
        {
            return Err(format!("the price {} must be above 0", row.name));
        }
        let shape = Some(&self.inputs.aspect_ratio.default); // which decides no price
        for order in self.combinations().filter(|order| order.aspect_ratio.as_ref() == shape) {
            match count_applying(&self.prices, &order) {
                1 => {}
                0 => return Err(format!("no price applies to {}", combination(&order))),
                _ => return Err(format!("several prices apply to {}", combination(&order))),
            }
        }
        Ok(())
    }

    fn check_upstreams(&self) -> Result<(), String> {
        if self.upstreams.is_empty() {
            return Err("upstreams must name who renders the model".to_owned());
        }
        for upstream in &self.upstreams {
            check_spelling(upstream)?;
            for (input, value) in self.values() {
                if !upstream.can_be_asked(input, &value) {
                    return Err(format!(
                        "{} cannot be asked for {input} {value}: spelling does not say how, and \
                         renders does not say that it is always so",
                        upstream.provider.name()
                    ));
                }
            }
        }
        Ok(())
    }

    /// Each value that an order can have, with its input.
    fn values(&self) -> Vec<(Input, Value)> {
        let Inputs { duration, aspect_ratio, resolution, generate_audio, seed, negative_prompt } =
            &self.inputs;
        let mut values = Vec::new();
        add(&mut values, Input::Duration, Some(duration));
        add(&mut values, Input::AspectRatio, Some(aspect_ratio));
        add(&mut values, Input::Resolution, resolution.as_ref());
        add(&mut values, Input::GenerateAudio, generate_audio.as_ref());
        values.extend(seed.then(|| (Input::Seed, Value::from(0))));
        values.extend(negative_prompt.as_ref().map(|_| (Input::NegativePrompt, "".into())));
        values
    }

    /// Every order that can be distinguished by its values, with a seed where one is taken.
    pub fn combinations(&self) -> impl Iterator<Item = Resolved> + use<'_> {
        let Inputs { duration, aspect_ratio, resolution, generate_audio, seed, negative_prompt } =
            &self.inputs;
        let resolutions = values(resolution.as_ref());
        let sounds = values(generate_audio.as_ref());
        duration.values.iter().flat_map(move |seconds| {
            let (resolutions, sounds) = (resolutions.clone(), sounds.clone());
            aspect_ratio.values.iter().flat_map(move |ratio| {
                let sounds = sounds.clone();
                resolutions.clone().into_iter().flat_map(move |resolution| {
                    sounds.clone().into_iter().map(move |generate_audio| Resolved {
                        seconds: *seconds,
                        aspect_ratio: Some(ratio.clone()),
                        resolution: resolution.clone(),
                        generate_audio,
                        seed: seed.then_some(7),
                        negative_prompt: negative_prompt.as_ref().map(|_| "blur".to_owned()),
                    })
                })
            })
        })
    }
}

fn add<T: Clone + Into<Value>>(
    values: &mut Vec<(Input, Value)>,
    input: Input,
    choice: Option<&Choice<T>>,
) {
    let all = choice.map(|choice| choice.values.as_slice()).unwrap_or_default();
    values.extend(all.iter().cloned().map(|value| (input, value.into())));
}

/// The values of a choice, or none where there is no choice.
fn values<T: Clone>(choice: Option<&Choice<T>>) -> Vec<Option<T>> {
    choice.map_or_else(|| vec![None], |choice| choice.values.iter().cloned().map(Some).collect())
}

/// Each input has a field of its own: a second one would take the place of the first.
fn check_spelling(upstream: &Upstream) -> Result<(), String> {
    if upstream.provider == Provider::Sandbox {
        return Err("a sandbox cannot be an upstream: it renders for callers who test".to_owned());
    }
    let mut told: BTreeMap<&str, Input> = BTreeMap::new();
    for (input, Spelling { field, .. }) in &upstream.spelling {
        if field == "prompt" {
            return Err(format!("{input} is spelled prompt, where the caller's text goes"));
        }
        if let Some(other) = told.insert(field, *input) {
            return Err(format!("{other} and {input} are both spelled {field}"));
        }
    }
    Ok(())
}

fn check_choice<T: Ord + fmt::Display>(input: Input, choice: &Choice<T>) -> Result<(), String> {
    let Choice { values, default } = choice;
    if !(1..=MOST_VALUES).contains(&values.len()) {
        return Err(format!("{input} must have 1 to {MOST_VALUES} values"));
    }
    if values.iter().collect::<BTreeSet<_>>().len() < values.len() {
        return Err(format!("{input} has a value twice"));
    }
    if !values.contains(default) {
        let values = list(values.iter().map(T::to_string));
        return Err(format!("the default of {input} is {default}, and must be {values}"));
    }
    Ok(())
}

/// An order for a sentence: `8 seconds, 1080p, without sound`.
fn combination(order: &Resolved) -> String {
    let seconds = Some(format!("{} seconds", order.seconds));
    let sound =
        order.generate_audio.map(|sound| if sound { "with sound" } else { "without sound" });
    let parts = [seconds, order.resolution.clone(), sound.map(str::to_owned)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
