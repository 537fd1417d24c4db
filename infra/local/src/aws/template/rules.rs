//! What must be true of the template, whoever edits it: each rule with the reason for it, and each broken once here to
//! show that it notices.

use std::collections::BTreeSet;

use super::{Function, TEMPLATE, Template, Trigger};

/// Tells the logical ids of what breaks it.
type Rule = fn(&Template) -> Vec<String>;

const RULES: [(&str, Rule); 15] = [
    ("a queue hides a message for six function timeouts", visibility_is_short),
    ("a queue's function reports which messages failed", failures_are_not_reported),
    ("a queue's function is bounded", concurrency_is_unbounded),
    ("a function that feeds its own queue may recurse", recursion_is_stopped),
    ("a queue has dead letters or is for them", dead_letters_are_lost),
    ("dead letters wait 14 days", dead_letters_expire),
    ("an action is spelled out", actions_are_wildcards),
    ("a resource is spelled out", resources_are_wildcards),
    ("a role is one function's own", roles_are_shared),
    ("a role is this file's text alone", policies_are_foreign),
    ("a function is told of what it may use, and only of that", environment_differs_from_role),
    ("a table outlives mistakes", tables_can_be_lost),
    ("the stage is $default and so is one route", default_is_missing),
    ("a function is woken by something, and answers the API in time", triggers_are_wrong),
    ("logs are JSON and end", logs_are_endless),
];

/// Every rule that the template breaks, with what breaks it.
fn violations(template: &Template) -> Vec<(&'static str, String)> {
    RULES.iter().flat_map(|(name, rule)| rule(template).into_iter().map(|id| (*name, id))).collect()
}

/// Lambda enforces one timeout; with six and the window, a message is not seen twice because its function was throttled.
fn visibility_is_short(template: &Template) -> Vec<String> {
    let needed = |name: &str| {
        triggered(template).filter(|(_, by)| by.queue == name).map(|(f, by)| f.timeout_s * 6 + by.window_s).max()
    };
    let short =
        template.queues.iter().filter(|queue| needed(&queue.logical_id).is_some_and(|s| queue.visibility_s < s));
    short.map(|queue| queue.logical_id.clone()).collect()
}

/// Without it what the function says is ignored, and a failed message counts as done.
fn failures_are_not_reported(template: &Template) -> Vec<String> {
    ids(triggered(template).filter(|(_, by)| !by.reports).map(|(function, _)| function))
}

/// A thousand messages at once would be a thousand requests to one provider.
fn concurrency_is_unbounded(template: &Template) -> Vec<String> {
    ids(triggered(template).filter(|(_, by)| !by.bounded).map(|(function, _)| function))
}

/// Lambda stops what looks like a loop after 16 hops and puts the message with the dead letters.
fn recursion_is_stopped(template: &Template) -> Vec<String> {
    let feeds = |function: &Function, queue: &str| {
        let sends = function.permissions.iter().filter(|p| p.actions.iter().any(|a| a == "sqs:SendMessage"));
        sends.flat_map(|p| &p.resources).any(|resource| resource.source() == Some(queue))
    };
    ids(triggered(template).filter(|(f, by)| feeds(f, by.queue) && !f.may_recurse).map(|(function, _)| function))
}

/// A message that fails for ever would go round for ever, unseen.
fn dead_letters_are_lost(template: &Template) -> Vec<String> {
    let targets = dead_letter_queues(template);
    let lost = template.queues.iter().filter(|queue| match &queue.dead_letter {
        Some(to) => !template.queues.iter().any(|other| other.logical_id == to.queue),
        None => !targets.contains(queue.logical_id.as_str()),
    });
    lost.map(|queue| queue.logical_id.clone()).collect()
}

/// They are looked at by people, who have weekends.
fn dead_letters_expire(template: &Template) -> Vec<String> {
    let targets = dead_letter_queues(template);
    let early = template.queues.iter().filter(|queue| targets.contains(queue.logical_id.as_str()));
    early.filter(|queue| queue.retention_s < 14 * 86_400).map(|queue| queue.logical_id.clone()).collect()
}

/// What a role may do is what its function does, and nothing that a release of AWS adds.
fn actions_are_wildcards(template: &Template) -> Vec<String> {
    ids(template.functions.iter().filter(|f| f.permissions.iter().flat_map(|p| &p.actions).any(|a| a.contains('*'))))
}

fn resources_are_wildcards(template: &Template) -> Vec<String> {
    let spelled_out = |function: &&Function| {
        function.permissions.iter().flat_map(|p| &p.resources).all(|resource| resource.source().is_some())
    };
    ids(template.functions.iter().filter(|function| !spelled_out(function)))
}

fn roles_are_shared(template: &Template) -> Vec<String> {
    let users = |role: &Option<String>| template.functions.iter().filter(|other| other.role == *role).count();
    ids(template.functions.iter().filter(|f| f.role.is_none() || f.permissions.is_empty() || users(&f.role) > 1))
}

/// AWS's own policies allow every log group and every queue of the account.
fn policies_are_foreign(template: &Template) -> Vec<String> {
    ids(template.functions.iter().filter(|function| !function.foreign_policies.is_empty()))
}

/// A table or queue that only one of the two names is a mistake in the other.
fn environment_differs_from_role(template: &Template) -> Vec<String> {
    let kept: BTreeSet<_> = template.tables.iter().map(|table| table.logical_id.as_str()).collect();
    let kept: BTreeSet<_> = kept.into_iter().chain(template.queues.iter().map(|queue| &*queue.logical_id)).collect();
    let differs = |function: &&Function| {
        let told = function.environment.iter().filter_map(|(_, setting)| setting.source());
        let may = function.permissions.iter().flat_map(|p| &p.resources).filter_map(|resource| resource.source());
        let among_kept = |id: &&str| kept.contains(id);
        told.filter(among_kept).collect::<BTreeSet<_>>() != may.filter(among_kept).collect()
    };
    ids(template.functions.iter().filter(differs))
}

/// They hold money: kept when the stack goes, restorable, not deleted by hand, and with no capacity to run out of.
fn tables_can_be_lost(template: &Template) -> Vec<String> {
    let lasts = template.tables.iter().filter(|table| {
        !(table.retained && table.point_in_time_recovery && table.deletion_protected && table.on_demand)
    });
    lasts.map(|table| table.logical_id.clone()).collect()
}

/// Another stage's name would stand before `/v1`; without the route, the API answers unmatched paths in its own words.
fn default_is_missing(template: &Template) -> Vec<String> {
    let routes = template.functions.iter().flat_map(|f| &f.triggers).filter(|t| **t == Trigger::Default).count();
    let wrong = template.stages != ["$default"] || routes != 1;
    wrong.then(|| "Api".to_owned()).into_iter().collect()
}

/// An HTTP API waits for 30 seconds at most, and then answers 503 for work that may well have been done.
fn triggers_are_wrong(template: &Template) -> Vec<String> {
    let answers = |f: &Function| f.triggers.iter().any(|t| matches!(t, Trigger::Http { .. } | Trigger::Default));
    ids(template.functions.iter().filter(|f| f.triggers.is_empty() || answers(f) && f.timeout_s > 29))
}

fn logs_are_endless(template: &Template) -> Vec<String> {
    ids(template.functions.iter().filter(|function| !function.logs_json || function.log_retention_days.is_none()))
}

/// What rules ask about a function that a queue wakes.
struct ByQueue<'a> {
    queue: &'a str,
    window_s: u32,
    reports: bool,
    bounded: bool,
}

fn triggered(template: &Template) -> impl Iterator<Item = (&Function, ByQueue<'_>)> {
    let by_queue = |trigger| match trigger {
        &Trigger::Queue { ref queue, window_s, concurrency, report_batch_item_failures: reports, .. } => {
            Some(ByQueue { queue, window_s, reports, bounded: concurrency.is_some() })
        }
        _ => None,
    };
    template.functions.iter().flat_map(move |f| f.triggers.iter().filter_map(by_queue).map(move |by| (f, by)))
}

fn dead_letter_queues(template: &Template) -> BTreeSet<&str> {
    template.queues.iter().filter_map(|queue| Some(queue.dead_letter.as_ref()?.queue.as_str())).collect()
}

fn ids<'a>(functions: impl Iterator<Item = &'a Function>) -> Vec<String> {
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
    let crates: BTreeSet<_> = crates.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    let deployed: BTreeSet<_> = Template::read().functions.into_iter().map(|function| function.name).collect();
    assert_eq!(deployed, crates);
}

/// One edit for each rule, or several, that must be noticed by exactly that rule.
#[test]
fn each_rule_notices_its_breach() {
    let breaches = [
        (0, "VisibilityTimeout: 182", "VisibilityTimeout: 181"),
        (0, "VisibilityTimeout: 1800 ", "VisibilityTimeout: 300 "),
        (1, "            FunctionResponseTypes: [ReportBatchItemFailures]\n", ""),
        (2, "              MaximumConcurrency: 20 ", "              Nothing: 20 "),
        (3, "RecursiveLoop: Allow", "RecursiveLoop: Terminate"),
        (4, "deadLetterTargetArn: !GetAtt StoreDeadLetters.Arn", "deadLetterTargetArn: !GetAtt Gone.Arn"),
        (5, "MessageRetentionPeriod: 1209600\n", "MessageRetentionPeriod: 345600\n"),
        (6, "[dynamodb:Query]", "['dynamodb:*']"),
        (7, "Resource: !GetAtt SweepJobsLogs.Arn", "Resource: '*'"),
        (8, "Role: !GetAtt UnknownRouteRole.Arn", "Role: !GetAtt UnknownRouteRol.Arn"),
        (8, "Role: !GetAtt UnknownRouteRole.Arn", ""),
        (
            9,
            "      Policies:\n        - PolicyName: sweep-jobs",
            "      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonSQSFullAccess]\n      Policies:\n        - PolicyName: s",
        ),
        (
            9,
            "      CodeUri: functions/get-video",
            "      CodeUri: functions/get-video\n      Policies: [AmazonSQSFullAccess]",
        ),
        (10, "          TABLE_LEDGER: !Ref LedgerTable\n", ""),
        (10, "          TABLE_JOBS: !Ref JobsTable\n", "          TABLE_JOBS: !Ref LedgerTable\n"),
        (11, "    DeletionPolicy: Retain\n", ""),
        (11, "    UpdateReplacePolicy: Retain\n", "    UpdateReplacePolicy: Delete\n"),
        (11, "PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"),
        (11, "      DeletionProtectionEnabled: true\n", ""),
        (11, "PAY_PER_REQUEST", "PROVISIONED"),
        (12, "StageName: $default", "StageName: prod"),
        (12, "Path: $default", "Path: /v1/other"),
        (13, "Timeout: 28 ", "Timeout: 30 "),
        (13, "        Sweep:\n          Type: Schedule\n          Properties: { Schedule: rate(5 minutes) }\n", ""),
        (14, "LogFormat: JSON", "LogFormat: Text"),
        (14, ", RetentionInDays: 30", ""),
    ];
    for (rule, from, to) in breaches {
        assert!(TEMPLATE.contains(from), "the template no longer has {from:?}");
        let broken = Template::parse(&TEMPLATE.replacen(from, to, 1)).unwrap();
        let noticed: BTreeSet<_> = violations(&broken).into_iter().map(|(name, _)| name).collect();
        assert_eq!(noticed, BTreeSet::from([RULES[rule].0]), "{from:?} → {to:?}");
    }
    assert_eq!(breaches.iter().map(|(rule, ..)| *rule).collect::<BTreeSet<_>>(), (0..RULES.len()).collect());
}
