//! `$default`: what no other route takes. API Gateway would answer in its own words; here the error envelope holds too.

use ghub::error::Refusal;
use ghub::http::{Call, Endpoint, Error, routes::methods_of};

/// The function, which needs nothing.
#[derive(Debug, Default)]
pub struct UnknownRoute;

impl Endpoint for UnknownRoute {
    type Answer = (); // it refuses whatever it gets

    async fn answer(&self, call: &mut Call) -> Result<(), Error> {
        Err(refusal(call.method().as_str(), call.path()).into())
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
