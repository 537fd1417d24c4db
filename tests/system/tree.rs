//! The shape of the tree: what a function links, and who may import whom.

use crate::process::{ROOT, cargo, workspace};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where money is counted.
const MONEY: [&str; 5] = ["account", "audit", "decimal", "money", "pricing"];

/// Whatever gets into a function is paid for at each of its starts.
#[test]
fn a_function_links_one_http_stack_one_tls_stack_and_one_crypto_provider() {
    for function in functions() {
        let linked = linked(&function);
        let versions = |name: &str| linked.get(name).map_or(0, BTreeSet::len);
        assert_eq!(versions("hyper"), 1, "hyper in {function}: {linked:?}");
        assert!(versions("rustls") <= 1, "rustls in {function}: {:?}", linked["rustls"]);
        assert!(versions("reqwest") <= 1, "reqwest in {function}: {:?}", linked["reqwest"]);
        assert_eq!(versions("ring"), 1, "ring is the crypto provider of {function}");
        for unwanted in [
            "aws-lc-rs",
            "aws-lc-sys",
            "openssl",
            "openssl-sys",
            "native-tls",
            "hyper-tls",
            "aws-sdk-sso",
            "aws-sdk-ssooidc",
            "aws-sdk-signin",
            "h2",
            "regex-automata", // by tracing-subscriber's `env-filter`
        ] {
            assert_eq!(versions(unwanted), 0, "{unwanted} is linked into {function}");
        }
    }
}

/// `panic = "abort"`, which cargo-lambda sets where nothing is said, defeats the runtime's
/// `catch_unwind`: one panic in a batch would fail all its siblings.
#[test]
fn what_is_deployed_unwinds() {
    let manifest = std::fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let (_, release) = manifest.split_once("[profile.release]\n").unwrap();
    let release = release.split("\n[").next().unwrap();
    assert!(release.lines().any(|line| line == "panic = \"unwind\""), "{release}");
}

/// At `trace` Lambda's runtime and the HTTP libraries log whole requests, with keys and prompts.
/// `RUST_LOG` can ask for that at any time, so release builds have no such line in them.
#[test]
fn what_is_deployed_has_no_line_below_info() {
    for function in functions() {
        let asked = [
            "tree",
            "--package",
            &function,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p} {f}",
        ];
        let answer = cargo().args(asked).args(["--locked", "--offline"]).output().unwrap();
        let packages = String::from_utf8(answer.stdout).unwrap();
        let tracing: Vec<_> =
            packages.lines().filter(|line| line.starts_with("tracing v")).collect();
        assert!(!tracing.is_empty(), "{function} logs");
        assert!(
            tracing.iter().all(|line| line.contains("release_max_level_info")),
            "{function}: {tracing:?}"
        );
    }
}

#[test]
fn who_may_import_whom() {
    let infra = ["local", "admin"].map(str::to_owned);
    for (package, imported) in imports() {
        let allowed: BTreeSet<String> = match package.as_str() {
            "ghub-core" => BTreeSet::new(),
            "ghub" => BTreeSet::from(["ghub-core".to_owned()]),
            // the local system in its tests
            "admin" => BTreeSet::from(["ghub", "local"].map(str::to_owned)),
            "local" => functions().into_iter().chain(["ghub".to_owned()]).collect(),
            "tests" => {
                functions().into_iter().chain(infra.clone()).chain(["ghub".to_owned()]).collect()
            }
            "bench" | "chaos" => BTreeSet::from(["ghub", "local"].map(str::to_owned)),
            function => {
                assert!(functions().contains(function), "{function} has a place in the tree");
                BTreeSet::from(["ghub".to_owned()])
            }
        };
        assert!(
            imported.is_subset(&allowed),
            "{package} imports {:?}",
            imported.difference(&allowed)
        );
    }
}

/// The core compiles in seconds, and what is not linked cannot be called.
#[test]
fn the_core_links_few_packages_and_nothing_of_the_world() {
    let linked = linked("ghub-core");
    assert!(linked.len() < 40, "{}: {:?}", linked.len(), linked.keys());
    for unwanted in ["tokio", "reqwest", "tracing", "utoipa", "getrandom", "lambda_http"] {
        assert!(!linked.contains_key(unwanted), "{unwanted}");
    }
}

/// A room that needs another is not needed by it, over whatever way.
#[test]
fn no_rooms_import_each_other_in_a_circle() {
    for base in ["lib/core/src", "lib/src"] {
        let imports = imports_of_rooms(&Path::new(ROOT).join(base));
        for (room, direct) in &imports {
            let mut reached = BTreeSet::new();
            let mut next: Vec<&String> = direct.iter().collect();
            while let Some(one) = next.pop() {
                if reached.insert(one) {
                    next.extend(imports.get(one).into_iter().flatten());
                }
            }
            assert!(!reached.contains(room), "{base}: {room} comes back to itself: {reached:?}");
        }
    }
}

#[test]
fn money_is_never_a_float() {
    for module in MONEY {
        for (file, text) in sources_of(module) {
            assert!(
                !has_word(&text, "f32") && !has_word(&text, "f64"),
                "{} has a float",
                file.display()
            );
        }
    }
}

/// `cargo test` links no binary for a target that says `test = false`, and runs no examples where
/// `doctest = false`. A test that is written there would never run.
#[test]
fn no_test_stands_where_none_is_run() {
    for package in workspace()["packages"].as_array().unwrap() {
        for target in package["targets"].as_array().unwrap() {
            let off = |switch: &str| target[switch] == false;
            let of_tests = ["#[test]", "#[tokio::test"].into_iter().filter(|_| off("test"));
            let of_examples = ["/// ```", "//! ```"].into_iter().filter(|_| off("doctest"));
            let marks: Vec<&str> = of_tests.chain(of_examples).collect();
            for (file, text) in sources_from(Path::new(target["src_path"].as_str().unwrap())) {
                let found: Vec<_> = marks.iter().filter(|mark| text.contains(**mark)).collect();
                let (name, kind) = (&target["name"], &target["kind"]);
                assert!(found.is_empty(), "{name} {kind}: {} has {found:?}", file.display());
            }
        }
    }
}

/// The directories under `functions/`, which are the packages' names.
fn functions() -> BTreeSet<String> {
    let entries = std::fs::read_dir(Path::new(ROOT).join("functions")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Every package that a function is linked from, by the lock file, with its versions.
fn linked(function: &str) -> BTreeMap<String, BTreeSet<String>> {
    let asked = [
        "tree",
        "--package",
        function,
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--locked",
        "--offline",
    ];
    let answer = cargo().args(asked).output().unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8(answer.stdout).unwrap().lines() {
        let mut words = line.split(' ');
        let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
        packages.entry(name.to_owned()).or_default().insert(version.to_owned());
    }
    packages
}

/// The packages of this workspace that each of them imports, for its tests too.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let workspace = workspace();
    let packages = workspace["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let imported = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|import| import["path"].is_string());
            (text(&package["name"]), imported.map(|import| text(&import["name"])).collect())
        })
        .collect()
}

/// The modules that each module of a crate imports, outside its tests.
fn imports_of_rooms(base: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in sources(base) {
        let inner = file.strip_prefix(base).unwrap().to_str().unwrap();
        if inner.contains("tests") || inner == "lib.rs" || inner == "fixtures.rs" {
            continue;
        }
        let room = inner.split(['/', '.']).next().unwrap().to_owned();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let names = code.split("crate::").skip(1).map(|rest| {
            rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
        });
        let names = names.filter(|name| *name != room);
        found.entry(room.clone()).or_default().extend(names);
    }
    found
}

/// The files of a module of the core, its tests among them.
fn sources_of(module: &str) -> Vec<(PathBuf, String)> {
    let base = Path::new(ROOT).join("lib/core/src");
    let file = base.join(module).with_extension("rs");
    let mut found = vec![(file.clone(), std::fs::read_to_string(file).unwrap())];
    if base.join(module).is_dir() {
        found.extend(sources(&base.join(module)));
    }
    found
}

/// The files of a target: all beside the root of a library, of any other target the root.
fn sources_from(root: &Path) -> Vec<(PathBuf, String)> {
    if root.ends_with("src/lib.rs") {
        let mut beside = sources(root.parent().unwrap());
        beside.retain(|(file, _)| !file.ends_with("src/main.rs"));
        beside
    } else {
        vec![(root.to_owned(), std::fs::read_to_string(root).unwrap())]
    }
}

/// Every file of Rust below a directory.
fn sources(directory: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.clone(), std::fs::read_to_string(path).unwrap()));
        }
    }
    found
}

/// Whether a word stands in the text, in code or beside it: a name may end in `_`, and then be any
/// that begins so.
fn has_word(text: &str, word: &str) -> bool {
    let part_of_name = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word).any(|(at, _)| {
        let begins = !text[..at].ends_with(part_of_name);
        let ends = word.ends_with('_') || !text[at + word.len()..].starts_with(part_of_name);
        begins && ends
    })
}
