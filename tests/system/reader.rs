//! Follows a document: runs the commands of its `sh` blocks as they stand there, in order, on a
//! system of its own. A command that is not known here fails, so that none is added without being
//! run.

use crate::process::{Directory, Process, ROOT, shell};
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// What is built on the way takes minutes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// Where the README's system answers.
const ITS_ORIGIN: &str = "http://127.0.0.1:9000/v1";
/// Where the README has the variables of the local system, and the deploy guide those of the stack.
const ITS_FILES: [&str; 2] = [".local/env", ".local/ghub.env"];

/// The commands of the `sh` blocks, each on one line.
pub(crate) fn commands(document: &str) -> Vec<String> {
    let blocks = document.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.map(|block| block.replace("\\\n", " "));
    lines
        .flat_map(|block| block.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// A person who follows a document, and what they have got from it so far.
#[derive(Default)]
pub(crate) struct Reader {
    system: Option<(Process, Directory)>,
    /// Of the first job.
    id: Option<String>,
    /// Of the organization they made.
    org: Option<String>,
    /// The key they made for it.
    key: Option<String>,
}

impl Reader {
    /// A person who has a system already, in place of the deployed one.
    pub(crate) fn with_a_system() -> Self {
        let mut reader = Self::default();
        reader.starts("cargo local up");
        reader
    }

    pub(crate) fn runs(&mut self, command: &str) {
        let words: Vec<_> = command.split_whitespace().collect();
        match words[..] {
            ["cargo", "local", "demo", ..] => demonstrates(command),
            ["cargo", "local", "up", ..] => self.starts(command),
            ["cargo", "test"] => {} // runs this
            ["curl", ..] => self.calls(command),
            ["cargo", "admin", ..] => self.operates(command),
            ["cargo", "lambda", "watch", ..] => is_run_by("tests/watch", &words),
            ["infra/build"] => is_run_by(".ci/run", &words),
            _ => panic!("nobody tests the command {command:?}"),
        }
    }

    /// A system that is up stays up for the commands that follow. Only one without an API of its
    /// own goes at once.
    fn starts(&mut self, command: &str) {
        let directory = Directory::new();
        let data = directory.path().join("data");
        let command = shell(&format!(
            "exec {command} --json --fast --port 0 --data-dir '{}'",
            data.display()
        ));
        let system = Process::start(command, &directory);
        if !system.is_null("api") {
            self.system = Some((system, directory));
        }
    }

    fn calls(&mut self, command: &str) {
        let (system, _) = self.system.as_ref().expect("a system is up by then");
        assert!(command.contains(ITS_ORIGIN) || command.contains("$API/"), "{command}");
        let here = command.replace(ITS_ORIGIN, system.said("api"));
        let mut command = shell(&format!("exec {here} --write-out '\\n%{{http_code}}'"));
        let key = self.key.as_deref().unwrap_or_else(|| system.said("live_key"));
        command
            .env("API", system.said("api"))
            .env("KEY", key)
            .env("ID", self.id.as_deref().unwrap_or_default());
        let answer = done(command);
        let (body, status) = answer.rsplit_once('\n').expect("the status is on a line of its own");
        assert_eq!(status, "200", "{here}: {body}");
        let job: Value = serde_json::from_str(body).expect("an answer in JSON");
        if job["object"] != "video.job" {
            return;
        }
        let id = job["id"].as_str().expect("a job has an id").to_owned();
        assert_eq!(
            self.id.get_or_insert_with(|| id.clone()),
            &id,
            "the job that was submitted is the one that is shown"
        );
    }

    fn operates(&mut self, command: &str) {
        let (system, _) = self.system.as_ref().expect("a system is up by then");
        let (_, named) = command.split_once("--env-file ").expect("it says which system is meant");
        let its_file = named.split_whitespace().next().unwrap_or_default();
        assert!(ITS_FILES.contains(&its_file), "{command}");
        let mut line =
            shell(&format!("exec {}", command.replacen(its_file, system.said("env_file"), 1)));
        line.env("ORG", self.org.as_deref().unwrap_or_default())
            .env("ID", self.id.as_deref().unwrap_or_default());
        let said = done(line);
        if command.contains("key create") && !command.contains("--sandbox") {
            self.key = said
                .split_whitespace()
                .find(|word| word.starts_with("ghub_sk_live_"))
                .map(str::to_owned);
        }
        if command.contains("org create") {
            let org = said.split_whitespace().find(|word| word.parse::<ghub::id::OrgId>().is_ok());
            self.org =
                Some(org.unwrap_or_else(|| panic!("an organization is named: {said}")).to_owned());
        }
        if command.contains("--amount 500.00") {
            assert!(said.contains("MXN 550.00"), "{said}");
        }
    }
}

/// The main job, from nothing to a video and its price.
fn demonstrates(command: &str) {
    let directory = Directory::new();
    let data = directory.path().display();
    let said = done(shell(&format!("exec {command} --fast --port 0 --data-dir '{data}'")));
    let line = |label: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(label));
        line.unwrap_or_else(|| panic!("no {label} in {said}")).trim()
    };
    assert_eq!((line("charged "), line("balance ")), ("MXN 4.20", "MXN 45.80"));
    assert!(
        line("video ").starts_with("http://127.0.0.1:") && line("video ").ends_with("/video.mp4"),
        "{said}"
    );
}

/// What needs further tools is run by a script, with the same words.
fn is_run_by(script: &str, words: &[&str]) {
    let text = std::fs::read_to_string(Path::new(ROOT).join(script)).expect("the script is there");
    assert!(
        text.contains(&words[..words.len().min(3)].join(" ")),
        "{script} does not run {words:?}"
    );
    for flag in words.iter().filter(|word| word.starts_with('-')) {
        assert!(text.contains(&format!(" {flag} ")), "{script} does not run {words:?} with {flag}");
    }
}

/// Waits for a command's success and returns what it said.
fn done(mut command: Command) -> String {
    let directory = Directory::new();
    let path = |name: &str| directory.path().join(name);
    let file = |name: &str| File::create(path(name)).expect("a new file can be written");
    let mut child =
        command.stdout(file("out")).stderr(file("err")).spawn().expect("the shell starts");
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break Some(status);
        }
        if began.elapsed() > PATIENCE {
            drop(child.kill());
            break None;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let said = |name: &str| std::fs::read_to_string(path(name)).unwrap_or_default();
    assert!(
        status.is_some_and(|status| status.success()),
        "{command:?}: {status:?}: {}{}",
        said("out"),
        said("err")
    );
    said("out")
}
