//! The routes of the API. `template.yaml` deploys them, and a test compares; what no route takes is told from this table what would be right.

/// Method and path of each route; `{id}` stands for one segment, `{id+}` for one or more.
pub const ROUTES: [(&str, &str); 10] = [
    ("POST", "/v1/videos/generations"),
    ("GET", "/v1/videos"),
    ("GET", "/v1/videos/{id}"),
    ("DELETE", "/v1/videos/{id}"),
    ("POST", "/v1/videos/{id}/cancel"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/{id+}"),
    ("GET", "/v1/credits"),
    ("GET", "/v1/credits/transactions"),
    ("GET", "/v1/openapi.json"),
];

/// The methods that a path has, for an `Allow` header; `None` when no route has this path.
pub fn methods_of(path: &str) -> Option<String> {
    let patterns = || ROUTES.iter().map(|(_, pattern)| *pattern);
    let pattern = patterns().find(|known| *known == path).or_else(|| patterns().find(|known| fits(known, path)))?;
    let methods = ROUTES.iter().filter(|(_, known)| *known == pattern).map(|(method, _)| *method);
    Some(methods.collect::<Vec<_>>().join(", "))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_its_own_methods() {
        for (path, methods) in [
            ("/v1/videos/generations", "POST"),
            ("/v1/videos", "GET"),
            ("/v1/videos/abc", "GET, DELETE"),
            ("/v1/videos/abc/cancel", "POST"),
            ("/v1/models/fal/kling-2", "GET"),
            ("/v1/models/fal%2Fkling-2", "GET"),
            ("/v1/openapi.json", "GET"),
        ] {
            assert_eq!(methods_of(path).as_deref(), Some(methods), "{path}");
        }
        for path in
            ["/", "/v1", "/v1/videos/", "/v1/videos/a/b", "/v1/models/", "/videos", "/v2/videos/a", "/v1/credits/"]
        {
            assert_eq!(methods_of(path), None, "{path}");
        }
    }
}
