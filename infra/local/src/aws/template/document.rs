//! The template's text as JSON, with CloudFormation's short forms written out: `!Ref X` becomes
//! `{"Ref": "X"}`. Blocks that stand in several places are written out too, as SAM does.
//!
//! Knows YAML and those tags, nothing of what a resource is.

use saphyr::{LoadableYamlNode, ScalarOwned, YamlOwned};
use serde_json::{Map, Value, json};

/// The key that merges blocks into a mapping.
const MERGE: &str = "<<";

/// Why a template could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The text is not YAML.
    #[error("the template is not YAML: {0}")]
    Syntax(String),
    /// The text is YAML that no template consists of.
    #[error("the template has {0}, which has no meaning in a template")]
    Unexpected(String),
    /// A resource lacks something, or has it in a shape that is not known here.
    #[error("{resource} in the template has no readable {property}")]
    Missing {
        /// The resource's logical id.
        resource: String,
        /// A JSON pointer into it.
        property: String,
    },
}

/// The text's one document.
pub(super) fn long_form(text: &str) -> Result<Value, Unreadable> {
    let documents =
        YamlOwned::load_from_str(text).map_err(|error| Unreadable::Syntax(error.to_string()))?;
    match documents.as_slice() {
        [document] => json_of(document),
        documents => Err(Unreadable::Unexpected(format!("{} documents", documents.len()))),
    }
}

fn json_of(node: &YamlOwned) -> Result<Value, Unreadable> {
    match node {
        YamlOwned::Value(scalar) => Ok(scalar_of(scalar)),
        YamlOwned::Sequence(items) => {
            items.iter().map(json_of).collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        YamlOwned::Mapping(entries) => {
            let entry = |(key, value)| Ok((key_of(key)?, json_of(value)?));
            merge(entries.iter().map(entry).collect::<Result<_, _>>()?)
        }
        YamlOwned::Tagged(tag, node) if tag.handle == "!" => {
            let function = match tag.suffix.as_str() {
                name @ ("Ref" | "Condition") => name.to_owned(),
                name => format!("Fn::{name}"),
            };
            Ok(json!({ function: json_of(node)? }))
        }
        other => Err(Unreadable::Unexpected(format!("{other:?}"))),
    }
}

/// Puts the entries of the merged blocks beside the mapping's own. Its own entries win.
fn merge(mut object: Map<String, Value>) -> Result<Value, Unreadable> {
    let blocks = match object.remove(MERGE) {
        None => Vec::new(),
        Some(Value::Array(blocks)) => blocks,
        Some(block) => vec![block],
    };
    for block in blocks {
        let Value::Object(block) = block else {
            return Err(Unreadable::Unexpected(format!("{MERGE}: {block}")));
        };
        for (key, value) in block {
            object.entry(key).or_insert(value);
        }
    }
    Ok(Value::Object(object))
}

fn key_of(node: &YamlOwned) -> Result<String, Unreadable> {
    match node {
        YamlOwned::Value(ScalarOwned::String(key)) => Ok(key.clone()),
        other => Err(Unreadable::Unexpected(format!("the key {other:?}"))),
    }
}

fn scalar_of(scalar: &ScalarOwned) -> Value {
    match scalar {
        ScalarOwned::Null => Value::Null,
        ScalarOwned::Boolean(value) => json!(value),
        ScalarOwned::Integer(value) => json!(value),
        ScalarOwned::FloatingPoint(value) => json!(value.into_inner()),
        ScalarOwned::String(value) => json!(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_written_out() {
        let text =
            "a: !Ref T\nb: { c: !GetAtt T.Arn, d: [!Sub '${T}/x', 1, true, '1'] }\ne: text # why\n";
        assert_eq!(
            long_form(text).unwrap(),
            json!({
                "a": {"Ref": "T"},
                "b": {"c": {"Fn::GetAtt": "T.Arn"}, "d": [{"Fn::Sub": "${T}/x"}, 1, true, "1"]},
                "e": "text",
            })
        );
    }

    #[test]
    fn blocks_are_written_out() {
        let text = "a:\n  <<:\n    - &one\n      x: !Ref T\n    - &two\n      y: 1\n      z: 2\n\
                    b: { <<: [*one, *two], z: 3 }\nc: { <<: *one }\nd: &list [!Ref T]\ne: *list\n";
        let reference = json!({"Ref": "T"});
        assert_eq!(
            long_form(text).unwrap(),
            json!({
                "a": {"x": reference, "y": 1, "z": 2},
                "b": {"x": reference, "y": 1, "z": 3},
                "c": {"x": reference},
                "d": [reference],
                "e": [reference],
            })
        );
        assert!(long_form("a: { <<: text }").is_err());
    }

    #[test]
    fn what_no_template_consists_of_is_refused() {
        for text in ["a: [", "a: 1\n---\nb: 2\n", "1: a", ""] {
            assert!(long_form(text).is_err(), "{text}");
        }
    }
}
