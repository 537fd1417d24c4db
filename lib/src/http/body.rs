//! The body as a JSON object; and where it is none, what is wrong with it, where, and what would be
//! right.

mod encoding;
mod syntax;

use crate::error::Refusal;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The longest body that is read: 4000 characters of four bytes, each escaped as `\ud83d\ude00`,
/// are 48 KB.
pub(super) const LONGEST: usize = 64 << 10;

const EXAMPLE: &str =
    r#"send a JSON object, such as {"model":"fal/kling-2","prompt":"a hummingbird at dawn"}"#;

/// Reads a body whose `Content-Encoding` header says this, if there is one. The content type does
/// not matter.
pub(super) fn object(
    body: &[u8],
    content_encoding: Option<&str>,
) -> Result<Map<String, Value>, Refusal> {
    if body.len() > LONGEST {
        return Err(Refusal::RequestTooLarge { limit_bytes: LONGEST });
    }
    let read = encoding::text(body).and_then(|text| match text.trim_matches(SPACE) {
        "" => Err(format!("the body is empty; {EXAMPLE}")),
        _ => parsed(text),
    });
    // The header speaks only where there is a fault: a proxy that unpacks a body may leave it.
    let read = read.map_err(|fault| content_encoding.and_then(encoding::packed).unwrap_or(fault));
    read.map_err(Refusal::InvalidRequest)
}

/// What JSON takes for blank.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

fn parsed(text: &str) -> Result<Map<String, Value>, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    match Body::deserialize(&mut json).map_err(|error| syntax::fault(text, &error))? {
        Body::Other(kind) => Err(format!("the body is {kind}; {EXAMPLE}")),
        Body::Twice(name) => {
            let name = crate::error::shortened(&name);
            Err(format!("{name:?} stands twice in the body, and each could be meant; send it once"))
        }
        Body::Object(object) => match json.end() {
            Ok(()) => Ok(object),
            Err(error) => Err(syntax::more(text, &error)),
        },
    }
}

/// What a body turns out to be.
enum Body {
    Object(Map<String, Value>),
    /// An object that has a field of this name twice.
    Twice(String),
    /// JSON that is no object, by the name of its kind.
    Other(&'static str),
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Body;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Body, A::Error> {
        let (mut object, mut twice) = (Map::new(), None);
        while let Some((name, value)) = fields.next_entry::<String, Value>()? {
            if object.contains_key(&name) {
                twice = Some(name);
            } else {
                object.insert(name, value);
            }
        }
        Ok(twice.map_or(Body::Object(object), Body::Twice))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Body, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Body::Other("a list"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Body, E> {
        Ok(Body::Other("a string"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Body, E> {
        Ok(Body::Other("true or false"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Body, E> {
        Ok(Body::Other("a number"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Body, E> {
        Ok(Body::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Body, E> {
        Ok(Body::Other("a number"))
    }

    fn visit_unit<E>(self) -> Result<Body, E> {
        Ok(Body::Other("null"))
    }
}

#[cfg(test)]
mod tests;
