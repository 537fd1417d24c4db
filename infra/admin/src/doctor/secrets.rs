//! Checks that each secret can be read, and is the right kind of key. A finding never contains the
//! text of a secret.

use super::PATIENCE;
use super::finding::Finding;
use crate::environment::Deployment;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::join_all;
use ghub::adapter::fal::is_key;
use ghub::aws::SdkConfig;
use ghub::catalog::Catalog;
use ghub::config::{Env, Secret};
use ghub::provider::{ByProvider, Provider};
use ghub::secrets::Secrets;
use ghub::sender::service_account;
use serde_json::Value;

const AREA: &str = "secret";
const STORAGE_KEY: &str = "SUPABASE_SECRET_KEY";

/// The secrets that could be read, with which the other checks send requests.
pub struct Keys {
    pub providers: ByProvider<Option<Secret>>,
    pub supabase: Option<Secret>,
}

/// The kind of key that the text of a secret is.
enum Kind {
    Right(&'static str),
    /// It still works. The second text says what should be done about it.
    Old(&'static str, &'static str),
    /// It is something else. The second text says what to put in its place.
    Wrong(&'static str, &'static str),
}

/// Decides what kind of key the text of a secret is.
type Judge = fn(&str) -> Kind;

pub async fn look(deployment: &Deployment, aws: &SdkConfig) -> (Keys, Vec<Finding>) {
    let env = &deployment.world.env;
    let secrets = &Secrets::new(&deployment.world, aws);
    let providers = Provider::ALL.map(|provider| async move {
        let variable = provider.about().secret()?;
        let absent = |finding: &mut Finding| without(finding, env, provider);
        Some(read(env, secrets, variable, kind_of(provider), absent).await)
    });
    let supabase = read(env, secrets, STORAGE_KEY, supabase_kind, without_storage);
    let (of_providers, (supabase, last)) = tokio::join!(join_all(providers), supabase);
    let mut findings = Vec::new();
    let mut of_providers = of_providers.into_iter().map(|read| {
        let (secret, finding) = read?;
        findings.push(finding);
        secret
    });
    let providers = ByProvider::new(|_| of_providers.next().flatten());
    findings.push(last);
    (Keys { providers, supabase }, findings)
}

/// What is expected of a provider's secret.
fn kind_of(provider: Provider) -> Judge {
    match provider {
        Provider::Fal => fal_kind,
        Provider::Google => google_kind,
        Provider::Sandbox => |_| Kind::Right("not needed"),
    }
}

async fn read(
    env: &Env,
    secrets: &Secrets,
    variable: &str,
    kind: Judge,
    absent: impl Fn(&mut Finding),
) -> (Option<Secret>, Finding) {
    let mut finding = Finding::of(AREA, variable);
    let named_by = Env::secret_variable(variable);
    let name = env.optional(&named_by).unwrap_or_default();
    let asked = secrets.credential(variable, |secret: &Secret| Ok(secret.clone()));
    let secret = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(Some(credential))) => credential.current().await,
        Ok(Ok(None)) => {
            absent(&mut finding);
            return (None, finding);
        }
        Ok(Err(error)) => {
            let advice = format!(
                "See whether {named_by} and AWS_REGION are right and these credentials may \
                 secretsmanager:GetSecretValue; if the secret is not there yet: \
                 aws secretsmanager create-secret --name {name} --secret-string file://FILE"
            );
            finding.fail(error, advice);
            if let Some(endpoint) = env.aws_endpoint("SECRETS_MANAGER") {
                finding.hint(format!(
                    "If nothing answers at {endpoint} and that is the local system, start it with `cargo local up`."
                ));
            }
            return (None, finding);
        }
        Err(_) => {
            finding.fail(
                "Secrets Manager did not answer",
                "See whether this machine can reach AWS, and run it again.",
            );
            return (None, finding);
        }
    };
    finding.ok(if env.secret(variable).is_some() {
        "in the environment".to_owned()
    } else {
        format!("{name} in Secrets Manager")
    });
    match kind(secret.expose()) {
        Kind::Right(what) => finding.ok(what),
        Kind::Old(what, advice) => finding.warn(what, advice),
        Kind::Wrong(what, advice) => finding.fail(what, advice),
    }
    (Some(secret), finding)
}

fn to_set(variable: &str) -> String {
    let named_by = Env::secret_variable(variable);
    format!("Name its secret in {named_by}, or on your own machine put it in {variable}")
}

fn without_storage(finding: &mut Finding) {
    finding.fail("is not set: no video can be stored", format!("{}.", to_set(STORAGE_KEY)));
}

fn without(finding: &mut Finding, env: &Env, provider: Provider) {
    let set = to_set(provider.about().secret().unwrap_or_default());
    let catalog = env.catalog();
    let sells = |catalog: &Catalog| {
        catalog.iter().any(|model| model.provider() == provider && model.route().is_some())
    };
    if catalog.is_ok_and(|catalog| !sells(&catalog)) {
        return finding.ok("is not set, and none of this provider's models is sold");
    }
    finding.warn(
        "is not set: this provider's models are not available",
        format!("{set}; if you do not sell them, switch them off in CATALOG, as is said below."),
    );
}

/// A key of fal is `id:secret`, as fal's page shows it once.
fn fal_kind(text: &str) -> Kind {
    if is_key(text) {
        return Kind::Right("id and secret");
    }
    Kind::Wrong(
        "is not a key of fal's, which is id:secret",
        "Make one at https://fal.ai/dashboard/keys and copy all of it: the id, the colon and the secret.",
    )
}

/// A service account is the file from Google's console, or the base64 of it.
fn google_kind(text: &str) -> Kind {
    const MAKE: &str = "Make a key with `gcloud iam service-accounts keys create key.json --iam-account ACCOUNT` and \
     store that file's text.";
    let Some(key) = service_account(text) else {
        return Kind::Wrong("is neither the JSON of a service account's key nor its base64", MAKE);
    };
    let has = |name: &str, part: &str| key[name].as_str().is_some_and(|value| value.contains(part));
    match () {
        () if !has("client_email", "@") => {
            Kind::Wrong("has no client_email: it is no service account's key", MAKE)
        }
        () if !has("private_key", "PRIVATE KEY") => Kind::Wrong("has no private_key", MAKE),
        () => Kind::Right("a service account's key"),
    }
}

fn supabase_kind(text: &str) -> Kind {
    const TAKE: &str = "Take a secret key, sb_secret_…, from the project's Settings, API Keys; publishable and anon \
     keys are for browsers.";
    const PUBLIC: &str = "is a public key: it may not store anything";
    if text.starts_with("sb_secret_") {
        return Kind::Right("a secret key");
    }
    if text.starts_with("sb_publishable_") {
        return Kind::Wrong(PUBLIC, TAKE);
    }
    match role(text).as_deref() {
        Some("service_role") => Kind::Old(
            "a legacy service_role key",
            "It works; Supabase announced to remove legacy keys, so take a secret key, sb_secret_…, from Settings, \
             API Keys.",
        ),
        Some("anon") => Kind::Wrong(PUBLIC, TAKE),
        _ => Kind::Wrong("is not a key of Supabase's that may store", TAKE),
    }
}

/// The role that a JWT names. Supabase checks the signature, not this function.
fn role(jwt: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Value>(&claims).ok()?["role"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    fn word(kind: &Kind) -> &'static str {
        match kind {
            Kind::Right(_) => "right",
            Kind::Old(..) => "old",
            Kind::Wrong(..) => "wrong",
        }
    }

    #[test]
    fn each_secret_has_its_shape() {
        let jwt = |role: &str| {
            format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(format!(r#"{{"role":"{role}"}}"#)))
        };
        let google = r#"{"client_email":"a@b.iam.gserviceaccount.com","private_key":"-----BEGIN PRIVATE KEY-----\nA"}"#;
        let cases: [(Judge, &str, &str); 15] = [
            (fal_kind, "id:secret", "right"),
            (fal_kind, "id", "wrong"),
            (fal_kind, "id:", "wrong"),
            (fal_kind, "id:sec ret", "wrong"),
            (fal_kind, "Key id:secret", "wrong"),
            (google_kind, google, "right"),
            (google_kind, &STANDARD.encode(google), "right"),
            (google_kind, r#"{"client_email":"a@b"}"#, "wrong"),
            (google_kind, r#"{"private_key":"-----BEGIN PRIVATE KEY-----"}"#, "wrong"),
            (google_kind, "AIzaSyAnApiKey", "wrong"),
            (supabase_kind, "sb_secret_a", "right"),
            (supabase_kind, "sb_publishable_a", "wrong"),
            (supabase_kind, &jwt("service_role"), "old"),
            (supabase_kind, &jwt("anon"), "wrong"),
            (supabase_kind, "anything", "wrong"),
        ];
        for (kind, text, expected) in cases {
            assert_eq!(word(&kind(text)), expected, "{text}");
        }
    }
}
