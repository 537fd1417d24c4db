//! The built-in entries, and what an order to them gets.

use super::*;
use crate::order::Order;
use crate::provider::ByProvider;
use serde_json::{Value, json};

mod schema;

fn services() -> Services {
    Services::new(ByProvider::new(|_| Service::Usable))
}

/// What an order with these fields gets, or why it gets nothing.
fn offered(model: &str, fields: Value) -> Result<(Resolved, Value, String), String> {
    let mut body = json!({"model": model, "prompt": "x"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let order = Order::read(body.as_object().unwrap()).unwrap();
    let catalog = Catalog::published();
    let offer = catalog.offer(&order, &services()).map_err(|refusal| refusal.to_string())?;
    Ok((offer.resolved, Value::Object(offer.input), offer.price.name.clone()))
}

#[test]
fn every_built_in_entry_is_whole() {
    let catalog = Catalog::published();
    for model in catalog.iter() {
        assert_eq!(model.check(), Ok(()), "{}", model.id);
        assert!(model.poll_every_s < model.typical_s.0, "{}", model.id);
    }
    let ids: Vec<_> = catalog.iter().map(|model| model.id.as_str()).collect();
    for published in [
        "google/veo-3.1",
        "google/veo-3",
        "fal/veo-3.1",
        "fal/runway-gen-4",
        "fal/luma-ray-2",
        "fal/kling-2",
        "fal/hailuo-02",
    ] {
        assert!(ids.contains(&published), "{published}");
    }
    assert!(ids.is_sorted_by(|one, next| one < next), "no id is there twice");
}

#[test]
fn an_entry_is_written_as_it_was_read() {
    let file: Value = serde_json::from_str(include_str!("models.json")).unwrap();
    for entry in file["models"].as_array().unwrap() {
        let model: Model = serde_json::from_str(&entry.to_string()).unwrap();
        let written = serde_json::to_string(&model).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), *entry);
    }
}

#[test]
fn a_length_between_the_renderable_ones_is_refused_with_their_list() {
    for asked in [json!(0), json!(-1), json!(7), json!(11), json!(1_000_000_000_000_i64)] {
        assert_eq!(
            offered("fal/kling-2", json!({"duration": asked})).unwrap_err(),
            format!("duration: fal/kling-2 renders 5 or 10 seconds, not {asked}")
        );
    }
}

#[test]
fn a_value_that_the_model_lacks_is_refused_with_the_list() {
    for (model, fields, says) in [
        (
            "fal/kling-2",
            json!({"aspect_ratio": "4:5"}),
            "aspect_ratio: fal/kling-2 renders 16:9, 9:16 or 1:1, not \"4:5\"",
        ),
        (
            "fal/veo-3.1",
            json!({"resolution": "8k"}),
            "resolution: fal/veo-3.1 renders 720p, 1080p or 4k, not \"8k\"",
        ),
        (
            "fal/kling-2",
            json!({"resolution": "720p"}),
            "resolution: fal/kling-2 does not take it; these do: fal/luma-ray-2, fal/veo-3.1, \
             fal/veo-3.1-fast, fal/veo-3.1-lite, google/veo-3.1, google/veo-3.1-fast or \
             google/veo-3.1-lite",
        ),
        (
            "fal/kling-2",
            json!({"seed": 7}),
            "seed: fal/kling-2 does not take it; these do: fal/veo-3.1, fal/veo-3.1-fast, \
             fal/veo-3.1-lite, google/veo-3.1, google/veo-3.1-fast or google/veo-3.1-lite",
        ),
        (
            "fal/kling-2",
            json!({"negative_prompt": " "}),
            "negative_prompt: it is blank; send a text of 1 to 2500 characters",
        ),
    ] {
        assert_eq!(offered(model, fields.clone()).unwrap_err(), says, "{model} {fields}");
    }
    let refused = offered("fal/hailuo-02", json!({"negative_prompt": "blur"})).unwrap_err();
    assert!(refused.starts_with("negative_prompt: fal/hailuo-02 does not take it"), "{refused}");
    let refused = offered("google/veo-3.1", json!({"generate_audio": true}));
    assert!(refused.is_ok(), "{refused:?}");
    let refused = offered("fal/hailuo-02", json!({"generate_audio": false})).unwrap_err();
    assert!(refused.starts_with("generate_audio: fal/hailuo-02 does not take it"), "{refused}");
}

#[test]
fn an_order_is_told_with_every_value_in_its_upstreams_spelling() {
    for (model, fields, input, row) in [
        (
            "fal/kling-2",
            json!({}),
            json!({"duration": "5", "aspect_ratio": "16:9", "cfg_scale": 0.5,
                "negative_prompt": "blur, distort, and low quality"}),
            "standard",
        ),
        (
            "fal/hailuo-02",
            json!({"duration": 10, "aspect_ratio": "16:9"}),
            json!({"duration": "10", "prompt_optimizer": true}),
            "standard",
        ),
        ("fal/hailuo-02-pro", json!({}), json!({"prompt_optimizer": true}), "standard"),
        (
            "fal/luma-ray-2",
            json!({"duration": 9, "resolution": "1080p", "aspect_ratio": "21:9"}),
            json!({"duration": "9s", "resolution": "1080p", "aspect_ratio": "21:9", "loop": false}),
            "1080p-9s",
        ),
        (
            "fal/veo-3.1",
            json!({"resolution": "4k", "generate_audio": false, "seed": 7, "negative_prompt": "blur"}),
            json!({"duration": "8s", "aspect_ratio": "16:9", "resolution": "4k",
                "generate_audio": false, "seed": 7, "negative_prompt": "blur", "auto_fix": true,
                "safety_tolerance": "4"}),
            "4k-silent",
        ),
        (
            "google/veo-3.1",
            json!({"duration": 4}),
            json!({"durationSeconds": 4, "aspectRatio": "16:9", "resolution": "720p",
                "generateAudio": true, "personGeneration": "allow_adult"}),
            "sound",
        ),
    ] {
        let (_, told, price) = offered(model, fields.clone()).unwrap();
        assert_eq!((told, price.as_str()), (input, row), "{model} {fields}");
    }
}

/// A change to an entry, and what the check says of it.
#[test]
fn an_entry_that_is_not_whole_is_refused_with_what_would_be_right() {
    let veo = serde_json::to_value(Catalog::published().get("fal/veo-3.1").unwrap()).unwrap();
    let said = |pointer: &str, value: Value| {
        let mut entry = veo.clone();
        *entry.pointer_mut(pointer).unwrap() = value;
        match serde_json::from_value::<Model>(entry) {
            Ok(model) => model.check().unwrap_err(),
            Err(error) => error.to_string(),
        }
    };
    for (pointer, value, says) in [
        ("/id", json!("Veo"), "id is \"Veo\", and must be two words with a slash between them"),
        ("/id", json!("fal/veo 3"), "id is \"fal/veo 3\""),
        ("/prompt/max", json!(4001), "prompt takes 1 to 4001 characters"),
        ("/prompt/min", json!(0), "prompt takes 0 to 4000 characters"),
        ("/poll_every_s", json!(0), "poll_every_s is 0, and must be from 1 to 60"),
        ("/poll_every_s", json!(61), "poll_every_s is 61, and must be from 1 to 60"),
        ("/typical_s", json!([9, 3]), "typical_s must be two numbers of seconds"),
        ("/audio", json!(false), "audio must be the default of generate_audio"),
        ("/inputs/duration/values", json!([]), "duration must have 1 to 16 values"),
        ("/inputs/duration/values", json!([8, 8]), "duration has a value twice"),
        ("/inputs/duration/values", json!([8, 4]), "duration must have lengths from 1 to 600"),
        ("/inputs/duration/values", json!([0, 8]), "duration must have lengths from 1 to 600"),
        (
            "/inputs/duration/default",
            json!(5),
            "the default of duration is 5, and must be 4, 6 or 8",
        ),
        ("/inputs/resolution/values", json!(["720p", "8k"]), "no price applies to 4 seconds, 8k"),
        ("/inputs/negative_prompt/max", json!(0), "negative_prompt takes at most 0 characters"),
        ("/prices/0/when", json!({}), "several prices apply to 4 seconds, 720p, without sound"),
        ("/prices/0/name", json!("silent"), "two prices are called silent"),
        ("/prices/0/name", json!("With sound"), "the price \"With sound\" must have a name"),
        ("/prices/0/usd_per_second", json!("0"), "the price sound must be above 0"),
        ("/prices/0/usd_per_second", json!("-1"), "\"-1\" is no price"),
        ("/prices/0/usd_per_second", json!(0.4), "expected a string"),
        ("/upstreams", json!([]), "upstreams must name who renders the model"),
        ("/upstreams/0/spelling", json!({}), "fal.ai cannot be asked for duration 4"),
        ("/upstreams/0/provider", json!("acme"), "unknown variant `acme`"),
        ("/upstreams/0/provider", json!("sandbox"), "a sandbox cannot be an upstream"),
        ("/upstreams/0/spelling/seed/field", json!("prompt"), "seed is spelled prompt"),
        (
            "/upstreams/0/spelling/seed/field",
            json!("resolution"),
            "resolution and seed are both spelled resolution",
        ),
    ] {
        let found = said(pointer, value.clone());
        assert!(found.contains(says), "{pointer} {value}: {found}");
    }
}
