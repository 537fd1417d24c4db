//! Every route of the API, once. What has to hold for each of them is tested by walking this table.
//! It is made of the table of endpoints and of the OpenAPI document.

use crate::asking::Ask;
use ghub::http::openapi;
use local::template::{Template, Trigger};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// A route, and what a good request to it has.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// As in the template: `{id}` stands for a job's id.
    pub(crate) path: &'static str,
    /// The first example of what the operation is sent, if it is sent anything.
    body: Option<String>,
    /// Whether it answers without a key.
    is_open: bool,
}

pub(crate) static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let document = serde_json::to_value(openapi::document()).unwrap();
    let routes = ghub::http::ROUTES.iter();
    routes.map(|route| Route::described(*route, &document)).collect()
});

impl Route {
    fn described(route: ghub::http::Route, document: &Value) -> Self {
        let ghub::http::Route { method, path, .. } = route;
        let below = path.trim_start_matches("/v1").replace("+}", "}");
        let operation = &document["paths"][below][method.to_lowercase()];
        assert!(operation.is_object(), "{method} {path} is in the document");
        let sent = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let example = |reference: &str| {
            let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
            schema["examples"][0].to_string()
        };
        Self {
            method: method.parse().unwrap(),
            path,
            body: sent.as_str().map(example),
            is_open: operation["security"] == json!([{}]),
        }
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
        Ask::new(self.method.clone(), &path).body(self.body.as_deref().unwrap_or_default())
    }
}

/// The template is what is deployed, and the local system is built of it.
#[test]
fn the_template_deploys_the_table_of_endpoints() {
    let template = Template::read();
    let of = |function: &local::template::Function| {
        let routes = function.triggers.iter().filter_map(|trigger| match trigger {
            Trigger::Http { method, path } => Some((method.clone(), path.clone())),
            Trigger::Default | Trigger::Queue { .. } | Trigger::Schedule { .. } => None,
        });
        let name = function.name.clone();
        routes.map(move |(method, path)| (method, path, name.clone())).collect::<Vec<_>>()
    };
    let (unknown, answering): (Vec<_>, Vec<_>) =
        template.functions.iter().partition(|known| known.name == ghub::http::UNKNOWN_ROUTE);
    let mut deployed: Vec<_> = answering.into_iter().flat_map(of).collect();
    // A route with GET takes HEAD too, by the same function.
    let with_head = |route: &ghub::http::Route| {
        let head = (route.method == "GET").then_some("HEAD");
        let methods = [Some(route.method), head].into_iter().flatten();
        let (path, function) = (route.path.to_owned(), route.function.to_owned());
        let row = move |method: &str| (method.to_owned(), path.clone(), function.clone());
        methods.map(row).collect::<Vec<_>>()
    };
    let mut table: Vec<_> = ghub::http::ROUTES.iter().flat_map(with_head).collect();
    deployed.sort_unstable();
    table.sort_unstable();
    assert_eq!(table, deployed, "lib/src/http/api.rs and template.yaml differ");
    let default = unknown.iter().flat_map(|function| &function.triggers);
    assert_eq!(default.filter(|trigger| **trigger == Trigger::Default).count(), 1);
}
