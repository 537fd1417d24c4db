//! The README holds what it says: every command in its `sh` blocks is run as it stands there, in order, on a system of its own. A command
//! that is not known here fails, so that none is added without being run.

use crate::process::{Directory, Process, ROOT, shell};
use ghub::catalog::Catalog;
use ghub::pricing::Factor;
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const README: &str = include_str!("../../README.md");
/// The longest that anybody reads before trying.
const LONGEST: usize = 119;
/// What is built on the way takes minutes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// Where the README's system answers.
const ITS_ORIGIN: &str = "http://127.0.0.1:9000/v1";

#[test]
fn every_command_works() {
    let mut reader = Reader::default();
    let commands = commands();
    assert!(commands.len() >= 5, "{commands:?}");
    for command in &commands {
        reader.runs(command);
    }
}

#[test]
fn it_is_short_and_its_links_lead_somewhere() {
    assert!(README.lines().count() <= LONGEST, "{} lines", README.lines().count());
    let targets = README.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for target in targets.filter(|target| !target.contains("://")) {
        assert!(Path::new(ROOT).join(target).exists(), "{target}");
    }
}

#[test]
fn its_models_and_prices_are_the_catalogs() {
    for model in Catalog::published().iter() {
        let row = README.lines().find(|line| line.starts_with(&format!("| `{}` |", model.id))).expect(&model.id);
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let durations: Vec<_> = model.durations_s.iter().map(u32::to_string).collect();
        assert_eq!(cells[2].parse::<Factor>().unwrap(), model.usd_per_second, "{row}");
        assert_eq!(cells[3], format!("{}, {}", model.default_s, model.max_s), "{row}");
        assert_eq!(cells[4], durations.join(", "), "{row}");
    }
}

/// The commands of the `sh` blocks, each on one line.
fn commands() -> Vec<String> {
    let blocks = README.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.map(|block| block.replace("\\\n", " "));
    lines
        .flat_map(|block| block.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// Somebody who follows the README, and what they have got from it so far.
#[derive(Default)]
struct Reader {
    system: Option<(Process, Directory)>,
    /// Of the first job.
    id: Option<String>,
    /// Of the organization they made.
    org: Option<String>,
}

impl Reader {
    fn runs(&mut self, command: &str) {
        let words: Vec<_> = command.split_whitespace().collect();
        match words[..] {
            ["cargo", "local", "demo", ..] => demonstrates(command),
            ["cargo", "local", "up", ..] => self.starts(command),
            ["cargo", "test"] => {} // runs this
            ["curl", ..] => self.calls(command),
            ["cargo", "admin", ..] => self.operates(command),
            ["cargo", "lambda", "watch", ..] => is_run_by("tests/watch", &words),
            ["sam", ..] => is_run_by(".ci/run", &words[..2]),
            _ => panic!("nobody tests the README's command {command:?}"),
        }
    }

    /// What is up stays up for the commands that follow; only one that leaves the API to somebody else goes at once.
    fn starts(&mut self, command: &str) {
        let directory = Directory::new();
        let data = directory.path().join("data");
        let command = shell(&format!("exec {command} --json --fast --port 0 --data-dir '{}'", data.display()));
        let system = Process::start(command, &directory);
        if !system.is_null("api") {
            self.system = Some((system, directory));
        }
    }

    fn calls(&mut self, command: &str) {
        let (system, _) = self.system.as_ref().expect("a system is up by then");
        assert!(command.contains(ITS_ORIGIN), "{command}");
        let here = command.replace(ITS_ORIGIN, system.said("api"));
        let mut command = shell(&format!("exec {here} --write-out '\\n%{{http_code}}'"));
        command.env("KEY", system.said("live_key")).env("ID", self.id.as_deref().unwrap_or_default());
        let answer = done(command);
        let (body, status) = answer.rsplit_once('\n').expect("the status is on a line of its own");
        assert_eq!(status, "200", "{here}: {body}");
        let job: Value = serde_json::from_str(body).expect("a job in JSON");
        let id = job["id"].as_str().expect("a job has an id").to_owned();
        assert_eq!(
            self.id.get_or_insert_with(|| id.clone()),
            &id,
            "the job that was submitted is the one that is shown"
        );
    }

    fn operates(&mut self, command: &str) {
        let (system, _) = self.system.as_ref().expect("a system is up by then");
        let mut line = shell(&format!("set -a; . '{}'; set +a; exec {command}", system.said("env_file")));
        line.env("ORG", self.org.as_deref().unwrap_or_default());
        let said = done(line);
        if self.org.is_none() {
            let org = said.split_whitespace().find(|word| word.parse::<ghub::id::OrgId>().is_ok());
            self.org = Some(org.unwrap_or_else(|| panic!("an organization is named: {said}")).to_owned());
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
    assert!(line("video ").starts_with("http://127.0.0.1:") && line("video ").ends_with("/video.mp4"), "{said}");
}

/// What needs further tools is run by a script, with the same words.
fn is_run_by(script: &str, words: &[&str]) {
    let text = std::fs::read_to_string(Path::new(ROOT).join(script)).expect("the script is there");
    assert!(text.contains(&words[..words.len().min(3)].join(" ")), "{script} does not run {words:?}");
    for flag in words.iter().filter(|word| word.starts_with('-')) {
        assert!(text.contains(&format!(" {flag} ")), "{script} does not run {words:?} with {flag}");
    }
}

/// Waits for a command's success and returns what it said.
fn done(mut command: Command) -> String {
    let directory = Directory::new();
    let path = |name: &str| directory.path().join(name);
    let file = |name: &str| File::create(path(name)).expect("a new file can be written");
    let mut child = command.stdout(file("out")).stderr(file("err")).spawn().expect("the shell starts");
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
    assert!(status.is_some_and(|status| status.success()), "{command:?}: {status:?}: {}{}", said("out"), said("err"));
    said("out")
}
