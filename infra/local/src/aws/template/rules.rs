//! What must be true of the template, whoever edits it: each rule with the reason for it, and each
//! broken once here to show that it notices.

mod alarms;
mod bootstrap;
mod functions;
mod queues;
mod roles;
mod tables;

use super::{Function, TEMPLATE, Template};
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

/// A number without a reason is one that nobody dares to change.
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

/// One edit for each rule, or several, that must be noticed by exactly that rule.
#[test]
fn each_rule_notices_its_breach() {
    let breaches = [
        ("six function timeouts", "VisibilityTimeout: 182", "VisibilityTimeout: 181"),
        ("six function timeouts", "VisibilityTimeout: 1800 ", "VisibilityTimeout: 300 "),
        (
            "which messages failed",
            "            FunctionResponseTypes: [ReportBatchItemFailures]\n",
            "",
        ),
        ("is bounded", "              MaximumConcurrency: 20 ", "              Nothing: 20 "),
        (
            "a reservation",
            "ConcurrencyIsReserved, 20, !Ref AWS::NoValue]",
            "ConcurrencyIsReserved, 19, !Ref AWS::NoValue]",
        ),
        (
            "a reservation",
            "        !If [ConcurrencyIsReserved, 14, !Ref AWS::NoValue]",
            "        14",
        ),
        ("may recurse", "RecursiveLoop: Allow", "RecursiveLoop: Terminate"),
        (
            "has dead letters",
            "deadLetterTargetArn: !GetAtt StoreDeadLetters.Arn",
            "deadLetterTargetArn: !GetAtt Gone.Arn",
        ),
        ("wait 14 days", "MessageRetentionPeriod: 1209600\n", "MessageRetentionPeriod: 345600\n"),
        ("an action", "[dynamodb:Query]", "['dynamodb:*']"),
        (
            "a resource",
            "!Sub '${JobsTable.Arn}/index/open-by-due' }",
            "[!Sub '${JobsTable.Arn}/index/open-by-due', '*'] }",
        ),
        ("a resource", "secret:${FalKeySecret}-??????", "secret:${FalKeySecret}*"),
        (
            "one function's own",
            "Role: !GetAtt UnknownRouteRole.Arn",
            "Role: !GetAtt UnknownRouteRol.Arn",
        ),
        ("one function's own", "Role: !GetAtt UnknownRouteRole.Arn", ""),
        (
            "this file's text",
            "      Policies:\n        - PolicyName: sweep-jobs",
            "      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonSQSFullAccess]\n      Policies:\n        - PolicyName: s",
        ),
        (
            "this file's text",
            "      CodeUri: functions/get-video",
            "      CodeUri: functions/get-video\n      Policies: [AmazonSQSFullAccess]",
        ),
        (
            "the operator's boundary",
            "      PermissionsBoundary: !If [RolesAreBounded, !Ref PermissionsBoundary, !Ref AWS::NoValue]\n",
            "",
        ),
        ("told of what it may use", "          TABLE_LEDGER: !Ref LedgerTable\n", ""),
        (
            "told of what it may use",
            "          TABLE_JOBS: !Ref JobsTable\n",
            "          TABLE_JOBS: !Ref LedgerTable\n",
        ),
        (
            "told of what it may use",
            "SUPABASE_SECRET_KEY_SECRET: !Ref Sup",
            "SUPABASE_SECRET_KEY_SECRET: Sup",
        ),
        ("lets Lambda", "sqs:ReceiveMessage, sqs:DeleteMessage", "sqs:ReceiveMessage"),
        (
            "lets Lambda",
            "Resource: !GetAtt GetVideoLogs.Arn",
            "Resource: !GetAtt SubmitVideoLogs.Arn",
        ),
        ("lets Lambda", "[logs:CreateLogStream, logs:PutLogEvents]", "[logs:CreateLogStream]"),
        (
            "only its last use",
            "'dynamodb:Attributes': [hash, last_used]",
            "'dynamodb:Attributes': [hash, org]",
        ),
        ("only its last use", "'dynamodb:ReturnValues': NONE", "'dynamodb:ReturnValues': ALL_OLD"),
        (
            "only its last use",
            "[dynamodb:GetItem], Resource: !GetAtt Keys",
            "[dynamodb:PutItem], Resource: !GetAtt Keys",
        ),
        (
            "named, never given",
            "          FX_MXN_PER_USD: !Ref",
            "          FAL_KEY: abc\n          FX_MXN_PER_USD: !Ref",
        ),
        ("named, never given", "    Type: String\n", "    Type: String\n    NoEcho: true\n"),
        ("one that is read", "          MARKUP: !Ref", "          MARK_UP: !Ref"),
        ("outlives mistakes", "    DeletionPolicy: Retain\n", ""),
        (
            "outlives mistakes",
            "    UpdateReplacePolicy: Retain\n",
            "    UpdateReplacePolicy: Delete\n",
        ),
        (
            "outlives mistakes",
            "PointInTimeRecoveryEnabled: true",
            "PointInTimeRecoveryEnabled: false",
        ),
        ("outlives mistakes", "      DeletionProtectionEnabled: true\n", ""),
        ("outlives mistakes", "PAY_PER_REQUEST", "PROVISIONED"),
        (
            "sandbox jobs expire",
            "AttributeName: expires, Enabled",
            "AttributeName: expiry, Enabled",
        ),
        ("the stage", "StageName: $default", "StageName: prod"),
        (
            "the stage",
            "        ReadingGenerations:",
            "        Again: { Type: HttpApi, Properties: { Method: ANY, Path: $default } }\n        ReadingGenerations:",
        ),
        ("are limited", "        ThrottlingRateLimit: 500\n", ""),
        ("are limited", "        ThrottlingBurstLimit: 500\n", "        ThrottlingBurstLimit: 0\n"),
        (
            "are limited",
            "{ ThrottlingRateLimit: 20, ThrottlingBurstLimit: 60 }",
            "{ ThrottlingRateLimit: 20 }",
        ),
        ("that of a route", "'GET /v1/credits': {", "'GET /v1/credit': {"),
        (
            "dear route",
            "        'POST /v1/videos/generations': {",
            "        'GET /v1/videos/{id}': {",
        ),
        ("dear route", "        'GET /v1/videos': {", "        'GET /v1/videos/{id}': {"),
        ("dear route", "        $default: {", "        'GET /v1/videos/{id}': {"),
        (
            "leave a trace",
            "DestinationArn: !GetAtt AccessLogs.Arn",
            "DestinationArn: !GetAtt Alarms.Arn",
        ),
        ("answers the API in time", "Timeout: 28 ", "Timeout: 30 "),
        (
            "woken by something",
            "        Sweep:\n          Type: Schedule\n          Properties: { Schedule: rate(5 minutes) }\n",
            "",
        ),
        ("where it was built for", "Architectures: [arm64]", "Architectures: [x86_64]"),
        (
            "where it was built for",
            "      MemorySize: 512",
            "      Runtime: provided.al2\n      MemorySize: 512",
        ),
        ("logs are JSON", "LogFormat: JSON", "LogFormat: Text"),
        ("logs are JSON", "get-video', RetentionInDays: 30", "get-video'"),
        ("warnings only", "SystemLogLevel: WARN", "SystemLogLevel: INFO"),
        ("is heard", "      OKActions: [!Ref Alarms]\n", ""),
        ("in the runbooks", "infra/RUNBOOKS.md#dead-letters", "infra/RUNBOOKS.md#dead-letter"),
        ("in the runbooks", " infra/RUNBOOKS.md#api-errors", ""),
        ("alarm watches", "MetricName: Overdue\n", "MetricName: Overdoo\n"),
        (
            "alarm watches",
            "MetricName: ThrottledRequests\n      Stat",
            "MetricName: Throttled\n      Stat",
        ),
        ("alarm watches", "MetricName: Faults\n", "MetricName: Faulty\n"),
        (
            "alarm watches",
            "[{ Name: Provider, Value: google }]",
            "[{ Name: Supplier, Value: google }]",
        ),
        ("dashboard shows", "\"ChargedMxn\"]", "\"ChargedMnx\"]"),
        ("dashboard shows", "\"Completed\", \"Provider\"", "\"Completed\", \"Model\""),
        ("dashboard shows", "MetricName=\\\"Refusals\\\"", "MetricName=\\\"Refused\\\""),
        ("dashboard shows", "{ \"widgets\": [", "{ \"widgets\": [,"),
    ];
    let mut broken_once = BTreeSet::new();
    for (part, from, to) in breaches {
        let mut named = RULES.iter().map(|(name, _)| *name).filter(|name| name.contains(part));
        let (rule, None) = (named.next().unwrap(), named.next()) else {
            panic!("{part:?} names two rules")
        };
        assert!(TEMPLATE.contains(from), "the template no longer has {from:?}");
        let broken = Template::parse(&TEMPLATE.replacen(from, to, 1)).unwrap();
        let noticed: BTreeSet<_> = violations(&broken).into_iter().map(|(name, _)| name).collect();
        assert_eq!(noticed, BTreeSet::from([rule]), "{from:?} → {to:?}");
        broken_once.insert(rule);
    }
    assert_eq!(broken_once, RULES.iter().map(|(name, _)| *name).collect());
}
