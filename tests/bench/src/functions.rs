//! The release builds of the functions, made by the command that makes what is deployed.

use crate::table::Table;
use std::path::{Path, PathBuf};
use tokio::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A directory with a `bootstrap` for each function.
pub(crate) struct Built(PathBuf);

impl Built {
    /// The functions in this directory, or those that are built now.
    pub(crate) async fn find_or_build(directory: Option<PathBuf>) -> Result<Self, String> {
        if let Some(directory) = directory {
            let directory = std::path::absolute(directory).map_err(|error| error.to_string())?;
            return Ok(Self(directory));
        }
        let directory = std::env::temp_dir().join("geekhub-video-bench").join(architecture());
        let mut build = Command::new(Path::new(ROOT).join("infra/build"));
        build.arg(architecture()).arg(&directory).kill_on_drop(true);
        let status = build.status().await.map_err(|error| format!("infra/build: {error}"))?;
        if status.success() { Ok(Self(directory)) } else { Err(format!("infra/build: {status}")) }
    }

    /// The program of a function.
    pub(crate) fn bootstrap(&self, function: &str) -> PathBuf {
        self.0.join(function).join("bootstrap")
    }

    /// Adds how large each function is as a zip.
    pub(crate) async fn sizes(&self, table: &mut Table) -> Result<(), String> {
        let script = Path::new(ROOT).join("tests/deploy/sizes.py");
        let mut sizes = Command::new("python3");
        sizes.arg(script).arg(architecture()).arg(&self.0).kill_on_drop(true);
        let answer = sizes.output().await.map_err(|error| format!("python3: {error}"))?;
        if !answer.status.success() {
            return Err(String::from_utf8_lossy(&answer.stderr).into_owned());
        }
        for line in String::from_utf8_lossy(&answer.stdout).lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            let [_, function, bytes, ..] = words[..] else {
                return Err(format!("sizes.py printed {line:?}"));
            };
            let bytes = bytes.replace(',', "").parse().map_err(|_| line.to_owned())?;
            table.exact(format!("bytes of {function} as a zip, {}", architecture()), bytes);
        }
        Ok(())
    }
}

/// This machine's architecture, as `infra/build` spells it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        "x86_64" => "x86-64",
        other => other,
    }
}
