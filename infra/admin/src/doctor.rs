//! `cargo admin doctor`: checks everything that a deployment consists of and depends on, and says
//! what to do about each problem.
//!
//! It changes nothing and spends nothing. Every request is a question, except that one small file
//! is put into the bucket and removed again. All checks run, whatever the others find, and each has
//! its own time.

mod aws;
mod bucket;
mod fal;
mod finding;
mod google;
mod prices;
mod protection;
mod queues;
mod rates;
mod secrets;
mod tables;

pub use finding::Diagnosis;

use crate::environment::Deployment;
use finding::Finding;
use futures::future::join_all;
use ghub::aws::{SdkConfig, sdk_config};
use ghub::config::Secret;
use ghub::provider::Provider;
use std::time::Duration;

/// The time for a check, a hundred times what any of its questions takes. A connection alone is
/// given up after 4 s.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time for a request to a provider. It is longer than that of the check, so that the check
/// ends first.
const LONGER: Duration = Duration::from_secs(20);

pub const HELP: &str = "\
The doctor checks tables, queues, secrets, rates, the bucket, each provider's credential and the catalog's prices.
Each has one line: `ok`, `warn` or `fail`. Below a line that is not `ok` it says what to do.

It changes nothing and spends nothing. It puts a video of 32 KB into the bucket twice, as a small one and as a large
one, reads it by its public URL, and removes it.

For a deployed stack, put its output Environment into a file `stack.env`. You need credentials that may describe the
tables and queues and read the secrets:
  cargo admin --env-file stack.env doctor
For the local system:
  cargo admin --env-file .local/env doctor

Exit codes: 0 nothing failed (there may be warnings), 1 something failed, 2 the command line is wrong.";

/// Runs all checks, each within its own time.
pub async fn examine(deployment: &Deployment) -> Diagnosis {
    let world = &deployment.world;
    let mut findings = Vec::new();
    match sdk_config(world) {
        Ok(aws) => {
            let outside = async {
                let (secrets, mut found) = secrets::look(deployment, &aws).await;
                let providers = Provider::ALL.map(|provider| {
                    let key = secrets.providers.of(provider).as_ref();
                    look_at_provider(deployment, &aws, provider, key)
                });
                let (bucket, providers) =
                    tokio::join!(bucket::look(deployment, &aws, &secrets), join_all(providers),);
                found.extend(bucket.into_iter().chain(providers.into_iter().flatten()));
                found
            };
            let (tables, queues, outside) =
                tokio::join!(tables::look(world, &aws), queues::look(world, &aws), outside);
            findings.extend([tables, queues, outside].into_iter().flatten());
        }
        Err(error) => {
            let mut finding = Finding::of("aws", "credentials");
            finding.fail(
                error,
                "Set AWS_REGION, and the credentials with eval \"$(aws configure export-credentials --format env)\"; without them \
                 only rates and prices can be looked at.",
            );
            findings.push(finding);
        }
    }
    findings.push(rates::look(&world.env));
    findings.extend(prices::look(&world.env));
    Diagnosis::new(findings)
}

/// Checks a provider with its key. The secrets of the other providers are left out, so that their
/// mistakes are not this provider's.
async fn look_at_provider(
    deployment: &Deployment,
    aws: &SdkConfig,
    provider: Provider,
    key: Option<&Secret>,
) -> Vec<Finding> {
    let (Some(key), Some(secret)) = (key, provider.about().secret()) else { return Vec::new() };
    let abouts = Provider::ALL.map(Provider::about).into_iter();
    let secrets = abouts.flat_map(|about| about.secret().into_iter().chain(about.secret_named_by));
    let mut changes: Vec<_> = secrets.map(|name| (name, None)).collect();
    changes.retain(|(name, _)| *name != secret);
    changes.push((secret, Some(key.expose())));
    let world = deployment.with(&changes);
    match provider {
        Provider::Fal => fal::look(&world, aws).await,
        Provider::Google => google::look(&world, aws).await,
        Provider::Sandbox => Vec::new(),
    }
}

/// Runs a check for at most [`PATIENCE`]. A check that is not done by then has failed, and does not
/// hold up the others.
async fn within(
    area: &'static str,
    subject: &str,
    check: impl Future<Output = Vec<Finding>>,
) -> Vec<Finding> {
    tokio::time::timeout(PATIENCE, check).await.unwrap_or_else(|_| {
        let mut finding = Finding::of(area, subject);
        finding.fail(
            format!("no answer within {} s", PATIENCE.as_secs()),
            "Run it again; if it stays so, see whether this machine can reach the address and whether the service is \
             up.",
        );
        vec![finding]
    })
}
