//! Checks a submission's body against its model, and words what is wrong as fal does (pydantic's
//! problems with a `url`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::models::{self, Model};
use crate::simulators::output::Film;
use crate::simulators::provider;

/// What is to be rendered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub(super) prompt: String,
    pub(super) seconds: u32,
    pub(super) aspect_ratio: String,
    /// Whether the video has a track of sound.
    #[serde(default)]
    pub(super) sound: bool,
}

impl provider::Order for Order {
    fn prompt(&self) -> &str {
        &self.prompt
    }

    fn film(&self) -> Film<'_> {
        Film { seconds: self.seconds, aspect_ratio: &self.aspect_ratio, sound: self.sound }
    }
}

/// The items of a 422's `detail`.
pub type Problems = Vec<Value>;

/// Everything that the endpoint with this id finds wrong with a body.
pub fn check(endpoint: &str, body: &[u8]) -> Result<(), Problems> {
    let model = models::find(endpoint).ok_or_else(|| vec![json!("there is no such endpoint")])?;
    read(model, body).map(|_| ())
}

/// The order in a body, or everything that is wrong with it. Fields that the model does not have
/// are ignored.
pub(super) fn read(model: &Model, body: &[u8]) -> Result<Order, Problems> {
    let parsed: Value = serde_json::from_slice(body).map_err(|error| {
        let context = json!({"error": error.to_string()});
        vec![problem(
            json!(["body", error.column()]),
            "json_invalid",
            "JSON decode error",
            context,
            &json!({}),
        )]
    })?;
    let Some(fields) = parsed.as_object() else {
        let message = "Input should be a valid dictionary or object to extract fields from";
        return Err(vec![problem(
            json!(["body"]),
            "model_attributes_type",
            message,
            Value::Null,
            &parsed,
        )]);
    };

    let mut problems: Problems =
        model.required.iter().filter_map(|name| missing(name, fields)).collect();
    for (name, schema) in &model.properties {
        problems.extend(fields.get(name).and_then(|given| wrong(name, schema, given)));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let text = |name: &str| model.value(name, fields).as_str().map(str::to_owned);
    Ok(Order {
        prompt: fields.get("prompt").and_then(Value::as_str).unwrap_or_default().to_owned(),
        seconds: models::seconds(model.value("duration", fields)),
        aspect_ratio: text("aspect_ratio").unwrap_or_else(|| "16:9".to_owned()),
        sound: model.value("generate_audio", fields) == &Value::Bool(true),
    })
}

/// One item of a `detail` list about the prompt: how a model refuses what it was asked for.
pub(super) fn refusal(error_type: &str, message: &str, prompt: &str) -> Value {
    problem(json!(["body", "prompt"]), error_type, message, Value::Null, &json!(prompt))
}

fn missing(name: &str, fields: &Map<String, Value>) -> Option<Value> {
    let all = || Value::Object(fields.clone());
    let absent = !fields.contains_key(name);
    absent.then(|| problem(json!(["body", name]), "missing", "Field required", Value::Null, &all()))
}

/// What is wrong with the value of a field, by its schema. A number is no text, however it looks.
fn wrong(name: &str, schema: &Value, given: &Value) -> Option<Value> {
    let is_of_type = match schema["type"].as_str() {
        Some("string") => given.is_string(),
        Some("boolean") => given.is_boolean(),
        Some("integer") => given.is_i64() || given.is_u64(),
        _ => given.is_number(),
    };
    let (kind, message, context) = if let Some(accepted) = schema["enum"].as_array() {
        not_among(accepted, given)?
    } else if !is_of_type {
        of_another_type(schema)
    } else {
        out_of_bounds(schema, given)?
    };
    Some(problem(json!(["body", name]), &kind, &message, context, given))
}

/// A kind of problem, its message and its context.
type Wrong = (String, String, Value);

fn not_among(accepted: &[Value], given: &Value) -> Option<Wrong> {
    if accepted.contains(given) {
        return None;
    }
    let quoted: Vec<String> =
        accepted.iter().filter_map(Value::as_str).map(|value| format!("'{value}'")).collect();
    let (last, others) = quoted.split_last()?;
    let expected =
        if others.is_empty() { last.clone() } else { format!("{} or {last}", others.join(", ")) };
    let context = json!({"expected": expected});
    Some(("literal_error".to_owned(), format!("Input should be {expected}"), context))
}

fn of_another_type(schema: &Value) -> Wrong {
    let (kind, valid) = match schema["type"].as_str() {
        Some("string") => ("string_type", "string"),
        Some("boolean") => ("bool_type", "boolean"),
        Some("integer") => ("int_type", "integer"),
        _ => ("float_type", "number"),
    };
    (kind.to_owned(), format!("Input should be a valid {valid}"), Value::Null)
}

fn out_of_bounds(schema: &Value, given: &Value) -> Option<Wrong> {
    if let Some(text) = given.as_str() {
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        let (least, most) = (schema["minLength"].as_u64(), schema["maxLength"].as_u64());
        return match (least, most) {
            (Some(least), _) if length < least => Some((
                "string_too_short".to_owned(),
                format!("String should have at least {least} characters"),
                json!({"min_length": least}),
            )),
            (_, Some(most)) if length > most => Some((
                "string_too_long".to_owned(),
                format!("String should have at most {most} characters"),
                json!({"max_length": most}),
            )),
            _ => None,
        };
    }
    let (number, least, most) =
        (given.as_f64()?, schema["minimum"].as_f64(), schema["maximum"].as_f64());
    match (least, most) {
        (Some(least), _) if number < least => Some((
            "greater_than_equal".to_owned(),
            format!("Input should be greater than or equal to {least}"),
            json!({"ge": least}),
        )),
        (_, Some(most)) if number > most => Some((
            "less_than_equal".to_owned(),
            format!("Input should be less than or equal to {most}"),
            json!({"le": most}),
        )),
        _ => None,
    }
}

fn problem(location: Value, kind: &str, message: &str, context: Value, input: &Value) -> Value {
    let mut problem = json!({
        "loc": location,
        "msg": message,
        "type": kind,
        "url": format!("https://docs.fal.ai/errors#{kind}"),
        "input": input,
    });
    if !context.is_null() {
        problem["ctx"] = context;
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(endpoint: &str, body: Value) -> Result<Order, Vec<(String, String)>> {
        let problems = read(models::find(endpoint).unwrap(), body.to_string().as_bytes());
        problems.map_err(|list| {
            list.iter().map(|item| (item["loc"].to_string(), item["type"].to_string())).collect()
        })
    }

    #[test]
    fn each_model_has_its_own_spelling_of_seconds() {
        for (endpoint, duration, seconds) in [
            ("fal-ai/veo3.1", json!("6s"), Some(6)),
            ("fal-ai/veo3.1", json!("6"), None),
            ("fal-ai/veo3.1", json!("5s"), None),
            ("fal-ai/kling-video/v2/master/text-to-video", json!("10"), Some(10)),
            ("fal-ai/kling-video/v2/master/text-to-video", json!(10), None),
            ("fal-ai/luma-dream-machine/ray-2", json!("9s"), Some(9)),
            ("fal-ai/minimax/hailuo-02/standard/text-to-video", json!("5"), None),
            ("fal-ai/minimax/hailuo-02/pro/text-to-video", json!("whatever"), Some(6)),
            ("fal-ai/kling-video/v3/pro/text-to-video", json!("15"), Some(15)),
            ("fal-ai/runway-gen-4", json!("5"), Some(5)),
        ] {
            let order =
                order(endpoint, json!({"prompt": "a cat", "duration": duration, "unknown": 1}));
            assert_eq!(
                order.as_ref().ok().map(|order| order.seconds),
                seconds,
                "{endpoint} {duration}: {order:?}"
            );
        }
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let wrong = order(
            "fal-ai/veo3.1",
            json!({"duration": "7s", "aspect_ratio": "1:1", "resolution": "8k", "seed": "7",
                "generate_audio": 1, "negative_prompt": []}),
        );
        let named: Vec<String> =
            wrong.unwrap_err().into_iter().map(|(place, kind)| format!("{place} {kind}")).collect();
        let mut expected = [
            ("prompt", "missing"),
            ("duration", "literal_error"),
            ("aspect_ratio", "literal_error"),
            ("resolution", "literal_error"),
            ("seed", "int_type"),
            ("generate_audio", "bool_type"),
            ("negative_prompt", "string_type"),
        ]
        .map(|(field, kind)| format!(r#"["body","{field}"] "{kind}""#));
        let mut named = named;
        named.sort();
        expected.sort();
        assert_eq!(named, expected);
    }

    #[test]
    fn a_prompt_is_measured_in_characters() {
        let kling = "fal-ai/kling-video/v2/master/text-to-video";
        assert!(order(kling, json!({"prompt": "ñ".repeat(2500)})).is_ok());
        assert!(order(kling, json!({"prompt": "n".repeat(2501)})).is_err());
        assert!(order(kling, json!({"prompt": ""})).is_err());
        assert!(order(kling, json!({"prompt": 5})).is_err());
        for (scale, kind) in [(-0.1, "greater_than_equal"), (1.1, "less_than_equal")] {
            let wrong = order(kling, json!({"prompt": "a", "cfg_scale": scale})).unwrap_err();
            let expected = (r#"["body","cfg_scale"]"#.to_owned(), format!("{kind:?}"));
            assert_eq!(wrong, [expected]);
        }
        assert!(order(kling, json!({"prompt": "a", "cfg_scale": 1})).is_ok());
    }

    #[test]
    fn a_problem_has_all_that_fal_sends() {
        let body = br#"{"prompt": "a cat", "duration": "7"}"#;
        let problems = read(models::find("fal-ai/runway-gen-4").unwrap(), body).unwrap_err();
        let expected = json!({
            "loc": ["body", "duration"],
            "msg": "Input should be '5' or '10'",
            "type": "literal_error",
            "url": "https://docs.fal.ai/errors#literal_error",
            "input": "7",
            "ctx": {"expected": "'5' or '10'"},
        });
        assert_eq!(problems, [expected]);
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        let model = models::find("fal-ai/veo3.1").unwrap();
        for body in ["", "{", "[]", "null"] {
            assert!(read(model, body.as_bytes()).is_err(), "{body}");
            assert!(check("fal-ai/veo3.1", body.as_bytes()).is_err(), "{body}");
        }
        let body = br#"{"prompt": "a cat"}"#;
        assert_eq!(check("fal-ai/veo3.1", body), Ok(()));
        assert!(check("fal-ai/veo3", body).is_err(), "an endpoint that is not there");
    }
}
