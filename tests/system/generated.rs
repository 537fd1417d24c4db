//! The files that are made of the table of endpoints in `lib/src/http/api.rs`. Each of them is
//! checked here, and written anew by the same tests: see [`HOW`].

use crate::process::ROOT;
use ghub::http::{ROUTES, UNKNOWN_ROUTE, openapi};
use std::fmt::Write;
use std::path::Path;

/// How the files are written.
const HOW: &str = "WRITE=1 cargo test --workspace --locked --test system -- generated";

/// Every method of HTTP. `cargo lambda watch` has no word for "any other method".
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Where the routes of `cargo lambda watch` begin in the root manifest. They go on to its end.
const ROUTER: &str = "[workspace.metadata.lambda.watch.router]\n";

/// `get-openapi` answers with this file.
#[test]
fn the_openapi_document_is_current() {
    let made = serde_json::to_string_pretty(&openapi::document()).unwrap();
    expect_current("functions/get-openapi/openapi.json", &(made + "\n"));
}

#[test]
fn the_routes_of_cargo_lambda_watch_are_current() {
    let manifest = std::fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let (before, _) = manifest.split_once(ROUTER).unwrap();
    expect_current("Cargo.toml", &format!("{before}{ROUTER}{}", router()));
}

/// Compares the file with what is made, after writing it where that was asked for.
fn expect_current(file: &str, made: &str) {
    let path = Path::new(ROOT).join(file);
    if std::env::var_os("WRITE").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == made, "{file} is not what the code makes. This writes it: {HOW}");
}

/// The routes of `cargo lambda watch`. Each path names the function of each method.
fn router() -> String {
    let mut text = String::new();
    let mut paths: Vec<&str> = ROUTES.iter().map(|route| route.path).collect();
    paths.dedup();
    for path in paths {
        writeln!(text, "\"{}\" = [", path.replace("{id+}", "{*id}")).unwrap();
        for method in METHODS {
            let known = if method == "HEAD" { "GET" } else { method };
            let route = ROUTES.iter().find(|route| (route.method, route.path) == (known, path));
            let function = route.map_or(UNKNOWN_ROUTE, |route| route.function);
            writeln!(text, "  {{ method = \"{method}\", function = \"{function}\" }},").unwrap();
        }
        text.push_str("]\n");
    }
    for path in ["/", "/{*path}"] {
        writeln!(text, "\"{path}\" = \"{UNKNOWN_ROUTE}\"").unwrap();
    }
    text
}
