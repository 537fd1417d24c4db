//! The tables that say one thing twice.

use crate::process::workspace;
use local::template::{Template, Trigger};
use serde_json::{Map, Value, json};

/// What HTTP has; `cargo lambda watch` knows no "any other method", so each has to be named.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// `cargo lambda watch` has its routes from the root manifest, the deployed API its own from the
/// template.
#[test]
fn the_routes_of_cargo_lambda_watch_are_those_of_the_template() {
    let router = workspace()["metadata"]["lambda"]["watch"]["router"].clone();
    let mut found = Map::new();
    for (path, routes) in router.as_object().unwrap() {
        let by_method = match routes {
            Value::Array(routes) => {
                let entry = |route: &Value| {
                    (route["method"].as_str().unwrap().to_owned(), route["function"].clone())
                };
                Value::Object(routes.iter().map(entry).collect())
            }
            function => function.clone(),
        };
        found.insert(path.clone(), by_method);
    }
    assert_eq!(Value::Object(found), Value::Object(deployed()));
}

/// The template's routes in the form of the manifest: a path with the function of each method, or
/// with the one function of all.
fn deployed() -> Map<String, Value> {
    let template = Template::read();
    let woken_by = |wanted: fn(&Trigger) -> bool| {
        let all = template.functions.iter();
        all.flat_map(|function| {
            function.triggers.iter().map(move |trigger| (function.name.as_str(), trigger))
        })
        .filter(move |(_, trigger)| wanted(trigger))
    };
    let (default, _) = woken_by(|trigger| *trigger == Trigger::Default).next().unwrap();
    let mut routes =
        Map::from_iter([("/".to_owned(), json!(default)), ("/{*path}".to_owned(), json!(default))]);
    for (function, trigger) in woken_by(|trigger| matches!(trigger, Trigger::Http { .. })) {
        let Trigger::Http { method, path } = trigger else {
            unreachable!("only those were asked for")
        };
        let others = || {
            METHODS
                .iter()
                .map(|method| ((*method).to_owned(), json!(default)))
                .collect::<Map<_, _>>()
        };
        let path = path.replace("{id+}", "{*id}"); // two spellings of the rest of a path
        let route = routes.entry(path).or_insert_with(|| Value::Object(others()));
        route[method] = json!(function);
    }
    routes
}
