//! `$default`: what no other route takes. API Gateway would answer in its own words; here the error envelope holds too.

use ghub::error::Refusal;
use ghub::http::{Call, routes::methods_of};
use ghub::metrics::Metrics;
use ghub::world::Ambient;
use lambda_http::{Body, Request, Response};

/// The function, with what it needs.
#[derive(Debug)]
pub struct UnknownRoute {
    ambient: Ambient,
    metrics: Metrics,
}

impl UnknownRoute {
    /// Needs nobody outside.
    pub const fn new(ambient: Ambient, metrics: Metrics) -> Self {
        Self { ambient, metrics }
    }

    /// Answers one request: always a refusal.
    pub fn handle(&self, request: Request) -> Response<Body> {
        let refusal = refusal(request.method().as_str(), request.uri().path());
        Call::open(&self.ambient, &self.metrics, request).close(Err::<(), _>(refusal.into()))
    }
}

/// A path that exists is told its methods; any other does not exist.
fn refusal(method: &str, path: &str) -> Refusal {
    let path = path.to_owned();
    match methods_of(&path) {
        Some(allow) => Refusal::MethodNotAllowed { path, allow },
        None => Refusal::NotFound { method: method.to_owned(), path },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_path_is_told_its_methods() {
        let says = |method, path| refusal(method, path).to_string();
        assert_eq!(says("PUT", "/v1/videos/generations"), "/v1/videos/generations answers POST only");
        assert_eq!(says("PUT", "/v1/videos/abc"), "/v1/videos/abc answers GET, DELETE only");
        for path in ["/", "/v1", "/v1/videos/", "/v1/videos/a/b", "/videos/generations", "/v2/videos/a"] {
            assert!(says("GET", path).starts_with(&format!("nothing is here: GET {path};")), "{path}");
        }
    }
}
