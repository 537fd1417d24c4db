//! Cuts the file of the built-in models into entries. So a function reads the entry of the model
//! that it was asked for, and a start reads none.

use serde_json::Value;
use std::{env, fs, path::Path};

const FILE: &str = "src/catalog/models.json";

fn main() {
    println!("cargo::rerun-if-changed={FILE}");
    let text = fs::read_to_string(FILE).expect("the file is there");
    let file: Value = serde_json::from_str(&text).expect("the file is JSON");
    let mut entries: Vec<(&str, String)> = file["models"]
        .as_array()
        .expect("models is a list")
        .iter()
        .map(|entry| (entry["id"].as_str().expect("an entry has an id"), entry.to_string()))
        .collect();
    entries.sort_unstable();
    let made: String =
        entries.iter().map(|(id, json)| format!("BuiltIn::new({id:?}, {json:?}),\n")).collect();
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script its folder so")]
    let folder = env::var_os("OUT_DIR").expect("cargo sets it");
    let count = entries.len();
    let made = format!("pub(super) static BUILT_IN: [BuiltIn; {count}] = [\n{made}];\n");
    fs::write(Path::new(&folder).join("entries.rs"), made).expect("it is written");
}
