//! `$default`: what no other route takes. API Gateway would answer in its own words; here the error
//! envelope holds too.

use ghub::error::Refusal;
use ghub::http::{
    Call, Endpoint, Error,
    routes::{methods_of, perhaps_meant},
};

/// The function, which needs nothing.
#[derive(Debug, Default)]
pub struct UnknownRoute;

impl Endpoint for UnknownRoute {
    type Answer = (); // it refuses whatever it gets

    async fn answer(&self, call: &mut Call) -> Result<(), Error> {
        Err(refusal(call.method().as_str(), call.path()).into())
    }
}

/// A path that exists is told its methods; any other does not exist. A path that has this method,
/// and came here all the same, was sent in another spelling: API Gateway chose the route by
/// `/v1/%6dodels`, and here it is decoded.
fn refusal(method: &str, path: &str) -> Refusal {
    let (path, near) = (path.to_owned(), perhaps_meant(method, path));
    match methods_of(&path).filter(|allow| !allow.split(", ").any(|known| known == method)) {
        Some(allow) => Refusal::MethodNotAllowed { path, allow, near },
        None => Refusal::NotFound { method: as_get(method).to_owned(), path, near },
    }
}

/// A HEAD is answered as GET is, to the length of the body that it does not get.
fn as_get(method: &str) -> &str {
    if method == "HEAD" { "GET" } else { method }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_route_takes_is_told_what_would_be_right() {
        let says = |method, path| refusal(method, path).to_string();
        for (method, path, message) in [
            ("PUT", "/v1/videos/generations", "/v1/videos/generations answers POST only"),
            ("PUT", "/v1/videos/abc", "/v1/videos/abc answers GET, HEAD, DELETE only"),
            (
                "POST",
                "/v1/videos",
                "did you mean POST /v1/videos/generations? /v1/videos answers GET, HEAD only",
            ),
            (
                "GET",
                "/v1/../v1/models",
                "nothing is here: GET /v1/../v1/models; did you mean GET /v1/models? GET /v1/openapi.json lists what is",
            ),
            (
                "HEAD",
                "/v1/models",
                "nothing is here: GET /v1/models; did you mean GET /v1/models? GET /v1/openapi.json lists what is",
            ),
            ("get", "/v1/models", "/v1/models answers GET, HEAD only"),
            ("GET", "/", "nothing is here: GET /; GET /v1/openapi.json lists what is"),
        ] {
            assert_eq!(says(method, path), message);
        }
        let long = "/videos/\u{1b}[2J".repeat(9_000);
        assert!(says("GET", &long).len() < 500);
        assert!(!says("GET", "/videos/\u{1b}[2J\u{202e}").contains(['\u{1b}', '\u{202e}']));
    }
}
