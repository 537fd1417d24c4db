//! Checks Google's service account. It asks each model for an operation that never existed, which
//! starts nothing. Google checks the token first, then the project and the permission, then the
//! model, and the operation last. The bucket is asked for an object that never existed.

use super::finding::Finding;
use super::{LONGER, within};
use futures::future::join_all;
use ghub::adapter::google::{Google, Handle};
use ghub::adapter::{self, Adapter, FileSource, Reply};
use ghub::aws::SdkConfig;
use ghub::outbound::WireError;
use ghub::provider::Provider;
use ghub::sender::ProviderSender;
use ghub::world::World;
use serde_json::Value;
use std::collections::BTreeSet;

const AREA: &str = "provider";
const NEW_KEY: &str = "Make a new key with `gcloud iam service-accounts keys create key.json --iam-account ACCOUNT`, \
 and store that file's text.";

pub async fn look(world: &World, aws: &SdkConfig) -> Vec<Finding> {
    let mut finding = Finding::of(AREA, "Google");
    let google = match world.env.google() {
        Ok(google) => google,
        Err(error) => {
            finding.fail(error, "Set it; GOOGLE_PROJECT is the project that renders and pays.");
            return vec![finding];
        }
    };
    let sender = match ProviderSender::new(world, aws).await {
        Ok(sender) if sender.problem(Provider::Google).await.is_none() => sender,
        _ => {
            finding.fail("no token can be signed with the key", NEW_KEY);
            return vec![finding];
        }
    };
    let (google, sender) = (&google, &sender);
    let models = join_all(models(world).into_iter().map(|model| async move {
        within(AREA, &model, async { vec![look_at_model(google, sender, world, &model).await] })
            .await
    }));
    let bucket = async {
        match &google.storage_uri {
            Some(uri) => {
                within(AREA, uri, async { vec![look_at_bucket(google, sender, world, uri).await] })
                    .await
            }
            None => Vec::new(),
        }
    };
    let (models, bucket) = tokio::join!(models, bucket);
    models.into_iter().flatten().chain(bucket).collect()
}

/// Google's models in the catalog. Another check reports what is wrong with the catalog.
fn models(world: &World) -> BTreeSet<String> {
    let catalog = world.env.catalog().ok();
    let models = catalog.iter().flat_map(ghub::catalog::Catalog::iter);
    models
        .filter(|model| model.provider() == Provider::Google)
        .filter_map(|model| model.route().map(str::to_owned))
        .collect()
}

fn unknown_operation(google: &Google, world: &World, model: &str) -> Handle {
    let Google { project, location, .. } = google;
    let id = world.ambient.org_id();
    let operation = format!(
        "projects/{project}/locations/{location}/publishers/google/models/{model}/operations/{id}"
    );
    Handle { operation, model: model.to_owned() }
}

async fn look_at_model(
    google: &Google,
    sender: &ProviderSender,
    world: &World,
    model: &str,
) -> Finding {
    let mut finding = Finding::of(AREA, format!("Google {model}"));
    let handle = unknown_operation(google, world, model);
    match sender.send(google.ask_for(&handle), LONGER).await {
        Ok(reply) => judge(google, model, &reply, &mut finding),
        Err(error) => unanswered(&error, &mut finding),
    }
    finding
}

fn unanswered(error: &WireError, finding: &mut Finding) {
    match error {
        WireError::NotSent(cause) if cause.downcast_ref::<reqwest::Error>().is_none() => {
            finding.fail("no token can be signed with the key", NEW_KEY)
        }
        WireError::NotSent(_) => finding.fail(
            "no connection",
            "See whether GOOGLE_LOCATION (and GOOGLE_API_URL, if set) is right, and whether this machine can reach it.",
        ),
        WireError::Lost(_) => finding
            .fail("the connection broke", "Run it again; https://status.cloud.google.com says whether Google is up."),
    }
}

/// The message of an error from Google, and the reason in its details.
fn said(reply: &Reply) -> (String, String) {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let reasons = body.pointer("/error/details").and_then(Value::as_array).into_iter().flatten();
    let reason = reasons
        .filter_map(|detail| detail["reason"].as_str())
        .next()
        .unwrap_or_default()
        .to_owned();
    (body.pointer("/error/message").and_then(Value::as_str).unwrap_or_default().to_owned(), reason)
}

fn judge(google: &Google, model: &str, reply: &Reply, finding: &mut Finding) {
    let (message, reason) = said(reply);
    let Google { project, location, .. } = google;
    let status = reply.status;
    match status {
        400 if message.contains("region") => finding.fail(
            format!("Veo does not render in {location} (HTTP 400)"),
            "Set GOOGLE_LOCATION to a region that has it, such as us-central1.",
        ),
        401 => finding.fail(
            "Google does not accept the service account's key (HTTP 401)",
            format!("It was deleted, disabled, or is another account's. {NEW_KEY}"),
        ),
        403 if reason == "SERVICE_DISABLED" || message.contains("has not been used in project") => finding.fail(
            format!("Vertex AI is switched off in {project} (HTTP 403)"),
            format!("gcloud services enable aiplatform.googleapis.com --project {project}; it takes some minutes."),
        ),
        403 if reason == "BILLING_DISABLED" || message.contains("billing") => finding.fail(
            format!("{project} has no billing account (HTTP 403)"),
            format!("Link one: https://console.cloud.google.com/billing/linkedaccount?project={project}"),
        ),
        403 => finding.fail(
            format!("the service account may not use Vertex AI in {project} (HTTP 403)"),
            format!(
                "See whether GOOGLE_PROJECT is right, and give the account the role: gcloud projects \
                 add-iam-policy-binding {project} --member serviceAccount:ACCOUNT --role roles/aiplatform.user"
            ),
        ),
        404 if message.contains("Publisher Model") => finding.fail(
            format!("Google has no model {model} for {project} (HTTP 404)"),
            "Google retires models: give the catalog's model another route in CATALOG, or null to take it off sale.",
        ),
        200 | 400 | 404 => finding.ok(format!("{project} in {location}: the service account may use it")),
        status => finding.warn(
            format!("the account could not be judged (HTTP {status})"),
            "Run it again; https://status.cloud.google.com says whether Google is up.",
        ),
    }
}

async fn look_at_bucket(
    google: &Google,
    sender: &ProviderSender,
    world: &World,
    uri: &str,
) -> Finding {
    let mut finding = Finding::of(AREA, uri);
    let object = format!("{}/doctor/{}.mp4", uri.trim_end_matches('/'), world.ambient.org_id());
    let handle = adapter::Handle::Google(unknown_operation(google, world, "veo"));
    let Ok(FileSource::Private(request)) = google.file(&handle, &object) else {
        finding.fail(
            "names no bucket",
            "GOOGLE_STORAGE_URI is a folder in a bucket, gs://bucket/folder.",
        );
        return finding;
    };
    match sender.send(request, LONGER).await {
        Ok(reply) => judge_bucket(&reply, &mut finding),
        Err(error) => unanswered(&error, &mut finding),
    }
    finding
}

fn judge_bucket(reply: &Reply, finding: &mut Finding) {
    const GIVE: &str = "gcloud storage buckets add-iam-policy-binding gs://BUCKET --member serviceAccount:ACCOUNT \
     --role roles/storage.objectUser";
    let text = String::from_utf8_lossy(&reply.body);
    match reply.status {
        404 if text.contains("bucket does not exist") => finding.fail(
            "there is no such bucket",
            "Make it, or correct GOOGLE_STORAGE_URI; without it videos come inside Veo's answers.",
        ),
        200 | 404 => {
            finding.ok("the service account may read it");
            finding.ok("whether Veo may write to it shows at the first render");
        }
        401 => finding.fail("Google does not accept the service account's key (HTTP 401)", NEW_KEY),
        // Google does not tell a reader who may not list that an object is missing. Reading an
        // object that exists may still be allowed.
        403 if text.contains("storage.objects.list") => finding.warn(
            "whether the service account may read it was not said (HTTP 403)",
            format!("It may not list the bucket; this gives it all it needs: {GIVE}"),
        ),
        403 => finding.fail("the service account may not read it (HTTP 403)", GIVE),
        status => finding.warn(
            format!("the bucket could not be judged (HTTP {status})"),
            "Run it again; https://status.cloud.google.com says whether Google is up.",
        ),
    }
}
