//! `cargo admin doctor` against the whole local system: as it is, and with each thing broken in
//! turn.

use crate::deployment::bare;
use crate::stack::{Examined, Stack};
use local::faults::{Fault, Then};
use local::google::rpc_error;
use local::options::Options;
use local::sqs::NewMessage;
use local::supabase::{self, Plan, Step};
use serde_json::json;
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
    assert_eq!((found.levels("bucket").len(), found.levels("provider").len()), (2, 3));
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

/// The variable that the doctor says to set for what is meant as it is.
fn accepting(found: &Examined) -> String {
    let hint = found
        .advice("CATALOG")
        .into_iter()
        .find_map(|advice| Some(advice.split_once("CATALOG='")?.1.to_owned()));
    hint.expect("it says what to set").trim_end_matches('\'').to_owned()
}

#[test]
fn what_the_doctor_says_can_be_followed_until_it_has_nothing_to_say() {
    let here = Stack::start();
    let found = here.doctor(&[]);
    assert_eq!(found.json["warnings"], 2, "{:#}", found.json);
    let accepted = accepting(&found);
    let silent = here.doctor(&[("CATALOG", &accepted)]);
    assert_eq!(
        (&silent.json["warnings"], &silent.json["failed"]),
        (&json!(0), &json!(0)),
        "{:#}",
        silent.json
    );
    silent.says("fal/kling-2", "ok", "asked USD 0.28 on 2026-11-22", "");
    silent.says("fal/kling-2", "ok", "and CATALOG accepts that loss", "");
    assert!(silent.advice("CATALOG").is_empty(), "{:#}", silent.json);

    // A provider that asks more than what was accepted is told all the same.
    let less =
        accepted.replace("\"loss_accepted_up_to\":\"0.28\"", "\"loss_accepted_up_to\":\"0.27\"");
    assert_ne!(less, accepted);
    here.doctor(&[("CATALOG", &less)]).says(
        "fal/kling-2",
        "warn",
        "asked USD 0.28",
        "Every second sold loses money",
    );

    // As on AWS, where two models have no upstream, and with one provider only.
    let published = [("CATALOG", "{}"), ("GOOGLE_SERVICE_ACCOUNT_SECRET", "")];
    let found = here.doctor(&published);
    found.says("GOOGLE_SERVICE_ACCOUNT", "warn", "is not set", "switch them off in CATALOG");
    found.says(
        "fal/runway-gen-4",
        "warn",
        "it has no route",
        r#"set "fal/runway-gen-4": {"route": "…"}."#,
    );
    let accepted = accepting(&found);
    let silent = here.doctor(&[("CATALOG", &accepted), ("GOOGLE_SERVICE_ACCOUNT_SECRET", "")]);
    assert_eq!(silent.json["warnings"], 0, "{:#}", silent.json);
    silent.says("GOOGLE_SERVICE_ACCOUNT", "ok", "none of this provider's models is sold", "");
    silent.says("fal/runway-gen-4", "ok", "switched off in CATALOG", "");
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
fn a_secret_that_is_not_there_or_another_is_told() {
    let here = Stack::start();
    let manager = &here.system().secrets_manager;
    manager.delete("local/fal-key");
    let found = here.doctor(&[]);
    found.says(
        "FAL_KEY",
        "fail",
        "local/fal-key",
        "aws secretsmanager create-secret --name local/fal-key",
    );
    assert_eq!(found.failed(), ["FAL_KEY"], "one's mistake is not the other's");

    manager.put("local/fal-key", "local-key-id:local-key-secret");
    manager.put(
        "local/google-service-account",
        r#"{"client_email": "a@b", "type": "service_account"}"#,
    );
    manager.put("local/supabase-secret-key", "sb_publishable_hidden");
    let found = here.doctor(&[]);
    found.says("fal.ai", "ok", "the key is good", "");
    found.says(
        "GOOGLE_SERVICE_ACCOUNT",
        "fail",
        "has no private_key",
        "gcloud iam service-accounts keys create",
    );
    found.says(
        "Google",
        "fail",
        "no token can be signed",
        "gcloud iam service-accounts keys create",
    );
    found.says(
        "SUPABASE_SECRET_KEY",
        "fail",
        "is a public key",
        "sb_secret_…, from the project's Settings",
    );
    found.says(
        "generated-videos/doctor",
        "fail",
        "storage answered 403",
        "Supabase refuses the key",
    );
    assert!(!found.json.to_string().contains("hidden"), "{:#}", found.json);

    let found = here.doctor(&[
        ("FAL_KEY", "no colon"),
        ("GOOGLE_SERVICE_ACCOUNT_SECRET", ""),
        ("SUPABASE_SECRET_KEY_SECRET", ""),
    ]);
    found.says(
        "FAL_KEY",
        "fail",
        "in the environment; is not a key of fal's",
        "https://fal.ai/dashboard/keys",
    );
    found.says(
        "GOOGLE_SERVICE_ACCOUNT",
        "warn",
        "is not set",
        "Name its secret in GOOGLE_SERVICE_ACCOUNT_SECRET",
    );
    found.says(
        "SUPABASE_SECRET_KEY",
        "fail",
        "is not set",
        "Name its secret in SUPABASE_SECRET_KEY_SECRET",
    );
    found.says(
        "google/veo-3.1",
        "warn",
        "its provider is not configured",
        "set GOOGLE_SERVICE_ACCOUNT_SECRET",
    );
}

#[test]
fn what_fal_says_of_a_key_is_told() {
    let here = Stack::start();
    let fal = &here.system().fal.as_ref().unwrap().simulator;
    here.system().secrets_manager.put("local/fal-key", "another:key");
    here.doctor(&[]).says(
        "fal.ai",
        "fail",
        "fal does not know the key (HTTP 401)",
        "https://fal.ai/dashboard/keys",
    );

    let locked = r#"{"detail":"User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."}"#;
    for (status, body, level, says, advice) in [
        (
            403,
            locked,
            "fail",
            "the account is locked (HTTP 403)",
            "https://fal.ai/dashboard/billing",
        ),
        (403, r#"{"detail":"Forbidden"}"#, "fail", "the key may not do this", "with the scope API"),
        (503, "", "warn", "could not be judged (HTTP 503)", "https://status.fal.ai"),
        (429, "", "warn", "could not be judged (HTTP 429)", "Run it again"),
    ] {
        fal.faults().add(Fault::once("status", Then::answer(status, body))).unwrap();
        here.doctor(&[]).says("fal.ai", level, says, advice);
    }
    fal.faults().add(Fault::once("status", Then::CloseBefore)).unwrap();
    here.doctor(&[]).says("fal.ai", "fail", "the connection broke", "Run it again");
    fal.faults().add(Fault::once("status", Then::Hang { ms: 12_000 })).unwrap();
    here.doctor(&[]).says("fal.ai", "fail", "no answer within 10 s", "Run it again");
}

#[test]
fn what_google_says_of_an_account_is_told() {
    let here = Stack::start();
    let google = &here.system().google.as_ref().unwrap().simulator;
    let uri = ("GOOGLE_STORAGE_URI", "gs://videos/veo");
    here.doctor(&[uri]).says("gs://videos/veo", "ok", "may read it", "");

    let found = here.doctor(&[
        ("GOOGLE_PROJECT", "another-project"),
        ("CATALOG", r#"{"google/veo-3":{"route":"veo-9"}}"#),
    ]);
    found.says(
        "Google veo-3.1-generate-001",
        "fail",
        "may not use Vertex AI in another-project",
        "--role roles/aiplatform.user",
    );
    let found = here.doctor(&[("CATALOG", r#"{"google/veo-3":{"route":"veo-9"}}"#)]);
    found.says("Google veo-9", "fail", "Google has no model veo-9", "another route in CATALOG");
    found.says("Google veo-3.1-generate-001", "ok", "local-project in us-central1", "");
    let found = here.doctor(&[("GOOGLE_LOCATION", "moon-1")]);
    found.says("Google veo-3.1", "fail", "Veo does not render in moon-1", "Set GOOGLE_LOCATION");
    let found = here.doctor(&[("GOOGLE_PROJECT", "")]);
    found.says("Google", "fail", "GOOGLE_PROJECT is not set", "the project that renders and pays");

    let disabled = "Vertex AI API has not been used in project 7 before or it is disabled.";
    for (status, message, says, advice) in [
        (
            403,
            disabled,
            "Vertex AI is switched off in local-project",
            "gcloud services enable aiplatform.googleapis.com --project local-project",
        ),
        (
            403,
            "This API method requires billing to be enabled.",
            "has no billing account",
            "linkedaccount?project=local-project",
        ),
        (
            401,
            "Request had invalid authentication credentials.",
            "does not accept the service account's key",
            "gcloud iam service-accounts keys create",
        ),
    ] {
        google.faults().add(Fault::times("poll", 2, rpc_error(status, "X", message))).unwrap();
        here.doctor(&[]).says("Google veo-3.1", "fail", says, advice);
    }
    for (status, body, level, says, advice) in [
        (
            404,
            "The specified bucket does not exist.",
            "fail",
            "no such bucket",
            "correct GOOGLE_STORAGE_URI",
        ),
        (
            403,
            "does not have storage.objects.get access",
            "fail",
            "may not read it",
            "--role roles/storage.objectUser",
        ),
        (
            403,
            "does not have storage.objects.list access",
            "warn",
            "was not said",
            "--role roles/storage.objectUser",
        ),
    ] {
        google.faults().add(Fault::once("file", Then::answer(status, body))).unwrap();
        here.doctor(&[uri]).says("gs://videos/veo", level, says, advice);
    }
}

#[test]
fn a_bucket_that_serves_nobody_is_told() {
    let here = Stack::start();
    here.bucket().set_public("generated-videos", false).unwrap();
    let found = here.doctor(&[]);
    found.says(
        "generated-videos",
        "fail",
        "not public: every video's URL would be dead",
        "`cargo admin storage init`",
    );
    found.says(
        "generated-videos/doctor",
        "fail",
        "storage answered 404 to public",
        "or makes it public",
    );
    let found = here.doctor(&[("SUPABASE_BUCKET", "nowhere")]);
    found.says("nowhere", "fail", "does not exist", "`cargo admin storage init` makes it");
    let found = here.doctor(&[("SUPABASE_URL", "ftp://nowhere")]);
    found.says("SUPABASE_URL", "fail", "not an https address", "https://<project>.supabase.co");
}

#[test]
fn a_storage_that_takes_no_large_video_is_told() {
    let here = Stack::start();
    let misbehaves = |fault| {
        here.bucket().misbehave(Plan { step: Step::TusCreate, fault, times: Some(1), after: 0 })
    };
    misbehaves(supabase::Fault::Location {
        location: "http://localhost:8000:8000/upload/resumable/{id}".to_owned(),
    });
    here.doctor(&[]).says("generated-videos/doctor", "ok", "and again by a resumable upload", "");
    misbehaves(supabase::Fault::Location { location: "http://localhost/".to_owned() });
    let found = here.doctor(&[]);
    found.says(
        "generated-videos/doctor",
        "fail",
        "storage named no usable location",
        "the header Location",
    );
    found.says(
        "generated-videos/doctor",
        "fail",
        "above 6 MiB, which goes in parts, cannot be stored",
        "",
    );
    misbehaves(supabase::Fault::Answer {
        status: 413,
        headers: [].into(),
        body: "Maximum size exceeded\n".to_owned(),
    });
    let found = here.doctor(&[]);
    found.says(
        "generated-videos/doctor",
        "fail",
        "storage answered 413 to begin: Maximum size exceeded",
        "is lower",
    );
    let seen = here.bucket().requests();
    let stored = seen.iter().filter(|seen| seen.method == "POST" && seen.path.contains("/doctor/"));
    let names: Vec<_> = stored
        .map(|seen| seen.path.rsplit("generated-videos/").next().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), 3);
    assert!(
        names.iter().all(|name| here.bucket().object("generated-videos", name).is_none()),
        "all are removed"
    );
}

#[test]
fn rates_and_prices_that_cannot_be_meant_are_told() {
    let here = Stack::start();
    let found = here.doctor(&[
        ("FX_MXN_PER_USD", "5"),
        ("MARKUP", "1"),
        ("CATALOG", r#"{"fal/kling-2":{"usd_per_second":"0.28"},"fal/veo-3.1":{"route":null},"fal/runway-gen-4":{"route":"a/b"}}"#),
    ]);
    let usual = "usually 10.00 to 30.00. If 5.00 is meant, there is nothing to do.";
    found.says("MARKUP", "ok", "5.00 pesos per dollar, which is not usual; markup 1.00", usual);
    found.says("fal/kling-2", "ok", "sold for MXN 1.40", "");
    found.says("fal/veo-3.1", "ok", "switched off in CATALOG", "");
    found.says("fal/runway-gen-4", "ok", "what a/b asks is not known", "");

    let found = here.doctor(&[]);
    found.says(
        "fal/kling-2",
        "warn",
        "asked USD 0.28 on 2026-11-22",
        r#"in CATALOG, set "fal/kling-2": {"usd_per_second": "0.28"}."#,
    );
    let found = here.doctor(&[("CATALOG", r#"{"fal/kling-2":{"usd_per_second":"0.28"}}"#)]);
    found.says("fal/kling-2", "ok", "USD 0.28 a second; sold for MXN 5.88", "");

    let found = here.doctor(&[("MARKUP", "0.9")]);
    found.says(
        "MARKUP",
        "fail",
        "MARKUP is \"0.9\", and must be a decimal number from 1 to 10",
        "such as MARKUP=1.05",
    );
    let found = here.doctor(&[("MARKUP", "much"), ("CATALOG", "{")]);
    found.says(
        "MARKUP",
        "fail",
        "the environment variable MARKUP is \"much\"",
        "such as MARKUP=1.05",
    );
    found.says("CATALOG", "fail", "the environment variable CATALOG is wrong", "leave it out");
}

#[test]
fn nothing_can_be_sold_without_a_provider() {
    let none = [("FAL_KEY", ""), ("GOOGLE_SERVICE_ACCOUNT", "")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let here = Stack::with(Options { secrets: none.into(), ..Options::test() });
    let found = here.doctor(&[]);
    assert_eq!(found.failed(), ["all of them"]);
    found.says(
        "all of them",
        "fail",
        "none can be sold",
        "FAL_KEY_SECRET, or GOOGLE_SERVICE_ACCOUNT_SECRET",
    );
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
