//! `cargo admin storage …`: sets up the bucket that videos are put into.

use crate::bucket::{Bucket, Settings, remedy};
use crate::confirm::Confirmation;
use crate::environment::Deployment;
use crate::failure::Failure;
use crate::output::Report;
use clap::{Args, Subcommand};
use ghub::aws::sdk_config;
use ghub::config::Secret;
use ghub::secrets::Secrets;
use ghub::storage::{LARGEST_VIDEO, StorageError};
use serde_json::json;

/// The largest limit of a bucket, in MiB. Supabase takes no larger file in a single upload.
const MOST_MIB: u64 = 5 << 10;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create the bucket: public, for video/mp4 only, with a limit on the size of a file. If it
    /// exists with other settings, they are changed if you agree
    Init(Init),
}

#[derive(Debug, Args)]
pub struct Init {
    /// The largest file that the bucket takes; Supabase's free plan allows 50 MB
    #[arg(long, value_name = "MIB", default_value_t = LARGEST_VIDEO >> 20)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=MOST_MIB))]
    limit_mib: u64,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub async fn run(command: Command, deployment: &Deployment) -> Result<Report, Failure> {
    match command {
        Command::Init(init) => init.run(deployment).await,
    }
}

/// What the command did to the bucket.
enum Done {
    Made,
    Changed,
    Nothing,
}

impl Init {
    async fn run(&self, deployment: &Deployment) -> Result<Report, Failure> {
        let bucket = Bucket::new(&deployment.world, key(deployment).await?)?;
        let wanted = Settings::wanted(self.limit_mib << 20);
        let done = match bucket.settings().await.map_err(unable)? {
            None => {
                bucket.create(&wanted).await.map_err(unable)?;
                Done::Made
            }
            Some(found) if found == wanted => Done::Nothing,
            Some(found) => {
                self.confirmation.obtain(&differences(bucket.name(), &found, &wanted))?;
                bucket.change(&wanted).await.map_err(unable)?;
                Done::Changed
            }
        };
        Ok(report(bucket.name(), &wanted, &done))
    }
}

/// The differences that the operator is asked about, before something public changes.
fn differences(name: &str, found: &Settings, wanted: &Settings) -> String {
    let privacy =
        |settings: &Settings| if settings.public { "public" } else { "private" }.to_owned();
    let pairs = [
        (privacy(found), privacy(wanted)),
        (found.admitted(), wanted.admitted()),
        (found.limit(), wanted.limit()),
    ];
    let changes: Vec<String> = pairs
        .into_iter()
        .filter(|(is, will)| is != will)
        .map(|(is, will)| format!("from {is} to {will}"))
        .collect();
    format!("The bucket {name} is there, and would change: {}.", changes.join("; "))
}

fn report(name: &str, settings: &Settings, done: &Done) -> Report {
    let note = match done {
        Done::Made => "It is new. `cargo admin doctor` sees whether it takes a video.",
        Done::Changed => "It was changed; what is in it stays.",
        Done::Nothing => "It was there before, as it should be; nothing was changed.",
    };
    let mut json = json!(settings);
    json["bucket"] = json!(name);
    json["created"] = json!(matches!(done, Done::Made));
    json["changed"] = json!(matches!(done, Done::Changed));
    Report {
        json,
        table: vec![
            ("bucket", name.to_owned()),
            ("read by", "anybody".to_owned()),
            ("admits", settings.admitted()),
            ("limit", settings.limit()),
        ],
        note: note.to_owned(),
    }
}

async fn key(deployment: &Deployment) -> Result<Secret, Failure> {
    let world = &deployment.world;
    let secrets = Secrets::new(world, &sdk_config(world)?);
    let key =
        secrets.credential("SUPABASE_SECRET_KEY", |secret: &Secret| Ok(secret.clone())).await?;
    Ok(key.ok_or(Failure::NoStorageKey)?.current().await)
}

fn unable(source: StorageError) -> Failure {
    Failure::Storage { todo: remedy(&source).to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_asked_about() {
        let wanted = Settings::wanted(512 << 20);
        let found = Settings { public: false, file_size_limit: Some(50_000_000), ..wanted.clone() };
        assert_eq!(
            differences("b", &found, &wanted),
            "The bucket b is there, and would change: from private to public; from files up to 50000000 bytes to \
             files up to 512 MiB."
        );
    }
}
