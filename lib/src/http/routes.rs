//! What a request is told that no route takes: the methods of its path, and the route that was
//! perhaps meant.

use super::api::{ROUTES, Route};
use crate::id::JobId;
use crate::nearness::letters_off;

/// A segment too many or too few is further off than any mistyped word.
const SEGMENT_WRONG: usize = 10;

/// The methods that a path has, for an `Allow` header; `None` when no route has this path.
pub fn methods_of(path: &str) -> Option<String> {
    let patterns = || ROUTES.iter().map(|route| route.path);
    let pattern = patterns()
        .find(|known| *known == path)
        .or_else(|| patterns().find(|known| fits(known, path)))?;
    let methods = ROUTES.iter().filter(|route| route.path == pattern);
    let methods = methods.flat_map(|route| {
        if route.method == "GET" { vec!["GET", "HEAD"] } else { vec![route.method] }
    });
    Some(methods.collect::<Vec<_>>().join(", "))
}

/// The route that was perhaps meant by a request that none takes, such as `GET /v1/models` for
/// `GET /v1/../V1/model/`. The caller may send the route that it is told. So a
/// `DELETE` is told only to a `DELETE`, and a route that orders something only to a request that is
/// no `GET`.
pub fn perhaps_meant(method: &str, path: &str) -> Option<String> {
    let method = if method == "HEAD" { "GET" } else { method };
    let mut given = words(path);
    if given.len() > 2 && method != "POST" && letters_off("generations", given[1]).is_some() {
        given.remove(1); // jobs are made there, and not found
    }
    let exists = methods_of(path).is_some();
    let near = |Route { method: known, path: pattern, .. }: &Route| {
        let other_method = *known != method;
        let may_be_told = match *known {
            "GET" => true,
            "POST" => !other_method || !matches!(method, "GET" | "DELETE"),
            _ => !other_method,
        };
        let only_of_a_job = other_method || pattern.ends_with("/cancel");
        let (off, meant) = nearest(pattern, &given, only_of_a_job).filter(|_| may_be_told)?;
        // Where the path exists, it is the method that was meant. What is told has to answer.
        let answers =
            methods_of(&meant).is_some_and(|methods| methods.split(", ").any(|one| one == *known));
        let told = answers && !(exists && other_method);
        told.then(|| (other_method, off, format!("{known} {meant}")))
    };
    let (.., meant) = ROUTES.iter().filter_map(near).min()?;
    Some(meant)
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut given = path.split('/');
    for expected in pattern.split('/') {
        match (expected, given.next()) {
            ("{id+}", Some(first)) => return !first.is_empty(),
            ("{id}", Some(id)) if !id.is_empty() => {}
            (expected, Some(found)) if expected == found => {}
            _ => return false,
        }
    }
    given.next().is_none()
}

/// The segments of a path, without its version and what means nothing: doubled and last slashes,
/// dots, and versions and prefixes that stand in front twice or wrongly.
fn words(path: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for segment in path.split(['/', '\\']) {
        match segment.trim() {
            "" | "." => {}
            ".." => drop(words.pop()),
            word => words.push(word),
        }
    }
    let begins = words.iter().position(|word| !is_version(word)).unwrap_or(words.len());
    words.split_off(begins)
}

fn is_version(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word == "api"
        || word
            .strip_prefix('v')
            .is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

/// How far these segments are from a route, and the route with them filled in; `None` if they have
/// nothing to do with it. Any text may be an id, unless it has to be one that a job can have.
fn nearest(pattern: &str, given: &[&str], only_of_a_job: bool) -> Option<(usize, String)> {
    let (mut off, mut meant, mut left) = (0, "/v1".to_owned(), given.iter());
    for expected in words(pattern) {
        let found = left.next();
        let word = match (expected, found) {
            ("{id+}", Some(first)) => {
                let rest =
                    left.by_ref().fold((*first).to_owned(), |all, more| format!("{all}/{more}"));
                meant = format!("{meant}/{rest}");
                continue;
            }
            ("{id}", Some(id)) if only_of_a_job && id.parse::<JobId>().is_err() => return None,
            ("{id}", Some(id)) => (*id).to_owned(),
            (expected, Some(found)) => {
                off += letters_off(expected, found)?;
                expected.to_owned()
            }
            (expected, None) => {
                off += SEGMENT_WRONG;
                expected.to_owned()
            }
        };
        meant = format!("{meant}/{word}");
    }
    off += SEGMENT_WRONG * left.count();
    // Two segments off is another path; nothing of it there is none.
    (off < 2 * SEGMENT_WRONG && !given.is_empty()).then_some((off, meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_its_own_methods() {
        for (path, methods) in [
            ("/v1/videos/generations", "POST"),
            ("/v1/videos", "GET, HEAD"),
            ("/v1/videos/abc", "GET, HEAD, DELETE"),
            ("/v1/videos/abc/cancel", "POST"),
            ("/v1/models/fal/kling-2", "GET, HEAD"),
            ("/v1/models/fal%2Fkling-2", "GET, HEAD"),
            ("/v1/openapi.json", "GET, HEAD"),
        ] {
            assert_eq!(methods_of(path).as_deref(), Some(methods), "{path}");
        }
        for path in [
            "/",
            "/v1",
            "/v1/videos/",
            "/v1/videos/a/b",
            "/v1/models/",
            "/videos",
            "/v2/videos/a",
            "/v1/credits/",
            "/v1/../v1/models",
            "/v1//models",
            "/V1/models",
            "",
        ] {
            assert_eq!(methods_of(path), None, "{path}");
        }
    }

    #[test]
    fn a_path_that_is_none_is_told_the_one_that_is_near() {
        for (method, path, near) in [
            ("GET", "/v1/../v1/models", "GET /v1/models"),
            ("GET", "/v1/./models", "GET /v1/models"),
            ("GET", "//v1//models//", "GET /v1/models"),
            ("GET", "/v1/models/", "GET /v1/models"),
            ("GET", "/v1/Models", "GET /v1/models"),
            ("GET", "/V1/MODELS/fal/kling-2", "GET /v1/models/fal/kling-2"),
            ("GET", "/v1/model", "GET /v1/models"),
            ("GET", "/models", "GET /v1/models"),
            ("GET", "/v1/v1/models", "GET /v1/models"),
            ("GET", "/api/v1/credits", "GET /v1/credits"),
            ("GET", "/v2/videos/Ab", "GET /v1/videos/Ab"),
            ("GET", "\\v1\\models", "GET /v1/models"),
            ("HEAD", "/v1/credit", "GET /v1/credits"),
            ("POST", "/v1/video/generations", "POST /v1/videos/generations"),
            ("POST", "/v1/videos/generations/", "POST /v1/videos/generations"),
            ("POST", "/videos/generate", "POST /v1/videos/generations"),
            ("POST", "/v1/models/", "GET /v1/models"),
            ("GET", "/v1/videos/abc/content", "GET /v1/videos/abc"),
            ("GET", "/v1/videos/abc/download", "GET /v1/videos/abc"),
            ("GET", "/v1/credits/transaction", "GET /v1/credits/transactions"),
            ("GET", "/v1/videos/generations/", "GET /v1/videos"),
            ("DELETE", "/v1/videos/abc/", "DELETE /v1/videos/abc"),
            ("PUT", "/v1/videos/generation/", "POST /v1/videos/generations"),
            ("GET", "/openapi.json", "GET /v1/openapi.json"),
            ("GET", "/v1/openapi.yaml", "GET /v1/openapi.json"),
        ] {
            assert_eq!(perhaps_meant(method, path).as_deref(), Some(near), "{method} {path}");
        }
        for path in [
            "/",
            "/v1",
            "/v1/",
            "",
            "/favicon.ico",
            "/v1/chat/completions",
            "/v1/images/generations",
            "/..",
            "/a/b/c/d",
        ] {
            assert_eq!(perhaps_meant("GET", path), None, "{path}");
        }
    }

    #[test]
    fn a_hint_neither_deletes_nor_orders_unless_that_was_asked_for() {
        let job = "0197a001-0000-7000-8000-00000000000d";
        for (method, path, near) in [
            ("POST", "/v1/videos/abc/remix", None),
            ("POST", "/v1/videos/JOB/remix", Some("GET /v1/videos/JOB")),
            ("POST", "/v1/videos/JOB/Cancel", Some("POST /v1/videos/JOB/cancel")),
            ("POST", "/v1/videos/JOB", Some("POST /v1/videos/JOB/cancel")),
            ("PUT", "/v1/videos/JOB/", Some("GET /v1/videos/JOB")),
            ("PATCH", "/v1/videos/JOB/", Some("GET /v1/videos/JOB")),
            ("PUT", "/v1/videos/abc/", Some("GET /v1/videos")),
            ("GET", "/v1/videos/generations/JOB", Some("GET /v1/videos/JOB")),
            ("HEAD", "/v1/videos/generations/JOB", Some("GET /v1/videos/JOB")),
            ("DELETE", "/v1/videos/generations/JOB", Some("DELETE /v1/videos/JOB")),
            ("GET", "/v1/video/generations/JOB", Some("GET /v1/videos/JOB")),
            ("GET", "/v1/video/generation/JOB/", Some("GET /v1/videos/JOB")),
            ("GET", "/videos/generations/JOB/cancel", Some("GET /v1/videos/JOB")),
            ("GET", "/v1/video/generations", Some("GET /v1/videos")),
            ("DELETE", "/v1/video/generations", Some("GET /v1/videos")),
            ("POST", "/v1/videos/edits", None),
            ("POST", "/v1/videos/cancel", None),
            ("POST", "/v1/videos/abc", None),
            ("POST", "/v1/videos/abc/Cancel", None),
        ] {
            let (path, near) =
                (path.replace("JOB", job), near.map(|near| near.replace("JOB", job)));
            assert_eq!(perhaps_meant(method, &path), near, "{method} {path}");
        }
        for path in ["/v1/videos//cancel", "/v1/videos/cancel", "/v1/videos/cancel/cancel/"] {
            let near = perhaps_meant("POST", path).unwrap_or_default();
            assert!(!near.ends_with("/cancel"), "{path}: {near}");
        }
    }

    #[test]
    fn a_method_that_the_path_lacks_is_told_the_path_that_has_it() {
        for (method, path, near) in [
            ("POST", "/v1/videos", Some("POST /v1/videos/generations")),
            ("POST", "/v1/videos/generation", Some("POST /v1/videos/generations")),
            ("GET", "/v1/videos/generations", Some("GET /v1/videos")),
            ("DELETE", "/v1/videos/abc/cancel", Some("DELETE /v1/videos/abc")),
            ("GET", "/v1/videos/abc/cancel", Some("GET /v1/videos/abc")),
            ("PUT", "/v1/videos/generations", None),
            ("OPTIONS", "/v1/videos", None),
            ("POST", "/v1/models", None),
        ] {
            assert_eq!(perhaps_meant(method, path).as_deref(), near, "{method} {path}");
        }
    }
}
