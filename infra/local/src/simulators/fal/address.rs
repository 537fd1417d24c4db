//! Reads a path of the queue: which endpoint, or which request of which app.

/// What a path names.
#[derive(Debug, PartialEq)]
pub(super) enum Address {
    /// `{owner}/{app}[/{path}]`: where a submission goes.
    Endpoint {
        /// The whole path: the model's id.
        id: String,
        /// Owner and app, with their namespace.
        app: String,
    },
    /// `{owner}/{app}/requests/{id}[/…]`: one request. Whatever path the endpoint has behind its
    /// app is not repeated here.
    Request {
        /// Owner and app, with their namespace.
        app: String,
        id: String,
        part: Part,
    },
    /// A request's URL with a segment too much: fal has no such method there.
    Misplaced,
    /// Less than an owner and an app.
    Nothing,
}

/// What one may do with a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    Result,
    Status,
    Cancel,
}

impl Address {
    pub(super) fn of(path: &str) -> Self {
        let path = path.trim_start_matches('/');
        let segments: Vec<&str> = path.split('/').collect();
        // `workflows` and `comfy` are namespaces that stay in front of owner and app.
        let named = if matches!(segments[0], "workflows" | "comfy") { 3 } else { 2 };
        if segments.len() < named || segments.contains(&"") {
            return Self::Nothing;
        }
        let (app, rest) = segments.split_at(named);
        let app = app.join("/");
        let request = |id: &str, part| Self::Request { app: app.clone(), id: id.to_owned(), part };
        match rest {
            ["requests", id] => request(id, Part::Result),
            ["requests", id, "status"] => request(id, Part::Status),
            ["requests", id, "cancel"] => request(id, Part::Cancel),
            rest if rest.contains(&"requests") => Self::Misplaced,
            _ => Self::Endpoint { id: path.to_owned(), app },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_addressed_by_owner_and_app_alone() {
        let endpoint =
            |id: &str, app: &str| Address::Endpoint { id: id.to_owned(), app: app.to_owned() };
        let request =
            |app: &str, part| Address::Request { app: app.to_owned(), id: "r".to_owned(), part };
        for (path, expected) in [
            ("/fal-ai/veo3.1", endpoint("fal-ai/veo3.1", "fal-ai/veo3.1")),
            (
                "/fal-ai/kling-video/v2/master",
                endpoint("fal-ai/kling-video/v2/master", "fal-ai/kling-video"),
            ),
            ("/workflows/me/film/x", endpoint("workflows/me/film/x", "workflows/me/film")),
            ("/fal-ai/veo3.1/requests/r", request("fal-ai/veo3.1", Part::Result)),
            ("/fal-ai/veo3.1/requests/r/status", request("fal-ai/veo3.1", Part::Status)),
            ("/fal-ai/veo3.1/requests/r/cancel", request("fal-ai/veo3.1", Part::Cancel)),
            ("/comfy/me/film/requests/r/status", request("comfy/me/film", Part::Status)),
            ("/fal-ai/kling-video/v2/requests/r/status", Address::Misplaced),
            ("/fal-ai/kling-video/requests/r/status/more", Address::Misplaced),
            ("/fal-ai", Address::Nothing),
            ("/", Address::Nothing),
            ("/workflows/me", Address::Nothing),
            ("/fal-ai//veo", Address::Nothing),
        ] {
            assert_eq!(Address::of(path), expected, "{path}");
        }
    }
}
