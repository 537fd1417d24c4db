//! Secrets that are wrong, and what fal and Google say about them.

use crate::stack::Stack;
use local::faults::{Fault, Then};
use local::google::rpc_error;

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
}

#[test]
fn a_secret_in_the_environment_or_nowhere_is_told() {
    let here = Stack::start();
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
}

#[test]
fn what_google_says_of_its_bucket_is_told() {
    let here = Stack::start();
    let google = &here.system().google.as_ref().unwrap().simulator;
    let uri = ("GOOGLE_STORAGE_URI", "gs://videos/veo");
    here.doctor(&[uri]).says("gs://videos/veo", "ok", "may read it", "");
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
