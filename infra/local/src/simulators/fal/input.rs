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
pub(super) type Problems = Vec<Value>;

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

    let mut problems = Vec::new();
    let prompt = prompt(model, fields, &mut problems);
    let duration = one_of("duration", model.durations, fields, &mut problems)
        .unwrap_or(model.default_duration);
    let aspect_ratio =
        one_of("aspect_ratio", model.aspect_ratios, fields, &mut problems).unwrap_or("16:9");
    one_of("resolution", model.resolutions, fields, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let sound = model.sound && fields.get("generate_audio") != Some(&Value::Bool(false));
    Ok(Order {
        prompt,
        seconds: models::seconds(duration),
        aspect_ratio: aspect_ratio.to_owned(),
        sound,
    })
}

/// One item of a `detail` list about the prompt: how a model refuses what it was asked for.
pub(super) fn refusal(error_type: &str, message: &str, prompt: &str) -> Value {
    problem(json!(["body", "prompt"]), error_type, message, Value::Null, &json!(prompt))
}

fn prompt(model: &Model, fields: &Map<String, Value>, problems: &mut Problems) -> String {
    let location = json!(["body", "prompt"]);
    let Some(given) = fields.get("prompt") else {
        problems.push(problem(
            location,
            "missing",
            "Field required",
            Value::Null,
            &Value::Object(fields.clone()),
        ));
        return String::new();
    };
    let Some(prompt) = given.as_str() else {
        problems.push(problem(
            location,
            "string_type",
            "Input should be a valid string",
            Value::Null,
            given,
        ));
        return String::new();
    };
    let (length, least, most) =
        (prompt.chars().count(), *model.prompt.start(), *model.prompt.end());
    let bound = if length < least {
        Some((
            "string_too_short",
            format!("String should have at least {least} characters"),
            json!({"min_length": least}),
        ))
    } else if length > most {
        Some((
            "string_too_long",
            format!("String should have at most {most} characters"),
            json!({"max_length": most}),
        ))
    } else {
        None
    };
    problems.extend(
        bound.map(|(kind, message, context)| problem(location, kind, &message, context, given)),
    );
    prompt.to_owned()
}

/// The given value of a field that knows only certain texts; a number is none of them, however it
/// looks.
fn one_of<'a>(
    name: &str,
    accepted: &[&'a str],
    fields: &Map<String, Value>,
    problems: &mut Problems,
) -> Option<&'a str> {
    let given = fields.get(name).filter(|_| !accepted.is_empty())?;
    let found = accepted.iter().find(|value| given.as_str() == Some(value));
    if found.is_none() {
        let quoted: Vec<String> = accepted.iter().map(|value| format!("'{value}'")).collect();
        let (last, others) = quoted.split_last()?;
        let expected = if others.is_empty() {
            last.clone()
        } else {
            format!("{} or {last}", others.join(", "))
        };
        let message = format!("Input should be {expected}");
        problems.push(problem(
            json!(["body", name]),
            "literal_error",
            &message,
            json!({"expected": expected}),
            given,
        ));
    }
    found.copied()
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

    fn check(endpoint: &str, body: Value) -> Result<Order, Vec<(String, String)>> {
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
            ("fal-ai/runway-gen-4", json!("5"), Some(5)),
        ] {
            let order =
                check(endpoint, json!({"prompt": "a cat", "duration": duration, "unknown": 1}));
            assert_eq!(
                order.as_ref().ok().map(|order| order.seconds),
                seconds,
                "{endpoint} {duration}: {order:?}"
            );
        }
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let wrong = check(
            "fal-ai/veo3.1",
            json!({"duration": "7s", "aspect_ratio": "1:1", "resolution": "8k"}),
        );
        let named: Vec<String> =
            wrong.unwrap_err().into_iter().map(|(place, kind)| format!("{place} {kind}")).collect();
        assert_eq!(
            named,
            [
                r#"["body","prompt"] "missing""#,
                r#"["body","duration"] "literal_error""#,
                r#"["body","aspect_ratio"] "literal_error""#,
                r#"["body","resolution"] "literal_error""#,
            ]
        );
    }

    #[test]
    fn a_prompt_is_measured_in_characters() {
        let kling = "fal-ai/kling-video/v2/master/text-to-video";
        assert!(check(kling, json!({"prompt": "ñ".repeat(2500)})).is_ok());
        assert!(check(kling, json!({"prompt": "n".repeat(2501)})).is_err());
        assert!(check(kling, json!({"prompt": ""})).is_err());
        assert!(check(kling, json!({"prompt": 5})).is_err());
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
        }
    }
}
