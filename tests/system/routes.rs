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
}

pub(crate) const ROUTES: [Route; 2] = [
    Route {
        method: Method::POST,
        path: "/v1/videos/generations",
        body: Some(r#"{"model":"fal/kling-2","prompt":"a hummingbird at dawn"}"#),
    },
    Route { method: Method::GET, path: "/v1/videos/{id}", body: None },
];

impl Route {
    pub(crate) fn takes_id(&self) -> bool {
        self.path.contains("{id}")
    }

    /// A good request, but for the key that it lacks. The id is not used where none is taken.
    pub(crate) fn ask(&self, id: &str) -> Ask {
        Ask::new(self.method.clone(), &self.path.replace("{id}", id)).body(self.body.unwrap_or_default())
    }
}

#[test]
fn the_table_is_the_templates() {
    let template = Template::read();
    let answering = template.functions.iter().filter(|function| function.name != "unknown-route"); // which refuses whatever it gets
    let triggers = answering.flat_map(|function| &function.triggers);
    let mut deployed: Vec<_> = triggers
        .filter_map(|trigger| match trigger {
            Trigger::Http { method, path } => Some((method.as_str(), path.as_str())),
            Trigger::Default | Trigger::Queue { .. } | Trigger::Schedule { .. } => None,
        })
        .collect();
    let mut table: Vec<_> = ROUTES.iter().map(|route| (route.method.as_str(), route.path)).collect();
    deployed.sort_unstable();
    table.sort_unstable();
    assert_eq!(table, deployed, "add the route to the table, and what it needs");
}
