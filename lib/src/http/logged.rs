//! What our log has of a request line. A caller may put a key or a prompt into a path by mistake,
//! so only words of ours and ids are shown.

use super::api::ROUTES;
use crate::catalog::Catalog;
use crate::foreign_text::shortened;
use crate::id::JobId;
use lambda_http::http::Method;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Stands for what is not ours.
const FOREIGN: &str = "…";

/// The longest of our paths, with an id in it, has 60 characters.
const LONGEST: usize = 100;

/// The words that a path of ours has: those of the routes, and those of the built-in models' ids.
static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let routes = ROUTES.iter().flat_map(|route| route.path.split('/'));
    let words = routes.filter(|word| !word.starts_with('{')).map(str::to_owned);
    let models = Catalog::published();
    let models = models.ids().flat_map(|id| id.split('/')).map(str::to_owned);
    words.chain(models).collect()
});

/// A method of HTTP's own; any other is a word of the caller's.
pub(super) fn method(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS
        | Method::TRACE
        | Method::CONNECT => method.as_str(),
        _ => FOREIGN,
    }
}

/// A path, segment by segment: our words and UUIDs as they are, all else as `…`.
pub(super) fn path(path: &str) -> String {
    let known = |segment: &str| WORDS.contains(segment) || segment.parse::<JobId>().is_ok();
    let segments = path.split('/').map(|segment| if known(segment) { segment } else { FOREIGN });
    shortened(&segments.collect::<Vec<_>>().join("/"), LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_ours_is_logged_as_it_is() {
        let id = "e8c96506-72a1-429f-a7ed-4bb0a42541be";
        for pattern in ROUTES.iter().map(|route| route.path) {
            for path in [
                pattern.replace("{id}", id).replace("{id+}", "google/veo-3.1"),
                format!("{pattern}/"),
            ] {
                if !path.contains('{') {
                    assert_eq!(super::path(&path), path);
                }
            }
        }
        assert_eq!((path(""), path("/")), (String::new(), "/".to_owned()));
    }

    #[test]
    fn what_a_caller_puts_into_a_path_is_not_logged() {
        let key = "ghub_sk_live_0123456789abcdefghijklmnopqrstuv";
        for (sent, logged) in [
            (format!("/v1/{key}"), "/v1/…"),
            (format!("/v1/videos/{key}"), "/v1/videos/…"),
            (format!("/v1/videos/{key}/cancel"), "/v1/videos/…/cancel"),
            (format!("/v1/models/fal/{key}"), "/v1/models/fal/…"),
            (format!("/{key}"), "/…"),
            (key.to_owned(), "…"),
            (format!("/v1/videos{key}/x"), "/v1/…/…"),
            ("/v1/models/a very secret hummingbird".to_owned(), "/v1/models/…"),
            ("/v1/models/hummingbird".to_owned(), "/v1/models/…"),
            // other services' keys
            ("/v1/videos/0123456789abcdef0123456789abcdef".to_owned(), "/v1/videos/…"),
            ("/nothing/\u{1b}[2J\u{202e}/../..".to_owned(), "/…/…/…/…"),
        ] {
            assert_eq!(path(&sent), logged, "{sent}");
        }
        assert!(path(&"/x".repeat(50_000)).chars().count() <= LONGEST + 1);
        assert_eq!(method(&Method::from_bytes(key.as_bytes()).unwrap()), FOREIGN);
        assert_eq!(method(&Method::DELETE), "DELETE");
    }
}
