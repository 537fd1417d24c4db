//! A request as API Gateway hands it to a function: the JSON of payload 2.0.

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

/// The content types whose bodies are handed on as text; so is every `text/…`. A request without a
/// content type has no text.
const TEXTS: [&str; 3] = ["application/json", "application/javascript", "application/xml"];

/// The event of a request that this route takes. A key without a value is left out, as on AWS.
pub(super) fn of(
    parts: &Parts,
    body: &[u8],
    route_key: &str,
    parameters: Map<String, Value>,
    unix_ms: u128,
) -> Value {
    let (text, is_base64) = as_text(&parts.headers, body);
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": decoded(parts.uri.path()),
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers(&parts.headers),
        "requestContext": context(parts, route_key, unix_ms),
        "isBase64Encoded": is_base64,
    });
    if !parameters.is_empty() {
        event["pathParameters"] = Value::Object(parameters);
    }
    let query = query(parts.uri.query().unwrap_or_default());
    if !query.is_empty() {
        event["queryStringParameters"] = Value::Object(query);
    }
    let cookies = cookies(&parts.headers);
    if !cookies.is_empty() {
        event["cookies"] = cookies.into();
    }
    if !text.is_empty() {
        event["body"] = Value::String(text);
    }
    event
}

fn context(parts: &Parts, route_key: &str, unix_ms: u128) -> Value {
    let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    json!({
        "accountId": "123456789012",
        "apiId": "local",
        "domainName": "127.0.0.1",
        "domainPrefix": "127",
        "http": {
            "method": parts.method.as_str(),
            "path": decoded(parts.uri.path()),
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": agent.unwrap_or_default(),
        },
        "requestId": "local",
        "routeKey": route_key,
        "stage": "$default",
        "time": "01/Jan/2026:00:00:00 +0000",
        "timeEpoch": u64::try_from(unix_ms).unwrap_or(0),
    })
}

/// What a path or a part of it is to AWS.
pub(super) fn decoded(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    decoded.split('?').next().unwrap_or_default().to_owned()
}

/// The body as an event has it, and whether that is base64. A text that is not UTF-8 is no text.
fn as_text(headers: &HeaderMap, body: &[u8]) -> (String, bool) {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match str::from_utf8(body) {
        Ok("") => (String::new(), false),
        Ok(text) if kind.starts_with("text/") || TEXTS.contains(&kind.as_str()) => {
            (text.to_owned(), false)
        }
        _ => (STANDARD.encode(body), true),
    }
}

/// The query, decoded. Several values of one name become one, with commas.
fn query(text: &str) -> Map<String, Value> {
    let mut joined = Map::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let entry = joined.entry(name.into_owned()).or_insert_with(|| Value::String(String::new()));
        if let Value::String(all) = entry {
            let comma = if all.is_empty() { "" } else { "," };
            *all = format!("{all}{comma}{value}");
        }
    }
    joined
}

/// Each cookie by itself; `headers` has none of them.
fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines =
        headers.get_all(header::COOKIE).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
    lines
        .flat_map(|line| line.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>())
        .collect()
}

/// The headers with lower-case names. Several values of one name become one, with commas.
fn headers(headers: &HeaderMap) -> Value {
    let mut joined = Map::new();
    for name in headers.keys().filter(|name| **name != header::COOKIE) {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        joined.insert(name.as_str().to_owned(), values.join(",").into());
    }
    Value::Object(joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn a_path_is_decoded_and_ends_at_a_question_mark() {
        for (sent, seen) in [
            ("/v1/models/fal%2Fkling-2", "/v1/models/fal/kling-2"),
            ("/v1/../v1/models", "/v1/../v1/models"),
            ("/%C3%B1/%F0%9F/%zz", "/ñ/\u{fffd}/%zz"),
            ("/v1/videos%3Flimit=1", "/v1/videos"),
            ("/a%252Fb", "/a%2Fb"),
        ] {
            assert_eq!(decoded(sent), seen);
        }
    }

    #[test]
    fn only_a_body_of_a_text_type_is_handed_on_as_text() {
        let encoded = |content_type: &str, body: &[u8]| {
            let headers = HeaderMap::from_iter([(
                header::CONTENT_TYPE,
                HeaderValue::from_str(content_type).unwrap(),
            )]);
            as_text(&headers, body)
        };
        for text in [
            "application/json",
            "application/JSON; charset=utf-8",
            "text/plain",
            "text/x",
            "application/xml",
        ] {
            assert_eq!(encoded(text, b"{}"), ("{}".to_owned(), false), "{text}");
        }
        for binary in [
            "application/x-www-form-urlencoded",
            "application/octet-stream",
            "application/problem+json",
            "x",
            "",
        ] {
            assert_eq!(encoded(binary, b"{}"), ("e30=".to_owned(), true), "{binary}");
        }
        assert_eq!(as_text(&HeaderMap::new(), b"{}"), ("e30=".to_owned(), true));
        assert_eq!(encoded("application/json", b"\xff"), ("/w==".to_owned(), true));
        assert_eq!(encoded("application/octet-stream", b""), (String::new(), false));
    }

    #[test]
    fn cookies_are_a_list_of_their_own() {
        let mut sent = HeaderMap::new();
        for (name, value) in
            [("cookie", "a=1; b=2"), ("cookie", "c=3"), ("accept", "x"), ("accept", "y")]
        {
            sent.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        assert_eq!(cookies(&sent), ["a=1", "b=2", "c=3"]);
        assert_eq!(headers(&sent), json!({"accept": "x,y"}));
    }
}
