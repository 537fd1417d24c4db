//! The types of an order's fields. A refusal names the field, and says what it takes.

use crate::error::{Refusal, shortened};
use crate::money::Money;
use crate::prompt;
use serde_json::{Map, Value};

/// From 2^53 on, every float is a whole number.
const LARGE: f64 = 9_007_199_254_740_992.0;

/// The most labels of a job; with the longest of them, `metadata` fills 9 KB of the job's item.
const MOST_LABELS: usize = 16;

/// The longest name of a label, in characters.
const LONGEST_LABEL: usize = 64;

/// The longest value of a label, in characters.
const LONGEST_LABEL_VALUE: usize = 512;

/// The longest name of an end user, in characters: an address of e-mail has at most 254.
pub const LONGEST_USER: usize = 256;

pub(super) fn text(body: &Map<String, Value>, field: &str) -> Result<Option<String>, Refusal> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(wrong(field, "a string", kind(other))),
    }
}

pub(super) fn truth(body: &Map<String, Value>, field: &str) -> Result<Option<bool>, Refusal> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(truth)) => Ok(Some(*truth)),
        Some(other) => Err(wrong(field, "true or false", kind(other))),
    }
}

pub(super) fn object<'b>(
    body: &'b Map<String, Value>,
    field: &str,
) -> Result<Option<&'b Map<String, Value>>, Refusal> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(other) => Err(wrong(field, "an object", kind(other))),
    }
}

/// A whole number. `5.0` is not written as a whole number and is refused.
pub(super) fn whole_number(
    body: &Map<String, Value>,
    field: &str,
    wanted: &str,
) -> Result<Option<i128>, Refusal> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(number.as_i128()),
        // serde reads a number that an i64 has no room for as a float, and it is whole all the
        // same.
        Some(Value::Number(number)) if number.as_f64().is_some_and(|it| it.abs() >= LARGE) => {
            let number = shortened(&number.to_string());
            Err(Refusal::invalid(format!("{field}: {number} is out of range; send {wanted}")))
        }
        Some(Value::Number(number)) => Err(wrong(field, wanted, &shortened(&number.to_string()))),
        Some(other) => Err(wrong(field, wanted, kind(other))),
    }
}

pub(super) fn seed(body: &Map<String, Value>, field: &str) -> Result<Option<u32>, Refusal> {
    let wanted = format!("a whole number from 0 to {}", u32::MAX);
    let Some(number) = whole_number(body, field, &wanted)? else { return Ok(None) };
    u32::try_from(number).map(Some).map_err(|_| wrong(field, &wanted, &number.to_string()))
}

/// An amount in MXN as decimal text.
pub(super) fn money(body: &Map<String, Value>, field: &str) -> Result<Option<Money>, Refusal> {
    let wanted = "an amount in MXN as text, such as \"4.20\"";
    let text = match body.get(field) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(other) => return Err(wrong(field, wanted, kind(other))),
    };
    let amount = text.parse().ok().filter(|amount: &Money| *amount >= Money::ZERO);
    amount.map(Some).ok_or_else(|| wrong(field, wanted, &format!("{:?}", shortened(text))))
}

pub(super) fn user(body: &Map<String, Value>, field: &str) -> Result<Option<String>, Refusal> {
    let Some(user) = text(body, field)? else { return Ok(None) };
    if let Some(why) = prompt::spoilt(&user) {
        return Err(Refusal::invalid(format!("{field}: {why}")));
    }
    match user.chars().count() {
        1..=LONGEST_USER => Ok(Some(user)),
        length => Err(Refusal::invalid(format!(
            "{field}: it has {length} characters, and must have 1 to {LONGEST_USER}"
        ))),
    }
}

/// The caller's labels: a few texts under names of their own.
pub(super) fn labels(labels: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let refused = |why: String| Err(Refusal::invalid(format!("metadata: {why}")));
    if labels.len() > MOST_LABELS {
        return refused(format!("it has {} keys, and may have {MOST_LABELS}", labels.len()));
    }
    for (name, value) in labels {
        let (shown, length) = (shortened(name), name.chars().count());
        if let Some(why) = prompt::spoilt(name) {
            return refused(format!("of the key {shown:?}, {why}"));
        }
        if !(1..=LONGEST_LABEL).contains(&length) {
            return refused(format!(
                "the key {shown:?} has {length} characters, and must have 1 to {LONGEST_LABEL}"
            ));
        }
        let Value::String(text) = value else {
            return refused(format!(
                "the value of {shown:?} must be a string, not {}",
                kind(value)
            ));
        };
        if let Some(why) = prompt::spoilt(text) {
            return refused(format!("of the value of {shown:?}, {why}"));
        }
        let length = text.chars().count();
        if length > LONGEST_LABEL_VALUE {
            return refused(format!(
                "the value of {shown:?} has {length} characters, and may have \
                 {LONGEST_LABEL_VALUE}"
            ));
        }
    }
    Ok(labels.clone())
}

fn wrong(field: &str, wanted: &str, sent: &str) -> Refusal {
    Refusal::invalid(format!("{field}: it must be {wanted}, not {sent}"))
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
