//! Each rule, broken once: a test that would not notice a breach is none.

use super::{RULES, TEMPLATE, Template, violations};
use std::collections::BTreeSet;

/// A part of a rule's name, the text that is edited, and what it becomes. Exactly that rule must
/// notice the edit.
const BREACHES: [(&str, &str, &str); 64] = [
    ("six function timeouts", "VisibilityTimeout: 182", "VisibilityTimeout: 181"),
    ("six function timeouts", "VisibilityTimeout: 1800 ", "VisibilityTimeout: 300 "),
    ("which messages failed", "            FunctionResponseTypes: [ReportBatchItemFailures]\n", ""),
    ("is bounded", "              MaximumConcurrency: 20 ", "              Nothing: 20 "),
    (
        "a reservation",
        "ConcurrencyIsReserved, 20, !Ref AWS::NoValue]",
        "ConcurrencyIsReserved, 19, !Ref AWS::NoValue]",
    ),
    ("a reservation", "        !If [ConcurrencyIsReserved, 14, !Ref AWS::NoValue]", "        14"),
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
        "              - { Effect: Allow, Action: [logs:CreateLogStream, logs:PutLogEvents], Resource: !GetAtt ListModelsLogs.Arn }",
        "              - { Effect: Allow, Action: [secretsmanager:GetSecretValue], Resource: *provider-secret-arns }\n\
         \x20             - { Effect: Allow, Action: [logs:CreateLogStream, logs:PutLogEvents], Resource: !GetAtt ListModelsLogs.Arn }",
    ),
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
    ("lets Lambda", "Resource: !GetAtt GetVideoLogs.Arn", "Resource: !GetAtt SubmitVideoLogs.Arn"),
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
    ("outlives mistakes", "    UpdateReplacePolicy: Retain\n", "    UpdateReplacePolicy: Delete\n"),
    ("outlives mistakes", "PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"),
    ("outlives mistakes", "      DeletionProtectionEnabled: true\n", ""),
    ("outlives mistakes", "PAY_PER_REQUEST", "PROVISIONED"),
    ("sandbox jobs expire", "AttributeName: expires, Enabled", "AttributeName: expiry, Enabled"),
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
    ("dear route", "        'POST /v1/videos/generations': {", "        'GET /v1/videos/{id}': {"),
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
    ("alarm watches", "[{ Name: Provider, Value: google }]", "[{ Name: Supplier, Value: google }]"),
    ("dashboard shows", "\"ChargedMxn\"]", "\"ChargedMnx\"]"),
    ("dashboard shows", "\"Completed\", \"Provider\"", "\"Completed\", \"Model\""),
    ("dashboard shows", "MetricName=\\\"Refusals\\\"", "MetricName=\\\"Refused\\\""),
    ("dashboard shows", "{ \"widgets\": [", "{ \"widgets\": [,"),
];

#[test]
fn each_rule_notices_its_breach() {
    let mut broken_once = BTreeSet::new();
    for (part, from, to) in BREACHES {
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
