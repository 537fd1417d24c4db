//! API Gateway's HTTP API: the template's routes, a `$default` route, and payload 2.0.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
//!
//! Two things stand in no documentation and are as others saw them on AWS. `rawPath` and path
//! parameters are decoded, and the path ends at a decoded question mark
//! (<https://github.com/middleapi/standard-server/pull/93>). A body is base64 unless its content
//! type is a text (<https://github.com/ministackorg/ministack/pull/766>). Whether AWS
//! decodes the path before it chooses the route is not known: here the route is chosen first.

mod event;
mod request_line;

use crate::mapping::Function;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use event::decoded;
use http_body_util::LengthLimitError;
use request_line::Mending;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::net::TcpListener;

/// API Gateway takes at most 10 MB.
const LARGEST_BODY: usize = 10 << 20;
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
    let Some((route, parameters)) = chosen(routes, &parts) else {
        return own(StatusCode::NOT_FOUND, "Not Found");
    };
    let unix_ms = now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let event = event::of(&parts, &body, &route.key(), parameters, unix_ms);
    match tokio::time::timeout(route.timeout, (route.function)(event)).await {
        Ok(Ok(answer)) => response(&answer),
        Ok(Err(error)) => {
            tracing::error!(error, "the function failed");
            own(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
        Err(_) => own(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
    }
}

impl Route {
    /// The route as the template and an event name it, such as `GET /v1/videos/{id}`.
    fn key(&self) -> String {
        self.method
            .as_ref()
            .map_or("$default".to_owned(), |method| format!("{method} {}", self.path))
    }
}

/// The route that takes a request, with its path parameters: else `$default`, if there is one.
fn chosen<'r>(routes: &'r [Route], parts: &Parts) -> Option<(&'r Route, Map<String, Value>)> {
    let matched = routes.iter().find_map(|route| {
        let same_method = route.method.as_deref() == Some(parts.method.as_str());
        same_method
            .then(|| parameters(&route.path, parts.uri.path()))
            .flatten()
            .map(|parameters| (route, parameters))
    });
    let default =
        || routes.iter().find(|route| route.method.is_none()).map(|route| (route, Map::new()));
    matched.or_else(default)
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
}
