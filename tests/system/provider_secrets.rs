//! A provider's secret that cannot be used: submits to its models are refused, its jobs in flight
//! are kept, and everything else goes on. A secret that is mended is taken without a new start.

use crate::asking::Ask;
use crate::metrics::Measured;
use crate::stage::{Caller, Stage};
use crate::still::{AT_ONCE, FOR_HOURS};
use ghub::aws::sdk_config;
use ghub::job::State;
use ghub::provider::Provider;
use ghub::sender::ProviderCredentials;
use ghub::status::Status;
use local::options::Options;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);
/// No key of fal's can have a control character: no header carries one.
const NO_HEADER: &str = "id:schlüssel\u{1}";

/// A system whose functions start with this text as a provider's secret; without a text the secret
/// does not exist.
async fn start_broken(variable: &str, text: Option<&str>) -> (Stage, Measured) {
    let measured = Measured::default();
    let mut parameters = BTreeMap::from([("GoogleProject".to_owned(), "a-project".to_owned())]);
    if text.is_none() {
        let parameter =
            if variable == "FAL_KEY" { "FalKeySecret" } else { "GoogleServiceAccountSecret" };
        parameters.insert(parameter.to_owned(), "ghub/no-such-secret".to_owned());
    }
    let secrets = BTreeMap::from([(variable.to_owned(), text.unwrap_or_default().to_owned())]);
    let options = Options { parameters, secrets, metrics: measured.metrics(), ..Options::test() };
    (Stage::with(options).await, measured)
}

impl Stage {
    /// Expects that callers are told that a model is available.
    async fn shows(&self, key: &str, model: &str) {
        let one =
            self.ask(Ask::new(Method::GET, &format!("/v1/models/{model}")).key(key)).await.body;
        let all = self.ask(Ask::new(Method::GET, "/v1/models").key(key)).await.body;
        assert!(all["data"].as_array().unwrap().contains(&one), "list and model agree: {one}");
        let told = (&one["available"], &one["unavailable_reason"]);
        assert_eq!(told, (&json!(true), &Value::Null), "{model}");
    }

    /// Expects that a submit to a model is refused, and nothing told of the inside.
    async fn refuses(&self, key: &str, model: &str, case: &str) {
        let before = self.traces().await;
        let order = json!({"model": model, "prompt": "not today"});
        let reply = self.ask(Ask::submit(key, &order)).await;
        let message = reply.refused(404, "model_not_found");
        let says = format!("model: {model} is not available at present");
        assert!(message.starts_with(&says), "{case}: {message}");
        assert!(!reply.body.to_string().contains("secret"), "{case}: {}", reply.body);
        self.expect_nothing_left(&before, case).await;
    }

    async fn completes(&self, caller: &Caller, model: &str) {
        let answer = caller
            .client
            .submit(&json!({"model": model, "prompt": "the other one"}))
            .await
            .unwrap();
        assert_eq!(answer.status, 200, "{model}: {}", answer.body);
        let job = answer.body["id"].as_str().unwrap();
        assert_eq!(caller.finish(job).await.body["status"], "completed", "{model}");
    }
}

/// One provider's secret is broken: no job of its models is accepted, and all others are. The
/// lists of models read no secret.
async fn goes_on_without(variable: &str, text: Option<&str>, its: &str, others: &str) {
    let (stage, measured) = start_broken(variable, text).await;
    let case = format!("{variable} is {text:?}");
    let (caller, key) = (stage.caller_with("500").await, stage.system.identity.live_key.clone());
    for model in [its, others] {
        stage.shows(&key, model).await;
    }
    stage.refuses(&key, its, &case).await;
    stage.completes(&caller, others).await;
    let provider = if variable == "FAL_KEY" { "fal" } else { "google" };
    let counted = measured.of("ProviderSecretUnusable");
    assert!(
        !counted.is_empty() && counted.iter().all(|(by, _)| by["Provider"] == provider),
        "{case}: {counted:?}"
    );

    // The sandbox stands in for the provider, and needs none of its secrets.
    let sandbox = &stage.system.identity.sandbox_key;
    stage.shows(sandbox, its).await;
    let caller = Caller { org: stage.system.identity.org.sandbox(), client: stage.client(sandbox) };
    stage.completes(&caller, its).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn google_goes_on_where_fals_secret_is_missing() {
    goes_on_without("FAL_KEY", None, "fal/kling-2", "google/veo-3.1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn google_goes_on_where_fals_secret_is_blank() {
    goes_on_without("FAL_KEY", Some(" \n"), "fal/kling-2", "google/veo-3.1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn google_goes_on_where_fals_secret_is_no_header() {
    goes_on_without("FAL_KEY", Some(NO_HEADER), "fal/kling-2", "google/veo-3.1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fal_goes_on_where_googles_secret_is_missing() {
    goes_on_without("GOOGLE_SERVICE_ACCOUNT", None, "google/veo-3.1", "fal/kling-2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fal_goes_on_where_googles_secret_is_half_of_its_json() {
    goes_on_without(
        "GOOGLE_SERVICE_ACCOUNT",
        Some("{\"type\": \"schlüssel\""),
        "google/veo-3.1",
        "fal/kling-2",
    )
    .await;
}

/// Each text is refused for what it is, and the log says why without a word of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_secret_is_told_and_nothing_of_its_text() {
    let no_key = "is neither the JSON of a service account's key nor its base64";
    let json_of_another = "is not the JSON of a service account's key";
    let (fal, google) = ("local/fal-key", "local/google-service-account");
    let stage = Stage::new().await;
    let pem = "-----BEGIN PRIVATE KEY-----\\nschlüssel\\n-----END PRIVATE KEY-----";
    let cannot_sign = json!({
        "type": "service_account", "client_email": "a@b", "private_key_id": "1", "project_id": "p",
        "private_key": pem,
    });
    for (name, text, problem) in [
        (fal, NO_HEADER, "has characters that no header can carry"),
        (fal, " \n", "has no text"),
        (google, "\n", "has no text"),
        (google, "{\"type\": \"schlüssel\"", no_key),
        (google, "\"schlüssel\"", no_key),
        (google, "{\"type\": \"schlüssel\"}", json_of_another),
        (google, "{\"private_key\": [\"schlüssel\"]}", json_of_another),
        (google, &cannot_sign.to_string(), "has a private_key that cannot sign"),
    ] {
        stage.system.secrets_manager.put(name, text);
        let (world, provider) =
            (stage.system.world(), if name == fal { Provider::Fal } else { Provider::Google });
        let aws = sdk_config(&world).unwrap();
        let credentials = ProviderCredentials::read(&world, &aws).await;
        let says = credentials.problem(provider).await.unwrap().to_string();
        let named = format!("names the secret \"{name}\", which {problem}");
        assert!(says.contains(&named), "{text:?}: {says}");
        assert!(
            !says.contains("schlüssel") && !format!("{credentials:?}").contains("schlüssel"),
            "{says}"
        );
    }
}

/// A job that a provider has is not lost with the secret: a new function looks again until it can
/// ask, and asks when the secret is mended.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_in_flight_waits_for_its_providers_secret_and_completes() {
    let stage = Stage::new().await;
    let (caller, secrets) = (stage.caller(), &stage.system.secrets_manager);
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    stage.fal().set_render(FOR_HOURS);
    let job = caller.accept("in flight").await;
    stage.fal().set_render(AT_ONCE);

    secrets.put("local/fal-key", NO_HEADER);
    let poll = local::aws::functions::build("poll-jobs", &stage.system.world()).await.unwrap();
    let message = json!({"org": caller.org, "job": job}).to_string();
    let event = json!({"Records": [{"messageId": "1", "body": message, "eventSource": "aws:sqs"}]});
    let asked = || stage.fal().requests().len();
    let before = asked();
    let looked_at = async |times: u32| {
        for _ in 0..times {
            stage.later(Duration::from_secs(60));
            let failures = poll(event.clone()).await.unwrap()["batchItemFailures"].clone();
            assert_eq!(failures, json!([]), "the message is done with");
        }
    };
    looked_at(3).await;
    assert!(
        matches!(stage.read_job(caller.org, &job).await.state(), State::Processing(_)),
        "it is kept"
    );
    assert_eq!(asked(), before, "nothing is sent without a key");

    secrets.put("local/fal-key", "local-key-id:local-key-secret");
    looked_at(1).await;
    assert_eq!(asked(), before, "the secret is not read at every use");
    stage.later(FIVE_MINUTES);
    looked_at(1).await;
    stage.until(caller.org, &job, Status::Completed).await;
    stage.audit().await;
}

/// The provider of a system that started without its secret serves as soon as the secret is right.
#[tokio::test(flavor = "multi_thread")]
async fn a_mended_secret_needs_no_new_start() {
    let there = Stage::new().await;
    let origin = there.system.fal.as_ref().unwrap().origin.clone();
    let parameters = BTreeMap::from([
        ("DownloadHosts".to_owned(), origin.trim_start_matches("http://").to_owned()),
        ("FalQueueUrl".to_owned(), origin),
    ]);
    let secrets = BTreeMap::from([("FAL_KEY".to_owned(), NO_HEADER.to_owned())]);
    let stage = Stage::with(Options { parameters, secrets, ..Options::test() }).await;
    let (caller, key) = (stage.caller(), stage.system.identity.live_key.clone());
    stage.refuses(&key, "fal/kling-2", "broken").await;
    stage.system.secrets_manager.put("local/fal-key", "local-key-id:local-key-secret");
    stage.refuses(&key, "fal/kling-2", "it is not read at every use").await;
    stage.later(FIVE_MINUTES);
    stage.completes(&caller, "fal/kling-2").await;
}
