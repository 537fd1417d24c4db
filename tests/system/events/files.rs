//! The files in `events/`: each function has one, and each is one that AWS could send.

use super::invocation::{function, read};
use crate::process::ROOT;
use local::template::{Template, Trigger};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_function_has_an_event_and_every_event_a_test() {
    let names = |directory: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(Path::new(ROOT).join(directory)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let (functions, events) = (names("functions"), names("events"));
    let with_event: BTreeSet<String> =
        events.iter().map(|event| function(event).to_owned()).collect();
    assert_eq!(with_event, functions);
    for event in &events {
        let name = format!("\"{event}\"");
        let tests = [include_str!("../events.rs"), include_str!("workers.rs")];
        assert!(tests.iter().any(|test| test.contains(&name)), "{event} is tested");
    }
}

/// An event that could not come from the deployed system would prove nothing.
#[test]
fn every_event_is_one_that_its_function_is_woken_by() {
    for entry in std::fs::read_dir(Path::new(ROOT).join("events")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let event = read(&name);
        let template = Template::read();
        let woken = template.functions.iter().find(|known| known.name == function(&name)).unwrap();
        let fits = woken.triggers.iter().any(|trigger| match trigger {
            Trigger::Http { method, path } => event["routeKey"] == format!("{method} {path}"),
            Trigger::Default => event["routeKey"] == "$default",
            Trigger::Queue { queue, .. } => event["Records"].as_array().is_some_and(|records| {
                let ours = |record: &Value| {
                    record["eventSourceARN"].as_str().unwrap_or_default().contains(queue.as_str())
                };
                !records.is_empty() && records.iter().all(ours)
            }),
            Trigger::Schedule { .. } => event["detail-type"] == "Scheduled Event",
        });
        assert!(fits, "{name} does not wake {}", woken.name);
    }
}
