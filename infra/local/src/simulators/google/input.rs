//! Checks a submission's body as Veo does:
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/veo-video-generation>.
//!
//! Parameters are loosely typed at Google: one whose name it does not know is ignored, one whose
//! value is of another type is not.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::models;
use crate::simulators::output::Film;
use crate::simulators::provider;

/// What is to be rendered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub(super) prompt: String,
    pub(super) seconds: u32,
    pub(super) aspect_ratio: String,
    pub(super) samples: u32,
    /// Where the files go; they come inline when absent.
    pub(super) folder: Option<Folder>,
    /// Everything that was sent under `parameters`.
    pub(super) parameters: Value,
}

/// A place in a bucket: `gs://bucket/prefix/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Folder {
    pub(super) bucket: String,
    /// Empty, or with a slash at its end.
    pub(super) prefix: String,
}

impl provider::Order for Order {
    fn prompt(&self) -> &str {
        &self.prompt
    }

    fn film(&self) -> Film<'_> {
        let sound = self.parameters["generateAudio"] != false;
        Film { seconds: self.seconds, aspect_ratio: &self.aspect_ratio, sound }
    }
}

/// The first thing that this model finds wrong with a body.
pub fn check(model: &str, body: &[u8]) -> Result<(), String> {
    if !models::is_live(model) {
        return Err(format!("there is no model {model}"));
    }
    read(body).map(|_| ())
}

/// The order in a body, or the first thing that is wrong with it.
pub(super) fn read(body: &[u8]) -> Result<Order, String> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| format!("Invalid JSON payload received. Unexpected token.\n{error}"))?;
    let fields =
        body.as_object().ok_or("Invalid JSON payload received. Root element must be a message.")?;
    if let Some(name) =
        fields.keys().find(|name| !["instances", "parameters", "labels"].contains(&name.as_str()))
    {
        return Err(format!(
            "Invalid JSON payload received. Unknown name \"{name}\": Cannot find field."
        ));
    }
    let [instance] = body["instances"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        return Err("The number of instances must be 1.".to_owned());
    };
    let prompt = match &instance["prompt"] {
        Value::String(prompt) if !prompt.trim().is_empty() => prompt.clone(),
        Value::Null | Value::String(_) => return Err("Text prompt is empty.".to_owned()),
        _ => return Err(wrong_type("prompt", "string")),
    };
    let parameters = match &body["parameters"] {
        Value::Null => json!({}),
        object @ Value::Object(_) => object.clone(),
        _ => return Err(wrong_type("parameters", "struct")),
    };
    check_parameters(&parameters)?;
    let folder = text(&parameters, "storageUri")?.map(Folder::of).transpose()?;
    Ok(Order {
        prompt,
        seconds: duration(&parameters)?,
        aspect_ratio: text(&parameters, "aspectRatio")?.unwrap_or("16:9").to_owned(),
        samples: samples(&parameters)?,
        folder,
        parameters,
    })
}

/// The order in a body that is checked only later.
pub(super) fn unread(body: &[u8]) -> Order {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let prompt = body["instances"][0]["prompt"].as_str().unwrap_or_default().to_owned();
    let (seconds, aspect_ratio) = (models::DEFAULT_DURATION_S, models::ASPECT_RATIOS[0].to_owned());
    Order {
        prompt,
        seconds,
        aspect_ratio,
        samples: 1,
        folder: None,
        parameters: body["parameters"].clone(),
    }
}

/// The parameters that decide nothing here. Names are read in any case: Google's own client writes
/// `OPTIMIZED` for what the documentation calls `optimized`.
fn check_parameters(parameters: &Value) -> Result<(), String> {
    for (name, accepted) in [
        ("aspectRatio", models::ASPECT_RATIOS.as_slice()),
        ("resolution", &models::RESOLUTIONS),
        ("personGeneration", &models::PERSON_GENERATIONS),
        ("compressionQuality", &models::COMPRESSION_QUALITIES),
    ] {
        if let Some(given) = text(parameters, name)?
            .filter(|given| !accepted.iter().any(|name| name.eq_ignore_ascii_case(given)))
        {
            let accepted = accepted.join(", ");
            return Err(format!("{name} must be one of [{accepted}], but got {given}."));
        }
    }
    text(parameters, "negativePrompt")?;
    for name in ["generateAudio", "enhancePrompt"] {
        if !matches!(parameters[name], Value::Null | Value::Bool(_)) {
            return Err(wrong_type(name, "boolean"));
        }
    }
    match number(parameters, "seed")? {
        Some(seed) if u32::try_from(seed).is_err() => {
            Err("seed must be between 0 and 4294967295.".to_owned())
        }
        _ => Ok(()),
    }
}

fn duration(parameters: &Value) -> Result<u32, String> {
    let Some(given) = number(parameters, "durationSeconds")? else {
        return Ok(models::DEFAULT_DURATION_S);
    };
    let found = models::DURATIONS_S.into_iter().find(|seconds| i64::from(*seconds) == given);
    let supported = models::DURATIONS_S.map(|seconds| seconds.to_string()).join(",");
    found.ok_or_else(|| {
        format!(
            "Unsupported output video duration {given} seconds, supported durations are \
             [{supported}] for feature text_to_video."
        )
    })
}

fn samples(parameters: &Value) -> Result<u32, String> {
    let given = number(parameters, "sampleCount")?.unwrap_or(1);
    let count =
        u32::try_from(given).ok().filter(|count| (1..=models::SAMPLES_AT_MOST).contains(count));
    count.ok_or_else(|| {
        format!("sampleCount must be between 1 and {}, but got {given}.", models::SAMPLES_AT_MOST)
    })
}

fn text<'a>(parameters: &'a Value, name: &str) -> Result<Option<&'a str>, String> {
    match &parameters[name] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(wrong_type(name, "string")),
    }
}

/// A whole number; a text that looks like one is none.
fn number(parameters: &Value, name: &str) -> Result<Option<i64>, String> {
    match &parameters[name] {
        Value::Null => Ok(None),
        Value::Number(number) => {
            number.as_i64().map(Some).ok_or_else(|| wrong_type(name, "integer"))
        }
        _ => Err(wrong_type(name, "number")),
    }
}

fn wrong_type(name: &str, kind: &str) -> String {
    format!("The value type for `{name}` needs to be a {kind}.")
}

impl Folder {
    fn of(uri: &str) -> Result<Self, String> {
        let path = uri.strip_prefix("gs://").map(|path| path.split_once('/').unwrap_or((path, "")));
        match path {
            Some((bucket, prefix)) if bucket.len() >= 3 => {
                let slash = if prefix.is_empty() || prefix.ends_with('/') { "" } else { "/" };
                Ok(Self { bucket: bucket.to_owned(), prefix: format!("{prefix}{slash}") })
            }
            _ => Err(format!(
                "Invalid Cloud Storage URI {uri}: it must begin with gs:// and name a bucket."
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(parameters: Value) -> Result<Order, String> {
        read(
            json!({"instances": [{"prompt": "a cat"}], "parameters": parameters})
                .to_string()
                .as_bytes(),
        )
    }

    #[test]
    fn an_order_is_read_with_its_defaults() {
        let order = with(json!({})).unwrap();
        assert_eq!(
            (order.seconds, order.aspect_ratio.as_str(), order.samples, order.folder),
            (8, "16:9", 1, None)
        );
        let all = json!({
            "sampleCount": 2, "durationSeconds": 4, "aspectRatio": "9:16", "generateAudio": true,
            "resolution": "1080p", "storageUri": "gs://films/of/mine", "seed": 7,
            "negativePrompt": "blur", "personGeneration": "allow_adult", "enhancePrompt": true,
            "compressionQuality": "OPTIMIZED", "unknown": "is ignored",
        });
        let order = with(all.clone()).unwrap();
        let folder = Folder { bucket: "films".to_owned(), prefix: "of/mine/".to_owned() };
        assert_eq!((order.seconds, order.samples, order.folder), (4, 2, Some(folder)));
        assert_eq!(order.parameters, all);
        let mut names: Vec<&String> = all.as_object().unwrap().keys().collect();
        names.sort_unstable();
        names.retain(|name| *name != "unknown");
        assert_eq!(names, models::PARAMETERS);
    }

    #[test]
    fn a_wrong_value_is_refused_by_its_name() {
        for (parameters, named) in [
            (json!({"durationSeconds": 5}), "Unsupported output video duration 5 seconds"),
            (json!({"durationSeconds": "8"}), "`durationSeconds`"),
            (json!({"durationSeconds": 7.5}), "`durationSeconds`"),
            (json!({"aspectRatio": "1:1"}), "aspectRatio"),
            (json!({"sampleCount": 5}), "sampleCount"),
            (json!({"sampleCount": 0}), "sampleCount"),
            (json!({"generateAudio": "true"}), "`generateAudio`"),
            (json!({"storageUri": "s3://films"}), "s3://films"),
            (json!({"storageUri": "gs://"}), "gs://"),
            (json!({"resolution": "8k"}), "resolution"),
            (json!({"seed": -1}), "seed"),
            (json!({"negativePrompt": 1}), "`negativePrompt`"),
            (json!({"personGeneration": "all"}), "personGeneration"),
            (json!({"compressionQuality": "best"}), "compressionQuality"),
            (json!([]), "`parameters`"),
        ] {
            let message = with(parameters.clone()).unwrap_err();
            assert!(message.contains(named), "{parameters}: {message}");
        }
    }

    #[test]
    fn there_is_one_instance_with_a_prompt() {
        for body in [
            json!({}),
            json!({"instances": []}),
            json!({"instances": [{"prompt": "a"}, {"prompt": "b"}]}),
            json!({"instances": [{}]}),
            json!({"instances": [{"prompt": " "}]}),
            json!({"instances": [{"prompt": 5}]}),
            json!({"prompt": "a"}),
            json!([]),
            json!(null),
        ] {
            assert!(read(body.to_string().as_bytes()).is_err(), "{body}");
        }
        assert!(read(b"{").is_err());
        let body = br#"{"instances": [{"prompt": "a cat"}]}"#;
        assert_eq!(check("veo-3.1-generate-001", body), Ok(()));
        assert!(check("veo-3.0-generate-001", body).is_err(), "it was retired");
    }
}
