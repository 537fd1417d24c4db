//! Checks the bucket: that it exists, is public, and accepts videos of the usual size. Then stores
//! a small video with the same calls as `store-video`.

use super::finding::Finding;
use super::secrets::Keys;
use super::{LONGER, PATIENCE, within};
use crate::bucket::{Bucket, VIDEO, remedy, size};
use crate::environment::Deployment;
use ghub::adapter::sandbox;
use ghub::aws::SdkConfig;
use ghub::config::Secret;
use ghub::error::causes;
use ghub::storage::{LARGEST_VIDEO, Storage, StorageError};
use tokio::time::error::Elapsed;

const AREA: &str = "bucket";
/// The usual largest video, in bytes. Videos of ten seconds are smaller, and Supabase's free plan
/// takes files up to 50 MB.
const USUAL: u64 = 40 << 20;
const INIT: &str = "`cargo admin storage init` shows what would change, and changes it with --yes.";

pub async fn look(deployment: &Deployment, aws: &SdkConfig, keys: &Keys) -> Vec<Finding> {
    let Some(key) = &keys.supabase else { return Vec::new() };
    let bucket = match Bucket::new(&deployment.world, key.clone()) {
        Ok(bucket) => bucket,
        Err(error) => {
            let mut finding = Finding::of(AREA, "SUPABASE_URL");
            finding.fail(error, "Set it to the project's address, https://<project>.supabase.co.");
            return vec![finding];
        }
    };
    let settings = within(AREA, bucket.name(), async { vec![settings(&bucket).await] });
    let (settings, file) = tokio::join!(settings, takes_a_video(deployment, aws, key, &bucket));
    settings.into_iter().chain([file]).collect()
}

async fn settings(bucket: &Bucket) -> Finding {
    let mut finding = Finding::of(AREA, bucket.name());
    let settings = match bucket.settings().await {
        Ok(Some(settings)) => settings,
        Ok(None) => {
            finding.fail("does not exist", "`cargo admin storage init` makes it.");
            return finding;
        }
        Err(error) => {
            finding.fail(causes(&error), remedy(&error));
            return finding;
        }
    };
    if settings.public {
        finding.ok("public");
    } else {
        finding.fail("not public: every video's URL would be dead", INIT);
    }
    let found = format!("admits {}", settings.admitted());
    if settings.admits_videos() {
        finding.ok(found);
    } else {
        finding.fail(format!("{found}, and not {VIDEO}"), INIT);
    }
    match settings.file_size_limit {
        Some(limit) if limit < USUAL => finding.warn(
            settings.limit(),
            format!(
                "A larger video cannot be stored, and its job fails. Raise the limit with `cargo admin storage init \
                 --limit-mib {}`, or higher.",
                USUAL >> 20
            ),
        ),
        Some(limit) if limit < LARGEST_VIDEO => {
            finding.ok(settings.limit());
            finding.hint(format!(
                "A larger video cannot be stored, and its job fails; few have more than {}. A paid project of \
                 Supabase's can have up to {}: `cargo admin storage init`.",
                size(USUAL),
                size(LARGEST_VIDEO)
            ));
        }
        _ => finding.ok(format!("{}; the project's still holds, 50 MB on Supabase's free plan", settings.limit())),
    }
    finding
}

/// Stores a video in both ways, reads it as the public does, and removes it again in any case.
async fn takes_a_video(
    deployment: &Deployment,
    aws: &SdkConfig,
    key: &Secret,
    bucket: &Bucket,
) -> Finding {
    let path = format!("doctor/{}.mp4", deployment.world.ambient.org_id());
    let mut finding = Finding::of(AREA, format!("{}/doctor", bucket.name()));
    let world = deployment.with(&[("SUPABASE_SECRET_KEY", Some(key.expose()))]);
    let storage = match Storage::new(&world, aws).await {
        Ok(storage) => storage,
        Err(error) => {
            finding.fail(error, "Correct it and run this again.");
            return finding;
        }
    };
    let (single, resumable) = (upload_at_once(&storage, &path), upload_in_parts(&storage, &path));
    let takes = tell(&mut finding, tokio::time::timeout(PATIENCE, single).await, "");
    if takes {
        let what = "a video above 6 MiB, which goes in parts, cannot be stored: ";
        tell(&mut finding, tokio::time::timeout(PATIENCE, resumable).await, what);
    }
    match tokio::time::timeout(LONGER, storage.erase(&storage.public_url(&path))).await {
        Ok(Ok(())) if takes => finding.ok("and removed"),
        Ok(Ok(())) => {} // it never came to be
        Ok(Err(_)) | Err(_) => {
            finding.warn(
                "the file could not be removed",
                format!("If it is there, delete {}/{path}.", bucket.name()),
            );
        }
    }
    finding
}

/// Adds the result of one way to store a video to the finding, and returns whether it worked.
fn tell(
    finding: &mut Finding,
    came: Result<Result<String, StorageError>, Elapsed>,
    what: &str,
) -> bool {
    match came {
        Ok(Ok(done)) => {
            finding.ok(done);
            return true;
        }
        Ok(Err(error)) => finding.fail(format!("{what}{}", causes(&error)), remedy(&error)),
        Err(_) => finding.fail(
            format!("{what}not stored and read within {} s", PATIENCE.as_secs()),
            "Run it again; https://status.supabase.com says whether Supabase is up.",
        ),
    }
    false
}

async fn upload_at_once(storage: &Storage, path: &str) -> Result<String, StorageError> {
    storage.upload(path, sandbox::VIDEO.into()).await?;
    storage.confirm(path, length()).await?;
    Ok(format!("an MP4 of {} bytes was stored and read by its public URL", length()))
}

/// Stores a video as `store-video` stores one above 6 MiB. Here the first part is also the last.
async fn upload_in_parts(storage: &Storage, path: &str) -> Result<String, StorageError> {
    let upload_url = storage.begin(path, Some(length())).await?;
    let begun = storage.offset(&upload_url).await?;
    let offset = begun.ok_or(StorageError::Location)?;
    let arrived = storage.append(&upload_url, offset, sandbox::VIDEO.into(), None).await?;
    if arrived != length() {
        return Err(StorageError::Size { expected: length(), found: arrived });
    }
    storage.confirm(path, length()).await?;
    Ok("and again by a resumable upload, as a video above 6 MiB is".to_owned())
}

fn length() -> u64 {
    u64::try_from(sandbox::VIDEO.len()).unwrap_or(u64::MAX)
}
