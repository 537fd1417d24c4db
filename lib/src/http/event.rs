//! An event of API Gateway (payload 2.0) as a request.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
//!
//! `lambda_http` has a conversion of its own. It panics if `Host`, `X-Forwarded-Proto`, path and
//! query make no URL, or if a body is marked as base64 and is none. This one takes every event. API
//! Gateway answers some odd requests itself, with 400, before they become an event; which ones is
//! not documented, so none is relied on.

use crate::error::Refusal;
use base64::{Engine, engine::general_purpose::STANDARD};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use serde_json::Value;
use std::collections::HashMap;

/// Stands for a byte that no header may have. No key and no token may have it either, so that what
/// is repaired is not taken for another.
const UNREADABLE: u8 = 0xFF;

/// What became of an event.
pub(super) struct Read {
    /// As far as the event could be read. Its path is `raw_http_path`; the URI is not set, because
    /// not every path can be one.
    pub(super) request: Request,
    /// Why it cannot be answered.
    pub(super) refused: Option<Refusal>,
}

pub(super) fn request(event: &str) -> Read {
    let Ok(event) = serde_json::from_str::<Value>(event) else {
        let refused =
            Refusal::invalid("the request has text in it that is not Unicode; send UTF-8");
        return Read { request: Request::default(), refused: Some(refused) };
    };
    let (method, body) = (method(&event), body(&event));
    let refused = method.as_ref().err().or(body.as_ref().err()).cloned();
    let request = Request::new(body.unwrap_or_default())
        .with_raw_http_path(event["rawPath"].as_str().unwrap_or_default())
        .with_query_string_parameters(query(&event))
        .with_path_parameters(path_parameters(&event))
        .with_request_context(context(&event));
    let (mut parts, body) = request.into_parts();
    parts.method = method.unwrap_or_default();
    parts.headers = headers(&event);
    Read { request: Request::from_parts(parts, body), refused }
}

fn method(event: &Value) -> Result<Method, Refusal> {
    let method = event["requestContext"]["http"]["method"].as_str().unwrap_or_default();
    Method::from_bytes(method.as_bytes())
        .map_err(|_| Refusal::invalid("the request has no HTTP method, such as GET"))
}

/// A repeated header comes as one, joined by commas; a header that could not be one is left out,
/// since no function reads it.
fn headers(event: &Value) -> HeaderMap {
    let headers = event["headers"].as_object().into_iter().flatten();
    headers
        .filter_map(|(name, value)| {
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, header(value.as_str()?)?))
        })
        .collect()
}

fn header(text: &str) -> Option<HeaderValue> {
    let allowed = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7F);
    let bytes: Vec<u8> =
        text.bytes().map(|byte| if allowed(byte) { byte } else { UNREADABLE }).collect();
    HeaderValue::from_bytes(&bytes).ok()
}

/// From the raw query, since API Gateway joins repeated parameters by commas, which a value can
/// have too.
fn query(event: &Value) -> QueryMap {
    match event["rawQueryString"].as_str().unwrap_or_default().parse() {
        Ok(query) => query,
    }
}

fn path_parameters(event: &Value) -> HashMap<String, Vec<String>> {
    let parameters = event["pathParameters"].as_object().into_iter().flatten();
    parameters
        .filter_map(|(name, value)| Some((name.clone(), vec![value.as_str()?.to_owned()])))
        .collect()
}

/// What is read of it: the API's id of the request, and where it comes from.
fn context(event: &Value) -> RequestContext {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut context = ApiGatewayV2httpRequestContext::default();
    context.request_id = text(&event["requestContext"]["requestId"]);
    context.http.source_ip = text(&event["requestContext"]["http"]["sourceIp"]);
    RequestContext::ApiGatewayV2(context)
}

/// API Gateway encodes a body in base64 unless its content type is that of a text; `curl -d` sends
/// a form, which is none.
fn body(event: &Value) -> Result<Body, Refusal> {
    match event["body"].as_str() {
        None | Some("") => Ok(Body::Empty),
        Some(text) if event["isBase64Encoded"] != true => Ok(Body::Text(text.to_owned())),
        Some(base64) => {
            let bytes = STANDARD.decode(base64).map(Body::Binary);
            bytes.map_err(|_| Refusal::invalid("the body could not be read; send it again"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(event: &Value) -> Read {
        request(&event.to_string())
    }

    fn with(part: &str, value: Value) -> Value {
        let mut event = json!({
            "version": "2.0",
            "rawPath": "/v1/videos",
            "rawQueryString": "limit=1",
            "headers": {"host": "api.example.com", "authorization": "Bearer x", "x-forwarded-proto": "https"},
            "requestContext": {"http": {"method": "GET", "sourceIp": "203.0.113.7"}, "requestId": "UbXk"},
        });
        event[part] = value;
        event
    }

    #[test]
    fn an_ordinary_event_is_the_request_that_was_sent() {
        let Read { request, refused } = read(&with("pathParameters", json!({"id": "fal/kling-2"})));
        assert_eq!(
            (refused, request.method(), request.raw_http_path()),
            (None, &Method::GET, "/v1/videos")
        );
        assert_eq!(request.headers()["authorization"], "Bearer x");
        assert_eq!(request.query_string_parameters().first("limit"), Some("1"));
        assert_eq!(request.path_parameters().first("id"), Some("fal/kling-2"));
        let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else {
            panic!()
        };
        assert_eq!(context.request_id.as_deref(), Some("UbXk"));
        assert_eq!(context.http.source_ip.as_deref(), Some("203.0.113.7"));
    }

    #[test]
    fn what_makes_no_url_is_served_all_the_same() {
        for host in ["a b", "", "[", "a:b:c", "\u{0}", "ñandú", "a/b?c#d", "%zz", ":99999", "a,b"]
        {
            let Read { request, refused } =
                read(&with("headers", json!({"host": host, "authorization": "Bearer x"})));
            assert_eq!(
                (refused, &request.headers()["authorization"]),
                (None, &"Bearer x".parse().unwrap()),
                "{host:?}"
            );
        }
        for proto in ["https,http", "", "https, https", " ", "1", "://", "file"] {
            assert_eq!(
                read(&with("headers", json!({"x-forwarded-proto": proto}))).refused,
                None,
                "{proto:?}"
            );
        }
        for query in [
            "limit=1&a=<b>",
            "limit=1&a=\"",
            "limit=1&a b",
            "limit=1&%zz=%",
            "limit=1&ñ=\u{0}",
            "limit=1#x",
        ] {
            let request = read(&with("rawQueryString", json!(query))).request;
            assert!(request.query_string_parameters().first("limit").is_some(), "{query}");
        }
        for path in [
            "",
            "v1",
            "//",
            "/v1/../v1/models",
            "/a b/<\">",
            "/ñ",
            "/\u{0}",
            "/?#",
            &"/x".repeat(50_000),
        ] {
            assert_eq!(read(&with("rawPath", json!(path))).request.raw_http_path(), path);
        }
    }

    #[test]
    fn a_header_that_cannot_be_one_is_repaired_so_that_it_means_nothing_else() {
        let request =
            read(&with("headers", json!({"idempotency-key": "a\nb", "a b": "x", "": "y", "n": 1})))
                .request;
        assert_eq!(request.headers().len(), 1);
        assert!(request.headers()["idempotency-key"].to_str().is_err());
    }

    #[test]
    fn a_body_comes_as_text_or_in_base64() {
        let body = |body: Value, is_base64: Value| {
            let mut event = with("body", body);
            event["isBase64Encoded"] = is_base64;
            read(&event)
        };
        let bytes = |read: &Read| read.request.body().to_vec();
        assert_eq!(bytes(&body(json!("{}"), json!(false))), b"{}");
        assert_eq!(bytes(&body(json!("e30="), json!(true))), b"{}");
        assert_eq!(bytes(&body(json!("/w=="), json!(true))), b"\xff");
        for nothing in [json!(""), Value::Null, json!(7)] {
            assert_eq!(bytes(&body(nothing, json!(true))), b"");
        }
        for no_base64 in ["{}", "e30", "e3", "=", "e30=\n", "ñ"] {
            assert!(body(json!(no_base64), json!(true)).refused.is_some(), "{no_base64}");
        }
    }

    #[test]
    fn what_is_no_event_is_refused_or_read_as_far_as_it_goes() {
        for text in ["", "{", "\"\\ud83d\"", "null null", "\u{0}"] {
            assert!(request(text).refused.is_some(), "{text}");
        }
        for event in [
            json!(null),
            json!([]),
            json!(7),
            json!({}),
            json!({"requestContext": 7, "headers": []}),
        ] {
            assert!(read(&event).refused.is_some(), "{event}: it has no method");
        }
        for method in ["", "GE T", "\u{0}", "ñ"] {
            assert!(
                read(&with("requestContext", json!({"http": {"method": method}})))
                    .refused
                    .is_some(),
                "{method:?}"
            );
        }
        let own = with(
            "requestContext",
            json!({"http": {"method": "PURGE", "sourceIp": {}}, "requestId": []}),
        );
        assert_eq!((read(&own).refused, read(&own).request.method().as_str()), (None, "PURGE"));
    }

    proptest! {
        #[test]
        fn no_event_makes_it_panic(part in "(rawPath|rawQueryString|body|headers|pathParameters|cookies)", text in "\\PC*|.*") {
            read(&with(&part, json!(text)));
            read(&with("headers", json!({"host": &text, &text: "x", "x-forwarded-proto": text})));
        }
    }
}
