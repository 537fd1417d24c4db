//! Every route of the API, once. What has to hold for each of them is tested by walking this table.

use crate::asking::Ask;
use local::template::{Template, Trigger};
use reqwest::Method;

/// A route, and what a good request to it has.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// As in the template: `{id}` stands for a job's id.
    pub(crate) path: &'static str,
    pub(crate) body: Option<&'static str>,
    /// Whether it answers without a key.
    pub(crate) is_open: bool,
}

pub(crate) static ROUTES: [Route; 10] = [
    Route::with_body(
        "/v1/videos/generations",
        r#"{"model":"fal/kling-2","prompt":"a hummingbird at dawn"}"#,
    ),
    Route::new(Method::GET, "/v1/videos"),
    Route::new(Method::GET, "/v1/videos/{id}"),
    Route::new(Method::DELETE, "/v1/videos/{id}"),
    Route::new(Method::POST, "/v1/videos/{id}/cancel"),
    Route::new(Method::GET, "/v1/models"),
    Route::new(Method::GET, "/v1/models/{id+}"),
    Route::new(Method::GET, "/v1/credits"),
    Route::new(Method::GET, "/v1/credits/transactions"),
    Route::open("/v1/openapi.json"),
];

impl Route {
    const fn new(method: Method, path: &'static str) -> Self {
        Self { method, path, body: None, is_open: false }
    }

    const fn with_body(path: &'static str, body: &'static str) -> Self {
        Self { method: Method::POST, path, body: Some(body), is_open: false }
    }

    const fn open(path: &'static str) -> Self {
        Self { method: Method::GET, path, body: None, is_open: true }
    }

    /// Those that want a key.
    pub(crate) fn guarded() -> impl Iterator<Item = &'static Self> {
        ROUTES.iter().filter(|route| !route.is_open)
    }

    pub(crate) fn takes_id(&self) -> bool {
        self.path.contains("{id}")
    }

    /// A good request, but for the key that it lacks. The id is not used where none is taken.
    pub(crate) fn ask(&self, id: &str) -> Ask {
        let path = self.path.replace("{id}", id).replace("{id+}", "fal/kling-2");
        Ask::new(self.method.clone(), &path).body(self.body.unwrap_or_default())
    }
}

#[test]
fn the_table_is_the_templates() {
    let template = Template::read();
    // which refuses whatever it gets
    let answering = template.functions.iter().filter(|function| function.name != "unknown-route");
    let triggers = answering.flat_map(|function| &function.triggers);
    let mut deployed: Vec<_> = triggers
        .filter_map(|trigger| match trigger {
            Trigger::Http { method, path } => Some((method.as_str(), path.as_str())),
            Trigger::Default | Trigger::Queue { .. } | Trigger::Schedule { .. } => None,
        })
        .collect();
    // What answers GET answers HEAD, by the same function.
    let with_head = |(method, path)| {
        let head = (method == "GET").then_some(("HEAD", path));
        [Some((method, path)), head].into_iter().flatten()
    };
    let mut table: Vec<_> = ROUTES
        .iter()
        .map(|route| (route.method.as_str(), route.path))
        .flat_map(with_head)
        .collect();
    deployed.sort_unstable();
    table.sort_unstable();
    assert_eq!(table, deployed, "add the route to the table, and what it needs");
    let mut known: Vec<_> = ghub::http::routes::ROUTES.into_iter().flat_map(with_head).collect();
    known.sort_unstable();
    assert_eq!(known, deployed, "what no route takes is told from this table");
}
