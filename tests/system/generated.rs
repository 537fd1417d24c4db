//! What is made of the table of endpoints in `lib/src/http/api.rs`, and of the catalog. Each of
//! them is checked here, and written anew by the same tests: see [`HOW`].

use crate::process::ROOT;
use ghub::catalog::{Catalog, Inputs};
use ghub::http::{ROUTES, UNKNOWN_ROUTE, openapi};
use std::fmt::Write;
use std::path::Path;

/// How the files are written.
const HOW: &str = "WRITE=1 cargo test --workspace --locked --test system -- generated";

/// Every method of HTTP. `cargo lambda watch` has no word for "any other method".
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Where the routes of `cargo lambda watch` begin in the root manifest. They go on to its end.
const ROUTER: &str = "[workspace.metadata.lambda.watch.router]\n";

/// Where the README's table of models begins.
const MODELS: &str = "\
| model | USD/s | seconds | shapes | resolutions | sound | served |
|---|---|---|---|---|---|---|
";

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

#[test]
fn the_readmes_table_of_models_is_current() {
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let (before, rest) = readme.split_once(MODELS).unwrap();
    let after: String = rest
        .lines()
        .skip_while(|line| line.starts_with('|'))
        .fold(String::new(), |text, line| text + line + "\n");
    expect_current("README.md", &format!("{before}{MODELS}{}{after}", models()));
}

/// A row for each model of the built-in catalog.
fn models() -> String {
    let mut text = String::new();
    for model in Catalog::published().iter() {
        let Inputs { duration, aspect_ratio, resolution, generate_audio, .. } = &model.inputs;
        let mut prices: Vec<_> = model.prices.iter().map(|row| row.usd_per_second).collect();
        prices.sort_unstable();
        let (usual, most) = (model.usd_per_second(), prices.pop().unwrap());
        let least = prices.first().copied().unwrap_or(most);
        let usd =
            if least == most { usual.to_string() } else { format!("{usual} ({least}–{most})") };
        let lengths: Vec<_> = duration.values.iter().map(u32::to_string).collect();
        let resolutions = resolution.as_ref().map(|choice| choice.values.join(", "));
        let resolutions = resolutions.unwrap_or_default();
        let sound = match (generate_audio, model.audio) {
            (Some(_), _) => "by choice",
            (None, true) => "yes",
            (None, false) => "no",
        };
        let served = if model.route().is_some() { "yes" } else { "with a route" };
        let lengths = if lengths.len() > 4 {
            format!("{} to {}", lengths[0], lengths[lengths.len() - 1])
        } else {
            lengths.join(", ")
        };
        writeln!(
            text,
            "| `{}` | {usd} | {lengths} | {} | {resolutions} | {sound} | {served} |",
            model.id,
            aspect_ratio.values.join(", ")
        )
        .unwrap();
    }
    text
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
