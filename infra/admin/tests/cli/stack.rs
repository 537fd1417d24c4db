//! The whole local system, which the doctor examines, and the process of the doctor.

use crate::deployment::{Done, bare};
use local::options::Options;
use local::system::System;
use serde_json::Value;
use tokio::runtime::Runtime;

/// The system, which runs until the test ends.
pub struct Stack {
    system: Option<System>,
    runtime: Runtime,
}

impl Stack {
    pub fn start() -> Self {
        Self::with(Options::test())
    }

    pub fn with(options: Options) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let system = runtime.block_on(System::start(options)).unwrap();
        Self { system: Some(system), runtime }
    }

    pub fn system(&self) -> &System {
        self.system.as_ref().unwrap()
    }

    /// Waits for the end of work that goes over the network.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub fn bucket(&self) -> &local::supabase::Supabase {
        &self.system().storage.as_ref().unwrap().simulator
    }

    /// Runs the command line with the variables of the system, some of them changed. An empty value
    /// counts as not set.
    pub fn run(&self, line: &str, changes: &[(&str, &str)]) -> Done {
        let mut command = bare(line);
        command.envs(&self.system().variables).envs(changes.iter().copied());
        Done::of(command.output().unwrap())
    }

    pub fn doctor(&self, changes: &[(&str, &str)]) -> Examined {
        let Done { code, stdout, stderr } = self.run("doctor --json", changes);
        assert_eq!(stderr, "", "{stdout}");
        let json: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(code, i32::from(json["failed"] != 0), "{json}");
        Examined { json }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Some(system) = self.system.take() {
            self.runtime.block_on(system.stop());
        }
    }
}

/// The findings of the doctor.
#[derive(Debug)]
pub struct Examined {
    pub json: Value,
}

impl Examined {
    fn lines(&self) -> impl Iterator<Item = &Value> {
        self.json["checks"].as_array().unwrap().iter()
    }

    /// The levels of the lines of this area, each with its subject.
    pub fn levels(&self, area: &str) -> Vec<(&str, &str)> {
        let of_area = self.lines().filter(|line| line["area"] == area);
        of_area
            .map(|line| (line["subject"].as_str().unwrap(), line["level"].as_str().unwrap()))
            .collect()
    }

    /// The advice about this subject.
    pub fn advice(&self, subject: &str) -> Vec<&str> {
        let of_subject = self.lines().filter(|line| line["subject"] == subject);
        of_subject
            .flat_map(|line| line["advice"].as_array().unwrap())
            .map(|advice| advice.as_str().unwrap())
            .collect()
    }

    /// The subjects that failed.
    pub fn failed(&self) -> Vec<&str> {
        self.lines()
            .filter(|line| line["level"] == "fail")
            .map(|line| line["subject"].as_str().unwrap())
            .collect()
    }

    /// Checks that a line whose subject begins so has this level, this finding and this advice.
    #[track_caller]
    pub fn says(&self, subject: &str, level: &str, found: &str, advice: &str) {
        let begins = |line: &&Value| line["subject"].as_str().unwrap().starts_with(subject);
        let lines: Vec<_> = self.lines().filter(begins).collect();
        let text = |line: &Value, part: &str| {
            let sentences = line[part].as_array().unwrap().iter();
            sentences.map(|sentence| sentence.as_str().unwrap()).collect::<Vec<_>>().join("; ")
        };
        let fits = |line: &&Value| {
            line["level"] == level
                && text(line, "found").contains(found)
                && text(line, "advice").contains(advice)
        };
        assert!(
            lines.iter().any(fits),
            "{subject}: {level}, {found:?}, {advice:?} is not among {lines:#?}"
        );
    }
}
