//! `cargo admin doctor` against the whole local system: as it is, and with each thing broken in
//! turn.

mod bucket;
mod prices;
mod secrets;

use crate::deployment::bare;
use crate::stack::Stack;
use local::sqs::NewMessage;
use std::net::TcpListener;

#[test]
fn the_local_system_is_sound_and_left_as_it_was() {
    let here = Stack::start();
    let found = here.doctor(&[]);
    assert_eq!(found.failed(), Vec::<&str>::new(), "{:#}", found.json);
    let all_of = |area, level: &str| found.levels(area).iter().all(|line| line.1 == level);
    assert_eq!(found.levels("table").len(), 5);
    found.says(
        "JobsTable",
        "ok",
        "ACTIVE; key org, job; index open-by-due; an emulator, which has no backups",
        "",
    );
    assert_eq!(
        found.levels("queue"),
        [
            "PollQueue",
            "PollDeadLetters",
            "StoreQueue",
            "StoreDeadLetters",
            "StoreAgainQueue",
            "StoreAgainDeadLetters"
        ]
        .map(|name| (name, "ok"))
    );
    assert_eq!(
        found.levels("secret"),
        ["FAL_KEY", "GOOGLE_SERVICE_ACCOUNT", "SUPABASE_SECRET_KEY"].map(|name| (name, "ok"))
    );
    assert!(
        all_of("bucket", "ok") && all_of("provider", "ok") && all_of("rates", "ok"),
        "{:#}",
        found.json
    );
    assert_eq!((found.levels("bucket").len(), found.levels("provider").len()), (2, 5));
    let losing: Vec<_> =
        found.levels("model").into_iter().filter(|line| line.1 == "warn").collect();
    assert_eq!(losing, [("fal/hailuo-02", "warn"), ("fal/kling-2", "warn")]);

    let human = here.run("doctor", &[]);
    assert_eq!((human.code, human.stderr.as_str()), (0, ""), "{human:?}");
    assert!(human.stdout.contains("ok    queue     PollQueue"), "{}", human.stdout);
    assert!(human.stdout.contains("checks: 0 failed, 2 with a warning.\n"), "{}", human.stdout);
    for secret in ["local-key-secret", "sb_secret_local", "PRIVATE KEY", "gserviceaccount"] {
        assert!(
            !human.stdout.contains(secret) && !found.json.to_string().contains(secret),
            "{secret} is not shown"
        );
    }

    let renders = |simulated: &dyn Fn() -> usize| assert_eq!(simulated(), 0, "nothing is rendered");
    renders(&|| here.system().fal.as_ref().unwrap().simulator.renders());
    renders(&|| here.system().google.as_ref().unwrap().simulator.renders());
    let seen = here.bucket().requests();
    let file =
        seen.iter().find(|seen| seen.method == "POST" && seen.path.contains("/doctor/")).unwrap();
    let name = file.path.rsplit("generated-videos/").next().unwrap();
    assert!(here.bucket().object("generated-videos", name).is_none(), "the file is removed");
}

#[test]
fn a_table_that_is_not_there_or_another_is_told() {
    let here = Stack::start();
    let found = here.doctor(&[
        ("TABLE_KEYS", "NoTable"),
        ("TABLE_JOBS", "IdempotencyTable"),
        ("TABLE_LEDGER", ""),
    ]);
    assert_eq!(found.failed(), ["IdempotencyTable", "TABLE_LEDGER", "NoTable"]);
    found.says(
        "NoTable",
        "fail",
        "does not exist",
        "whether TABLE_KEYS and AWS_REGION are the stack's",
    );
    found.says(
        "IdempotencyTable",
        "fail",
        "key org, key and not org, job",
        "TABLE_JOBS names another table",
    );
    found.says("IdempotencyTable", "fail", "no index open-by-due", "Deploy template.yaml again");
    found.says("TABLE_LEDGER", "fail", "is not set", "the stack's output Environment");
    let found = here.doctor(&[("TABLE_LEDGER", "IdempotencyTable")]);
    found.says("IdempotencyTable", "fail", "no index by-sequence", "Deploy template.yaml again");
}

#[test]
fn a_queue_that_is_not_there_loses_messages_or_has_dead_letters_is_told() {
    let here = Stack::start();
    here.system().sqs.send("PollDeadLetters", NewMessage::text("nobody can read this")).unwrap();
    let url = |name| here.system().sqs.queue_url(name);
    let found = here.doctor(&[("STORE_QUEUE_URL", &url("StoreDeadLetters"))]);
    assert_eq!(found.failed(), ["StoreDeadLetters"]);
    found.says("StoreDeadLetters", "fail", "hides a message for 30 s", "VisibilityTimeout=1800");
    found.says("StoreDeadLetters", "fail", "no dead-letter queue", "deploy template.yaml again");
    found.says(
        "PollDeadLetters",
        "warn",
        "1 dead letters waiting",
        "aws sqs start-message-move-task --source-arn arn:aws:sqs:",
    );

    let found = here.doctor(&[("POLL_QUEUE_URL", &url("NoQueue")), ("STORE_QUEUE_URL", "")]);
    found.says(
        "NoQueue",
        "fail",
        "does not exist",
        "whether POLL_QUEUE_URL and AWS_REGION are the stack's",
    );
    found.says("STORE_QUEUE_URL", "fail", "is not set", "the stack's output Environment");
}

#[test]
fn who_does_not_answer_is_told_and_the_others_are_not_kept_waiting() {
    let here = Stack::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap(); // takes connections and never answers
    let origin = format!("http://{}", silent.local_addr().unwrap());
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let found = here.doctor(&[
        ("AWS_ENDPOINT_URL_SQS", &origin),
        ("FAL_QUEUE_URL", &closed),
        ("SUPABASE_URL", &closed),
    ]);
    found.says(
        "PollQueue",
        "fail",
        &format!("nothing answers at {origin}"),
        "whether `cargo local up` is running",
    );
    found.says("fal.ai", "fail", "no connection", "whether FAL_QUEUE_URL is right");
    found.says(
        "generated-videos",
        "fail",
        "storage did not answer",
        "whether SUPABASE_URL is right",
    );
    found.says("Google veo-3.1", "ok", "the service account may use it", "");
}

#[test]
fn without_credentials_for_aws_the_rest_is_still_looked_at() {
    let here = Stack::start();
    let found = here.doctor(&[("AWS_SECRET_ACCESS_KEY", "")]);
    assert_eq!(found.failed(), ["credentials"]);
    found.says(
        "credentials",
        "fail",
        "AWS_SECRET_ACCESS_KEY is not set",
        "aws configure export-credentials",
    );
    found.says("fal/kling-2", "warn", "sold for", "in CATALOG, set");
    let help = bare("doctor --help").output().unwrap();
    assert!(String::from_utf8(help.stdout).unwrap().contains("Exit codes: 0 nothing failed"));
}
