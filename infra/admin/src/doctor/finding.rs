//! The result of a check, and how all results are printed.

use ghub::foreign_text::printable;
use serde_json::{Value, json};
use std::fmt::Display;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ok,
    /// It works, or could not be judged, but the operator should know about it.
    Warn,
    /// Something does not work, or will not work.
    Fail,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One line: the thing that was checked, and everything that was found. Its level is that of the
/// worst finding.
#[derive(Debug)]
pub struct Finding {
    area: &'static str,
    subject: String,
    level: Level,
    found: Vec<String>,
    advice: Vec<String>,
}

impl Finding {
    /// A finding about this subject, to which nothing was added yet.
    pub fn of(area: &'static str, subject: impl Into<String>) -> Self {
        Self {
            area,
            subject: subject.into(),
            level: Level::Ok,
            found: Vec::new(),
            advice: Vec::new(),
        }
    }

    /// Adds something that is as it should be.
    pub fn ok(&mut self, found: impl Display) {
        self.found.push(found.to_string());
    }

    /// Adds something that the operator should know, and what to do about it.
    pub fn warn(&mut self, found: impl Display, advice: impl Into<String>) {
        self.add(Level::Warn, &found, advice.into());
    }

    /// Adds something that does not work, and what to do about it.
    pub fn fail(&mut self, found: impl Display, advice: impl Into<String>) {
        self.add(Level::Fail, &found, advice.into());
    }

    /// Adds advice, although nothing is wrong.
    pub fn hint(&mut self, advice: impl Into<String>) {
        self.advice.push(advice.into());
    }

    fn add(&mut self, level: Level, found: &impl Display, advice: String) {
        self.level = self.level.max(level);
        self.found.push(found.to_string());
        if !self.advice.contains(&advice) {
            self.advice.push(advice);
        }
    }
}

/// All findings, in the order in which they are printed.
#[derive(Debug)]
pub struct Diagnosis(Vec<Finding>);

impl Diagnosis {
    pub const fn new(findings: Vec<Finding>) -> Self {
        Self(findings)
    }

    /// Whether no check failed.
    pub fn is_sound(&self) -> bool {
        self.count(Level::Fail) == 0
    }

    fn count(&self, level: Level) -> usize {
        self.0.iter().filter(|finding| finding.level == level).count()
    }

    /// The findings as `--json` prints them.
    pub fn json(&self) -> Value {
        let checks: Vec<Value> = self
            .0
            .iter()
            .map(|Finding { area, subject, level, found, advice }| {
                json!({"area": area, "subject": subject, "level": level.word(), "found": found, "advice": advice})
            })
            .collect();
        json!({"failed": self.count(Level::Fail), "warnings": self.count(Level::Warn), "checks": checks})
    }

    /// The findings for people: a line for each check, the advice below it, and the sum at the end.
    pub fn table(&self) -> String {
        let width = |part: fn(&Finding) -> &str| {
            self.0.iter().map(|f| part(f).chars().count()).max().unwrap_or(0)
        };
        let (areas, subjects) = (width(|f| f.area), width(|f| &f.subject));
        let mut text = String::new();
        for Finding { area, subject, level, found, advice } in &self.0 {
            let (level, found) = (level.word(), printable(&found.join("; ")));
            text.push_str(&format!("{level:4}  {area:areas$}  {subject:subjects$}  {found}\n"));
            text.extend(
                advice.iter().map(|sentence| format!("      -> {}\n", printable(sentence))),
            );
        }
        let (warnings, failed) = (self.count(Level::Warn), self.count(Level::Fail));
        text.push_str(&format!(
            "\n{} checks: {failed} failed, {warnings} with a warning.\n",
            self.0.len()
        ));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_bad_as_the_worst_of_it_and_says_each_thing_once() {
        let mut good = Finding::of("queue", "PollQueue");
        good.ok("empty");
        let mut bad = Finding::of("table", "Jobs");
        bad.ok("ACTIVE");
        bad.fail("no index", "Deploy it.");
        bad.warn("no backups", "Deploy it.");
        let diagnosis = Diagnosis::new(vec![good, bad]);
        assert!(!diagnosis.is_sound());
        assert_eq!(
            diagnosis.table(),
            "ok    queue  PollQueue  empty\nfail  table  Jobs       ACTIVE; no index; no backups\n      -> Deploy it.\n\n\
             2 checks: 1 failed, 0 with a warning.\n"
        );
        let json = diagnosis.json();
        assert_eq!((&json["failed"], &json["warnings"]), (&json!(1), &json!(0)));
        assert_eq!(
            json["checks"][1],
            json!({"area": "table", "subject": "Jobs", "level": "fail", "found": ["ACTIVE", "no index", "no backups"],
                "advice": ["Deploy it."]})
        );
    }
}
