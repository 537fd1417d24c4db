//! API Gateway's HTTP API: the template's routes, a `$default` route, and payload 2.0.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
//!
//! Two things stand in no documentation and are as others saw them on AWS. `rawPath` and path
//! parameters are decoded, and the path ends at a decoded question mark
//! (<https://github.com/middleapi/standard-server/pull/93>). A body is base64 unless its content
//! type is one of [`TEXTS`] (<https://github.com/ministackorg/ministack/pull/766>). Whether AWS
//! decodes the path before it chooses the route is not known: here the route is chosen first.

mod request_line;

use crate::mapping::Function;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use http_body_util::LengthLimitError;
use percent_encoding::percent_decode_str;
use request_line::Mending;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::net::TcpListener;

/// API Gateway takes at most 10 MB.
const LARGEST_BODY: usize = 10 << 20;
/// The content types whose bodies are handed on as text; so is every `text/…`. A request without a
/// content type has no text.
const TEXTS: [&str; 3] = ["application/json", "application/javascript", "application/xml"];

/// One route of the API.
pub struct Route {
    /// `GET` and so on; `None` for `$default`.
    pub method: Option<String>,
    /// With `{…}` for path parameters; empty for `$default`.
    pub path: String,
    pub function: Function,
    /// When it gives up.
    pub timeout: Duration,
}

/// Serves the API on these routes.
pub(crate) async fn serve(listener: TcpListener, routes: Vec<Route>, now: crate::Now) {
    if let Err(error) = axum::serve(Mending(listener), router(routes, now)).await {
        tracing::error!(%error, "the API's listener ended");
        pending::<()>().await;
    }
}

/// The API on these routes.
pub fn router(mut routes: Vec<Route>, now: crate::Now) -> Router {
    // the route that says most of the path wins
    routes.sort_by_key(|route| route.path.matches('{').count());
    Router::new().fallback(answer).with_state(Arc::new((routes, now)))
}

async fn answer(State(state): State<Arc<(Vec<Route>, crate::Now)>>, request: Request) -> Response {
    let (routes, now) = state.as_ref();
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, LARGEST_BODY).await {
        Ok(body) => body,
        Err(error) if error.source().is_some_and(|cause| cause.is::<LengthLimitError>()) => {
            return own(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        }
        // such as a chunk without a length
        Err(_) => return own(StatusCode::BAD_REQUEST, "Bad Request"),
    };
    let path = decoded(parts.uri.path());
    let matched = routes.iter().find_map(|route| {
        let same_method = route.method.as_deref() == Some(parts.method.as_str());
        same_method
            .then(|| parameters(&route.path, parts.uri.path()))
            .flatten()
            .map(|parameters| (route, parameters))
    });
    let default =
        || routes.iter().find(|route| route.method.is_none()).map(|route| (route, Map::new()));
    let Some((route, parameters)) = matched.or_else(default) else {
        return own(StatusCode::NOT_FOUND, "Not Found");
    };

    let route_key = route
        .method
        .as_ref()
        .map_or("$default".to_owned(), |method| format!("{method} {}", route.path));
    let unix_ms = now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let (text, is_base64) = as_text(&parts.headers, &body);
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers(&parts.headers),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "domainName": "127.0.0.1",
            "domainPrefix": "127",
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default(),
            },
            "requestId": "local",
            "routeKey": route_key,
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": u64::try_from(unix_ms).unwrap_or(0),
        },
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
    match tokio::time::timeout(route.timeout, (route.function)(event)).await {
        Ok(Ok(answer)) => response(&answer),
        Ok(Err(error)) => {
            tracing::error!(error, "the function failed");
            own(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
        Err(_) => own(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
    }
}

/// What a path or a part of it is to AWS.
fn decoded(path: &str) -> String {
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

/// The path parameters, decoded, if the path fits. `{name+}` takes the rest of the path.
fn parameters(pattern: &str, path: &str) -> Option<Map<String, Value>> {
    let mut parameters = Map::new();
    let mut rest = Some(path);
    for expected in pattern.split('/') {
        let left = rest?;
        let (given, after) =
            left.split_once('/').map_or((left, None), |(given, after)| (given, Some(after)));
        rest = after;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(_) if given.is_empty() => return None,
            Some(name) if name.ends_with('+') => {
                parameters.insert(name.trim_end_matches('+').to_owned(), decoded(left).into());
                return Some(parameters);
            }
            Some(name) => drop(parameters.insert(name.to_owned(), decoded(given).into())),
            None if expected == given => {}
            None => return None,
        }
    }
    rest.is_none().then_some(parameters)
}

/// Decoded; several of one name become one, with commas.
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

/// Lower-case names; several of one name become one, with commas.
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

fn response(answer: &Value) -> Response {
    let body = answer["body"].as_str().unwrap_or_default();
    let body = match answer["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(body).unwrap_or_default(),
        _ => body.as_bytes().to_vec(),
    };
    let mut response = Response::new(Body::from(body));
    let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
    *response.status_mut() = status
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        if let (Ok(name), Ok(value)) =
            (HeaderName::try_from(name), HeaderValue::try_from(value.as_str().unwrap_or_default()))
        {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// What API Gateway says in its own words.
fn own(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({"message": message}))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_its_pattern_segment_by_segment() {
        let id = |path| parameters("/v1/videos/{id}", path).map(|found| found["id"].clone());
        assert_eq!(id("/v1/videos/abc"), Some("abc".into()));
        for path in ["/v1/videos", "/v1/videos/", "/v1/videos/a/b", "/v2/videos/a"] {
            assert_eq!(id(path), None, "{path}");
        }
        let model = |path| parameters("/v1/models/{id+}", path).map(|found| found["id"].clone());
        assert_eq!(model("/v1/models/fal/kling-2"), Some("fal/kling-2".into()));
        assert_eq!(model("/v1/models/fal%2Fkling-2"), Some("fal/kling-2".into()));
        assert_eq!(id("/v1/videos/a%2Fb"), Some("a/b".into()));
        assert_eq!((model("/v1/models"), model("/v1/models/")), (None, None));
    }

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
