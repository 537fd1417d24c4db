//! Fields that an order does not have. One that is ignored would be a wrong video, paid for: so it
//! is refused, with the field that was perhaps meant.

use crate::error::{Refusal, shortened};
use crate::nearness::letters_off;
use serde_json::{Map, Value};

/// What other APIs call our fields, where the letters do not tell.
const ELSEWHERE: [(&str, &str); 6] = [
    ("seconds", "duration"),
    ("length", "duration"),
    ("text", "prompt"),
    ("size", "resolution"),
    ("quality", "resolution"),
    ("labels", "metadata"),
];

/// Refuses the first field that is none of these. A `null` asks for nothing, and is ignored.
pub(super) fn refuse(body: &Map<String, Value>, known: &[&'static str]) -> Result<(), Refusal> {
    let unknown =
        body.iter().find(|(name, value)| !value.is_null() && !known.contains(&name.as_str()));
    let Some((name, _)) = unknown else { return Ok(()) };
    let shown = shortened(name);
    Err(Refusal::invalid(match meant(name, known) {
        Some(field) => format!("{shown}: there is no such field; did you mean {field}?"),
        None => format!("{shown}: there is no such field; the fields are {}", known.join(", ")),
    }))
}

fn meant(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let plain = |name: &str| name.replace(['_', '-', ' '], "").to_lowercase();
    let name = plain(name);
    let same = known.iter().copied().find(|field| plain(field) == name);
    let elsewhere = ELSEWHERE.iter().find(|(other, _)| *other == name).map(|(_, field)| *field);
    let part = known
        .iter()
        .copied()
        .find(|field| field.split('_').any(|word| word == name) || name.contains(&plain(field)));
    let near = known.iter().filter_map(|field| Some((letters_off(&plain(field), &name)?, *field)));
    same.or(elsewhere).or(part).or(near.min().map(|(_, field)| field))
}
