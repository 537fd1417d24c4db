//! Finds the finished file in a result. The documented place is `video.url`; endpoints and the
//! gateways in front of fal have others.

use crate::adapter::LONGEST_ADDRESS;
use serde_json::{Map, Value};
use url::Url;

/// Where a file may stand, the documented place first. Names are compared without underscores and
/// case.
const PLACES: [&str; 9] = [
    "video",
    "videos",
    "videourl",
    "videourls",
    "generatedvideo",
    "generatedvideos",
    "outputvideo",
    "file",
    "files",
];
/// What such objects may be wrapped in.
const WRAPPERS: [&str; 9] = [
    "data",
    "response",
    "result",
    "results",
    "output",
    "outputs",
    "payload",
    "body",
    "generations",
];
/// What an object that stands for a file calls its address.
const ADDRESSES: [&str; 5] = ["url", "videourl", "fileurl", "uri", "video"];
/// Wrappers within wrappers: two are known.
const DEEPEST: usize = 3;
/// A DNS name is at most so long (RFC 1035, 2.3.4).
const LONGEST_HOST: usize = 253;
/// So many names of fields are told to the log, at most.
const MOST_KEYS: usize = 12;

/// The address of the video in this result, which was read from `base`.
pub(super) fn address(result: &Value, base: &Url) -> Option<String> {
    usable(text(result, DEEPEST)?, base)
}

/// The names of the fields that a result has, for the log.
pub(super) fn keys(result: &Value) -> String {
    let names = |value: &Value| match value {
        Value::Object(object) => {
            object.keys().take(MOST_KEYS).cloned().collect::<Vec<_>>().join(", ")
        }
        Value::Array(items) => format!("a list of {}", items.len()),
        _ => String::new(),
    };
    let wrapped = |name: &str| named(result.as_object()?, name).filter(|inner| inner.is_object());
    let inner = WRAPPERS.iter().find_map(|name| Some((name, wrapped(name)?)));
    match inner {
        Some((name, inner)) => format!("{}; in {name}: {}", names(result), names(inner)),
        None => names(result),
    }
}

fn text(value: &Value, depth: usize) -> Option<&str> {
    let object = match value {
        Value::Array(items) if depth > 0 => {
            return items.iter().find_map(|item| text(item, depth - 1));
        }
        Value::String(_) if depth < DEEPEST => return file(value),
        Value::Object(object) => object,
        _ => return None,
    };
    let found = PLACES.iter().find_map(|place| named(object, place).and_then(file));
    let wrapped = || WRAPPERS.iter().filter_map(|wrapper| named(object, wrapper));
    found
        .or_else(
            || if depth > 0 { wrapped().find_map(|inner| text(inner, depth - 1)) } else { None },
        )
        .or_else(|| wrapped().find_map(file))
        .or_else(|| file(value))
}

/// The address of what stands for a file: a text, an object with an address, or a list of those.
fn file(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text.as_str()).filter(|text| !text.trim().is_empty()),
        Value::Array(items) => items.iter().find_map(file),
        Value::Object(object) => {
            ADDRESSES.iter().find_map(|name| named(object, name).and_then(file))
        }
        _ => None,
    }
}

/// A field, however its name is written: `video_url`, `videoUrl`.
fn named<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let same = |key: &str| {
        let bare = key.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase());
        bare.eq(name.bytes())
    };
    object.iter().find(|(key, value)| same(key) && !value.is_null()).map(|(_, value)| value)
}

/// The address in full, if a file can be fetched from it.
fn usable(text: &str, base: &Url) -> Option<String> {
    let url = base.join(text).ok().filter(|_| text.len() <= LONGEST_ADDRESS)?;
    let host = url.host_str().unwrap_or_default();
    let fetched =
        matches!(url.scheme(), "https" | "http") && (1..=LONGEST_HOST).contains(&host.len());
    (fetched && url.as_str().len() <= LONGEST_ADDRESS).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FILE: &str = "https://v3b.fal.media/files/b/panda/output.mp4";

    fn found(result: &Value) -> Option<String> {
        address(result, &Url::parse("https://queue.fal.run/fal-ai/kling-video/requests/1").unwrap())
    }

    #[test]
    fn a_video_is_found_wherever_results_have_it() {
        let places = [
            json!({"video": {"url": FILE, "content_type": "video/mp4"}}),
            json!({"video": FILE}),
            json!({"video": [{"url": FILE}]}),
            json!({"video": {"file_url": FILE}}),
            json!({"videos": [{"url": FILE}]}),
            json!({"videos": [FILE, "https://v3b.fal.media/files/second.mp4"]}),
            json!({"video_url": FILE}),
            json!({"video_url": {"url": FILE}}),
            json!({"generated_video": {"url": FILE}}),
            json!({"videoUrl": FILE}),
            json!({"Video": {"URL": FILE}}),
            json!({"video": {"video": {"url": FILE}}}),
            json!({"file": {"url": FILE}}),
            json!({"url": FILE, "content_type": "video/mp4"}),
        ];
        for place in places {
            for result in [
                place.clone(),
                json!({"data": place, "requestId": "1"}),
                json!({"response": place}),
                json!({"result": {"data": place}}),
                json!({"output": place, "seed": 7}),
                json!([place]),
            ] {
                assert_eq!(found(&result).as_deref(), Some(FILE), "{result}");
            }
        }
        assert_eq!(found(&json!({"output": FILE})).as_deref(), Some(FILE));
        assert_eq!(found(&json!({"outputs": [FILE]})).as_deref(), Some(FILE));
    }

    #[test]
    fn a_relative_address_is_below_the_results_own() {
        for (text, expected) in [
            ("/files/1/output.mp4", "https://queue.fal.run/files/1/output.mp4"),
            ("output.mp4", "https://queue.fal.run/fal-ai/kling-video/requests/output.mp4"),
            ("//v3b.fal.media/files/x.mp4", "https://v3b.fal.media/files/x.mp4"),
            (" https://v3b.fal.media/files/x.mp4\n", "https://v3b.fal.media/files/x.mp4"),
        ] {
            assert_eq!(
                found(&json!({"video": {"url": text}})).as_deref(),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_video_is_not_taken_for_one() {
        let long = format!("https://v3b.fal.media/{}", "x".repeat(LONGEST_ADDRESS));
        for result in [
            json!({}),
            json!(null),
            json!([]),
            json!([1]),
            json!("text"),
            json!({"video": null}),
            json!({"video": {}}),
            json!({"video": {"url": null}}),
            json!({"video": {"url": ""}}),
            json!({"video": {"url": 7}}),
            json!({"videos": []}),
            json!({"images": [{"url": FILE}], "thumbnail": {"url": FILE}}),
            json!({"data": {"data": {"data": {"data": {"data": {"video": FILE}}}}}}),
            json!({"video": long}),
            json!({"video": "//"}),
            json!({"video": "file:///etc/passwd"}),
            json!({"video": "data:video/mp4;base64,AAAA"}),
            json!({"video": "javascript:alert(1)"}),
            json!({"video": format!("https://{}.example/x", "a.".repeat(200))}),
        ] {
            assert_eq!(found(&result), None, "{result}");
        }
    }

    #[test]
    fn the_names_of_fields_are_told() {
        assert_eq!(keys(&json!({"images": [], "seed": 7})), "images, seed");
        assert_eq!(keys(&json!({"data": {"image": 1}, "id": 7})), "data, id; in data: image");
        assert_eq!(keys(&json!([1, 2])), "a list of 2");
    }
}
