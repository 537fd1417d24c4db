//! `models.schema.json`, which helps to write an entry, has the same fields as the code that reads
//! one. `.ci/catalog` validates the entries.

use crate::catalog::{Catalog, Model};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An entry with every field that there is.
const FULL: &str = r#"{
  "id": "acme/film-2",
  "created": 1796083200,
  "prompt": {"min": 3, "max": 2000},
  "inputs": {
    "duration": {"values": [5, 9], "default": 5},
    "aspect_ratio": {"values": ["16:9", "1:1"], "default": "1:1"},
    "resolution": {"values": ["720p", "1080p"], "default": "720p"},
    "generate_audio": {"values": [true, false], "default": false},
    "seed": true,
    "negative_prompt": {"max": 500, "default": "blur"}
  },
  "audio": false,
  "prices": [
    {
      "name": "silent",
      "when": {"duration": [5, 9], "resolution": ["720p", "1080p"], "generate_audio": false},
      "usd_per_second": "0.30"
    },
    {"name": "sound", "when": {"generate_audio": true}, "usd_per_second": "0.35"}
  ],
  "poll_every_s": 15,
  "typical_s": [60, 180],
  "upstreams": [
    {
      "provider": "fal",
      "modes": {"text": "acme/film-2/text-to-video"},
      "spelling": {
        "duration": {"field": "length", "form": "text_s"},
        "aspect_ratio": {"field": "ratio", "form": "text"},
        "resolution": {"field": "resolution", "form": "text"},
        "generate_audio": {"field": "sound", "form": "text"},
        "seed": {"field": "seed", "form": "text"},
        "negative_prompt": {"field": "avoid", "form": "text"}
      },
      "renders": {
        "duration": 5, "aspect_ratio": "1:1", "resolution": "720p", "generate_audio": false
      },
      "always": {"loop": false},
      "asks": {
        "prices": [
          {
            "name": "all",
            "when": {"duration": [5, 9], "resolution": ["720p"], "generate_audio": false},
            "usd_per_second": "0.20"
          }
        ],
        "source": "https://acme.example/prices",
        "read": "2026-11-30"
      },
      "retires": 1827619200,
      "note": "a film of our own"
    }
  ]
}"#;

fn schema() -> Value {
    serde_json::from_str(include_str!("../models.schema.json")).unwrap()
}

/// What a place of the schema says, wherever it says so.
fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    match schema["$ref"].as_str().and_then(|place| place.strip_prefix('#')) {
        Some(place) => root.pointer(place).unwrap(),
        None => schema,
    }
}

/// The places of all fields below a place of the schema. A list has its items at `*`.
fn fields(root: &Value, schema: &Value, place: &str) -> BTreeSet<String> {
    let schema = resolved(root, schema);
    let items = schema.get("items").map(|items| ("*", items));
    let named = schema["properties"].as_object().into_iter().flatten();
    let mut found = BTreeSet::new();
    for (name, below) in named.map(|(name, below)| (name.as_str(), below)).chain(items) {
        let place = format!("{place}/{name}");
        found.extend(fields(root, below, &place));
        found.insert(place);
    }
    found
}

/// The places of all fields of a value, without the provider's own below `always`.
fn places(value: &Value, place: &str) -> BTreeSet<String> {
    let parts: Vec<(&str, &Value)> = match value {
        Value::Object(fields) if !place.ends_with("/always") => {
            fields.iter().map(|(name, part)| (name.as_str(), part)).collect()
        }
        Value::Array(items) => items.iter().map(|item| ("*", item)).collect(),
        _ => Vec::new(),
    };
    let mut found = BTreeSet::new();
    for (name, part) in parts {
        let place = format!("{place}/{name}");
        found.extend(places(part, &place));
        found.insert(place);
    }
    found
}

#[test]
fn the_schema_has_every_field_that_an_entry_is_written_with() {
    let schema = schema();
    let known = fields(&schema, &schema["$defs"]["model"], "");
    for model in Catalog::published().iter() {
        let written = places(&serde_json::to_value(model).unwrap(), "");
        let unknown: Vec<_> = written.difference(&known).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", model.id);
    }
}

#[test]
fn an_entry_with_every_field_of_the_schema_is_read_and_written() {
    let schema = schema();
    let full: Value = serde_json::from_str(FULL).unwrap();
    let (written, known) = (places(&full, ""), fields(&schema, &schema["$defs"]["model"], ""));
    assert_eq!(written.symmetric_difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
    let model: Model = serde_json::from_str(FULL).unwrap();
    assert_eq!(model.check(), Ok(()));
    assert_eq!(serde_json::to_value(&model).unwrap(), full);
}

/// Otherwise an editor would accept a word that the code does not know.
#[test]
fn every_object_of_the_schema_says_what_else_it_may_have() {
    fn objects<'s>(schema: &'s Value, found: &mut Vec<&'s Value>) {
        if schema["type"] == json!("object") {
            found.push(schema);
        }
        let parts = schema.as_object().into_iter().flatten().map(|(_, part)| part);
        parts.filter(|part| part.is_object()).for_each(|part| objects(part, found));
    }
    let schema = schema();
    let mut found = Vec::new();
    objects(&schema, &mut found);
    let open: Vec<_> =
        found.iter().filter(|object| object["additionalProperties"] != json!(false)).collect();
    let always = &schema["$defs"]["upstream"]["properties"]["always"];
    assert_eq!(open, [&always], "only what is sent always has the provider's own names");
    assert_eq!(always["additionalProperties"], json!(true));
}
