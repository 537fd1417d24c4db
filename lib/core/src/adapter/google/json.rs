//! Reads proto3's JSON as its readers have to: null is absent, a field has two names, numbers and
//! truth values may come as text. <https://protobuf.dev/programming-guides/json/>

use serde_json::Value;

/// A field, by its name in JSON or the one that it has in the `.proto` file (`gcsUri`, `gcs_uri`).
/// Null is absent.
pub(super) fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let named = |key: &str| key == name || is_proto_name(key, name);
    let found = value.as_object()?.iter().find(|(key, value)| named(key) && !value.is_null());
    found.map(|(_, value)| value)
}

/// Whether a key is this name with underscores instead of capitals.
fn is_proto_name(key: &str, name: &str) -> bool {
    let bare = key.bytes().filter(|byte| *byte != b'_');
    key.contains('_') && bare.eq(name.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// A field's text; empty is absent.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    field(value, name)?.as_str().filter(|text| !text.is_empty())
}

/// Whether a field is true.
pub(super) fn truth(value: &Value, name: &str) -> bool {
    match field(value, name) {
        Some(Value::Bool(truth)) => *truth,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true") || text == "1",
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        _ => false,
    }
}

/// A field's whole number.
pub(super) fn number(value: &Value, name: &str) -> Option<i64> {
    match field(value, name)? {
        Value::Number(number) => number.as_i64().or_else(|| whole(&number.to_string())),
        Value::String(text) => whole(text.trim()),
        _ => None,
    }
}

fn whole(text: &str) -> Option<i64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    whole.parse().ok().filter(|_| rest.bytes().all(|byte| byte == b'0'))
}

/// A field's items: those of a list, or the one thing that stands in its place.
pub(super) fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    match field(value, name) {
        Some(Value::Array(items)) => items,
        Some(item) => std::slice::from_ref(item),
        None => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_names_are_read_and_null_is_absent() {
        let value = json!({"gcsUri": "a", "rai_media_filtered_count": "2", "done": "true", "error": null, "n": 3.0, "m": 1.5});
        assert_eq!(text(&value, "gcsUri"), Some("a"));
        assert_eq!(number(&value, "raiMediaFilteredCount"), Some(2));
        assert!(truth(&value, "done") && !truth(&value, "error") && !truth(&value, "absent"));
        assert_eq!(
            (number(&value, "n"), number(&value, "m"), field(&value, "error")),
            (Some(3), None, None)
        );
        assert_eq!(
            items(&value, "gcsUri").len()
                + items(&value, "error").len()
                + items(&json!(7), "x").len(),
            1
        );
        assert_eq!(items(&json!({"x": [1, 2]}), "x").len(), 2);
        let twice = json!({"gcsUri": null, "gcs_uri": "a"});
        assert_eq!(
            text(&twice, "gcsUri"),
            Some("a"),
            "the null of one name does not hide the other"
        );
    }
}
