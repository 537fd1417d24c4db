//! The built `local` program as a process of its own: what a person starts, and what can be killed
//! as a machine is lost.

mod place;

pub(crate) use self::place::{Directory, Place};
use ghub::aws::sdk_config;
use ghub::config::Env;
use ghub::outbound::{Outbound, read_body};
use ghub::storage::Storage;
use ghub::store::{Store, Table};
use ghub::world::World;
use local::client::Client;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::channel;
use std::time::Duration;

/// It is ready within a second; a machine that compiles at the same time may take longer.
const START: Duration = Duration::from_secs(120);

pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A program in the repository, which finds the cargo of this build and builds where this test was
/// built. What a test run tells its tests about their own package would make build scripts run
/// again, so it is not passed on.
fn in_repository(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let own =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(own) {
            command.env_remove(name);
        }
    }
    command.current_dir(ROOT).stdin(Stdio::null());
    command.env("CARGO_TARGET_DIR", profile_directory().parent().expect("target has a profile"));
    command
}

pub(crate) fn cargo() -> Command {
    in_repository(env!("CARGO"))
}

/// A line for the shell, as a person would type it.
pub(crate) fn shell(line: &str) -> Command {
    let own = Path::new(env!("CARGO")).parent().expect("cargo is in a directory").to_owned();
    let known = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([own].into_iter().chain(std::env::split_paths(&known)))
        .expect("paths have no colon");
    let mut command = in_repository("sh");
    command.args(["-c", line]).env("PATH", path);
    command
}

/// What cargo knows of this workspace.
pub(crate) fn workspace() -> Value {
    let asked = ["metadata", "--no-deps", "--locked", "--offline", "--format-version", "1"];
    let answer = cargo().args(asked).output().expect("cargo can be started");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    serde_json::from_slice(&answer.stdout).expect("cargo answers in JSON")
}

/// `target/debug`, where this test was built.
fn profile_directory() -> PathBuf {
    let test = std::env::current_exe().expect("a process knows its program");
    test.parent().and_then(Path::parent).expect("a test is in target/…/deps").to_owned()
}

/// The program, built once for all tests of this run.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let directory = profile_directory();
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let built = cargo()
        .args(["build", "--quiet", "--locked", "--package", "local", "--profile", profile])
        .status();
    assert!(built.expect("cargo can be started").success(), "the program builds");
    directory.join("local")
});

/// The running program. Dropping it kills it, without a chance to tidy up.
pub(crate) struct Process {
    child: Child,
    ready: Value,
}

impl Process {
    /// Starts what prints one line when it is ready, and waits for that line. What it logs is kept
    /// in the directory.
    pub(crate) fn start(mut command: Command, directory: &Directory) -> Self {
        LazyLock::force(&PROGRAM);
        let log = directory.path().join("log");
        let stderr =
            File::options().create(true).append(true).open(&log).expect("the log can be written");
        let child =
            command.stdout(Stdio::piped()).stderr(stderr).spawn().expect("the program starts");
        let mut process = Self { child, ready: Value::Null };
        let (line, ready) = channel();
        let mut stdout =
            BufReader::new(process.child.stdout.take().expect("standard output is piped"));
        std::thread::spawn(move || {
            let mut text = String::new();
            drop(stdout.read_line(&mut text).map(|_| line.send(text)));
        });
        let text = ready.recv_timeout(START).unwrap_or_default();
        process.ready = serde_json::from_str(&text).unwrap_or_else(|_| {
            panic!(
                "the system is not ready: {text:?}; {}",
                std::fs::read_to_string(&log).unwrap_or_default()
            )
        });
        process
    }

    /// What the program said of itself under this name.
    pub(crate) fn said(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap_or_else(|| panic!("{name} is among {}", self.ready))
    }

    /// Whether it said of this that it is not there.
    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.ready[name].is_null()
    }

    /// The caller whose key it printed.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.said("api"), self.said("live_key"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: nothing in it runs any more when this returns.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Sends a simulator an order and returns its answer.
    pub(crate) async fn control(
        &self,
        simulator: &str,
        method: Method,
        what: &str,
        order: Value,
    ) -> Value {
        let url = format!("{}/_simulator/{what}", self.said(simulator));
        let mut request = Request::new(method, url.parse().expect("an address"));
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(order.to_string().into());
        let answer = Outbound::network().exchange(request).await.expect("a simulator answers");
        assert!(answer.status().is_success(), "{what}: {}", answer.status());
        let body = read_body(answer, 10 << 20).await.expect("an answer is whole");
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// How many renders fal accepted: what it would charge for.
    pub(crate) async fn renders(&self) -> u64 {
        let renders = self.control("fal", Method::GET, "renders", Value::Null).await;
        renders["accepted"].as_u64().expect("a number")
    }

    /// The system's own store, to look into it past the API.
    pub(crate) fn store(&self) -> Store {
        let world = self.world();
        let tables = [Table::Jobs, Table::Accounts, Table::Ledger, Table::Keys];
        Store::new(&world, &sdk_config(&world).expect("the variables are whole"), &tables)
            .expect("the tables are named")
    }

    /// The storage that it uploads to.
    pub(crate) async fn storage(&self) -> Storage {
        let world = self.world();
        let aws = sdk_config(&world).expect("the variables are whole");
        Storage::new(&world, &aws).await.expect("the secret can be read")
    }

    fn world(&self) -> World {
        let text =
            std::fs::read_to_string(self.said("env_file")).expect("the variables are written down");
        let pair = |line: &str| {
            let (name, value) = line.split_once('=')?;
            Some((name.to_owned(), value.trim_matches('\'').to_owned()))
        };
        let env: Env = text.lines().filter_map(pair).collect();
        World { env, ..World::process() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill()); // it may have ended by itself
        drop(self.child.wait());
    }
}
