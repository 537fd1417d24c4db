//! What a model does not take is refused before anything is promised. The message begins with the
//! name of the field, and says what the model takes, or which models take the field.

use super::agree;
use super::entry::{self, Entry};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Values of no model, as callers might write them.
const UNKNOWN: [&str; 8] = ["", " ", "auto", "16x9", "16:9 ", "4:5", "720P", "8k"];

/// An order with one field more.
fn order(entry: &Entry, field: &str, value: &Value) -> Value {
    let mut body = json!({"model": entry.id(), "prompt": "a hummingbird"});
    body[field] = value.clone();
    body
}

fn refused(entry: &Entry, field: &str, value: &Value) -> String {
    let message =
        agree(&order(entry, field, value)).expect_err(&format!("{} {field} {value}", entry.id()));
    assert!(message.starts_with(&format!("{field}: ")), "{value}: {message}");
    message
}

#[test]
fn a_value_that_a_model_lacks_is_refused_with_its_values() {
    let mut refusals = 0;
    for entry in entry::all() {
        for (field, unit) in [
            ("duration", " seconds"),
            ("aspect_ratio", ""),
            ("resolution", ""),
            ("generate_audio", ""),
        ] {
            let values = entry.values(field);
            for value in
                lacking(field).iter().filter(|value| !values.is_empty() && !values.contains(value))
            {
                let message = refused(entry, field, value);
                let (_, said) = message.split_once(": ").unwrap();
                let begins = format!("{} renders ", entry.id());
                let said = said.strip_prefix(&begins).unwrap_or_else(|| panic!("{message}"));
                let (listed, _) = said.split_once(&format!("{unit}, not ")).unwrap();
                assert_eq!(listed, list(values), "{message}");
                refusals += 1;
            }
        }
    }
    assert!(refusals > 1000, "{refusals} refusals");
}

/// Values of the field's type that some model does not have.
fn lacking(field: &str) -> Vec<Value> {
    match field {
        "duration" => (-1..=60).chain([601, i64::MIN, i64::MAX]).map(Value::from).collect(),
        "generate_audio" => vec![json!(true), json!(false)],
        _ => {
            let unknown = UNKNOWN.iter().map(|text| json!(text));
            entry::values_anywhere(field).into_iter().chain(unknown).collect()
        }
    }
}

/// Values for a sentence: `4, 6 or 8`.
fn list(values: &[Value]) -> String {
    let shown: Vec<String> = values
        .iter()
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect();
    let text = shown.join(", ");
    text.rsplit_once(", ").map_or(text.clone(), |(all, last)| format!("{all} or {last}"))
}

#[test]
fn an_input_that_a_model_does_not_take_is_refused_with_the_models_that_do() {
    let mut refusals = 0;
    for entry in entry::all() {
        for (field, values) in [
            ("resolution", vec![json!("720p"), json!("8k"), json!("")]),
            ("generate_audio", vec![json!(true), json!(false)]),
            ("seed", vec![json!(0), json!(7), json!(u32::MAX)]),
            ("negative_prompt", vec![json!("blur"), json!("")]),
        ] {
            for value in values.iter().filter(|_| entry.input(field).is_none()) {
                let message = refused(entry, field, value);
                let says = format!("{field}: {} does not take it; these do: ", entry.id());
                let models = message.strip_prefix(&says).unwrap_or_else(|| panic!("{message}"));
                let models: BTreeSet<_> =
                    models.split(", ").flat_map(|some| some.split(" or ")).collect();
                let with_input: BTreeSet<_> = entry::with_input(field).into_iter().collect();
                assert_eq!(models, with_input, "{message}");
                refusals += 1;
            }
        }
    }
    assert!(refusals > 50, "{refusals} refusals");
}

#[test]
fn a_text_that_is_too_short_too_long_or_blank_is_refused_with_the_bounds() {
    for entry in entry::all() {
        for (field, [least, most]) in entry.bounds() {
            for text in ["", " \n", &"ñ".repeat(least - 1), &"ñ".repeat(most + 1)] {
                let message = refused(entry, field, &json!(text));
                assert!(message.contains(&format!("{least} to {most}")), "{message}");
            }
            let message = refused(entry, field, &json!("a\0b"));
            assert!(message.contains("character 2 is the control character U+0000"), "{message}");
        }
    }
}

/// The type of a field is that of every model.
#[test]
fn a_value_of_another_type_is_refused_with_the_right_one() {
    let wrong = [
        ("prompt", "a string", vec![json!(5), json!(true), json!([]), json!({})]),
        (
            "duration",
            "a whole number of seconds",
            vec![json!("5"), json!(5.0), json!(5.5), json!(1e30), json!(true)],
        ),
        ("aspect_ratio", "a string", vec![json!(16), json!(["16:9"])]),
        ("resolution", "a string", vec![json!(720), json!({"height": 720})]),
        ("generate_audio", "true or false", vec![json!("true"), json!(1), json!([])]),
        (
            "seed",
            "a whole number from 0 to 4294967295",
            vec![
                json!(-1),
                json!(4_294_967_296_u64),
                json!(i64::MIN),
                json!(u64::MAX),
                json!(1e30),
                json!(0.5),
                json!("7"),
                json!(false),
            ],
        ),
        ("negative_prompt", "a string", vec![json!(0), json!(["blur"])]),
    ];
    for entry in entry::all() {
        for (field, takes, values) in &wrong {
            for value in values {
                let message = refused(entry, field, value);
                assert!(message.contains(takes), "{value}: {message}");
            }
        }
    }
}

#[test]
fn a_cost_above_the_callers_limit_is_refused_with_both() {
    for entry in entry::all() {
        let cost = agree(&order(entry, "max_cost", &json!("1000000"))).unwrap().cost();
        assert_eq!(
            agree(&order(entry, "max_cost", &json!(cost.to_string()))).unwrap().cost(),
            cost
        );
        let less = ghub::money::Money::from_micros(cost.micros() - 1);
        let message = refused(entry, "max_cost", &json!(less.to_string()));
        assert!(
            message.contains(&cost.to_string()) && message.contains(&less.to_string()),
            "{message}"
        );
    }
}
