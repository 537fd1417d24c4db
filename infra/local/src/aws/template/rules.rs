//! What must be true of the template: each rule, with the reason for it.

mod alarms;
mod bootstrap;
mod breaches;
mod functions;
mod queues;
mod roles;
mod tables;

use super::{Function, TEMPLATE, Template};
use crate::system::SECRETS;
use ghub::config::variables;
use std::collections::BTreeSet;

/// The logical ids of what breaks a rule.
type Breaches = Vec<String>;
type Rule = fn(&Template) -> Breaches;

const RULES: [(&str, Rule); 32] = [
    ("a queue hides a message for six function timeouts", queues::visibility_is_short),
    ("a queue's function reports which messages failed", queues::failures_are_not_reported),
    ("a queue's function is bounded", queues::concurrency_is_unbounded),
    ("a reservation has a place for each that a queue wakes", queues::reservations_are_short),
    ("a function that feeds its own queue may recurse", queues::recursion_is_stopped),
    ("a queue has dead letters or is for them", queues::dead_letters_are_lost),
    ("dead letters wait 14 days", queues::dead_letters_expire),
    ("an action is spelled out", roles::actions_are_wildcards),
    ("a resource is spelled out", roles::resources_are_wildcards),
    ("a role is one function's own", roles::roles_are_shared),
    ("a role is this file's text alone", roles::policies_are_foreign),
    ("a role has the operator's boundary", roles::roles_are_unbounded),
    ("a role lets Lambda take messages and write logs", roles::lambda_lacks_its_own),
    (
        "a function is told of what it may use, and only of that",
        roles::environment_differs_from_role,
    ),
    ("a key is read, and only its last use is written", roles::keys_can_be_made),
    ("a secret is named, never given", roles::secrets_are_given),
    ("a variable is one that is read", roles::variables_are_unknown),
    ("a table outlives mistakes", tables::tables_can_be_lost),
    ("void items, idempotency records and sandbox jobs expire", tables::records_never_expire),
    ("the stage is $default and so is one route", functions::default_is_missing),
    ("requests are limited", functions::requests_are_unlimited),
    ("a limit is that of a route", functions::limits_have_no_route),
    (
        "a dear route has its own limit, and one without a key",
        functions::dear_routes_share_the_default,
    ),
    ("requests leave a trace that ends", functions::requests_leave_no_trace),
    (
        "a function is woken by something, and answers the API in time",
        functions::triggers_are_wrong,
    ),
    ("a function runs where it was built for", functions::platforms_differ),
    ("logs are JSON and end", functions::logs_are_endless),
    ("Lambda itself logs warnings only", functions::the_platform_is_loud),
    ("an alarm is heard, and its end too", alarms::alarms_are_mute),
    ("an alarm has its page in the runbooks", alarms::alarms_lead_nowhere),
    ("an alarm watches what is measured", alarms::alarms_watch_nothing),
    ("a dashboard shows what is measured", alarms::dashboards_show_nothing),
];

/// Every rule that the template breaks, with what breaks it.
fn violations(template: &Template) -> Vec<(&'static str, String)> {
    RULES.iter().flat_map(|(name, rule)| rule(template).into_iter().map(|id| (*name, id))).collect()
}

fn ids<'a>(functions: impl Iterator<Item = &'a Function>) -> Breaches {
    functions.map(|function| function.logical_id.clone()).collect()
}

#[test]
fn the_template_breaks_no_rule() {
    assert_eq!(violations(&Template::read()), []);
}

#[test]
fn every_function_directory_is_deployed_and_nothing_else() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions");
    let crates = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let crates = crates.filter(|path| path.join("Cargo.toml").is_file());
    let crates: BTreeSet<_> =
        crates.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    let deployed: BTreeSet<_> =
        Template::read().functions.into_iter().map(|function| function.name).collect();
    assert_eq!(deployed, crates);
}

/// A reader dares to change a number only if its reason stands beside it.
#[test]
fn memory_timeouts_and_limits_have_their_reasons() {
    let limits = [
        "MemorySize:",
        "Timeout:",
        "MaximumConcurrency:",
        "ReservedConcurrentExecutions:",
        "VisibilityTimeout:",
        "Threshold:",
        "DefaultRouteSettings:",
    ];
    let of_limits = TEMPLATE
        .lines()
        .filter(|line| limits.iter().any(|limit| line.trim_start().starts_with(limit)));
    let (mut found, mut bare) = (0, Vec::new());
    for line in of_limits {
        found += 1;
        if !line.contains(" # ") {
            bare.push(line);
        }
    }
    assert!(found > 20 && bare.is_empty(), "of {found} limits these give no reason: {bare:#?}");
}

/// `cargo admin` is told what the functions are told.
#[test]
fn the_stack_tells_its_operator_every_variable() {
    let lines = TEMPLATE.split_once("\n    Value: !Sub |\n").expect("the output has one").1.lines();
    let pairs = lines.map_while(|line| {
        line.trim().split_once("='${")?.1.strip_suffix("}'").map(|of| (line, of))
    });
    let told: BTreeSet<_> = pairs
        .map(|(line, of)| (line.trim().split('=').next().unwrap().to_owned(), of.to_owned()))
        .collect();
    let template = Template::read();
    let known = template.functions.iter().flat_map(|function| &function.environment);
    let known =
        known.filter_map(|(name, setting)| Some((name.clone(), setting.source()?.to_owned())));
    assert_eq!(told, known.chain([("AWS_REGION".to_owned(), "AWS::Region".to_owned())]).collect());
}

/// A variable that no function is told is missing on AWS only. The texts of secrets are for a
/// developer's machine, and the SDKs' variables are Lambda's.
#[test]
fn every_variable_is_told_to_a_function() {
    let is_told_here =
        |name: &&str| !name.starts_with("AWS_") && SECRETS.iter().all(|(text, ..)| text != name);
    let read: BTreeSet<_> = variables().filter(is_told_here).map(str::to_owned).collect();
    let template = Template::read();
    let told = template.functions.into_iter().flat_map(|function| function.environment);
    assert_eq!(told.map(|(name, _)| name).collect::<BTreeSet<_>>(), read);
}
