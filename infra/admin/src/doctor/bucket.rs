//! The bucket: there, public, admitting videos as large as they get; and whether it takes one, by the same calls as `store-video`'s.

use super::finding::Finding;
use super::secrets::Keys;
use super::{PATIENCE, within};
use crate::bucket::{Bucket, VIDEO, remedy, size};
use crate::environment::Deployment;
use ghub::config::Secret;
use ghub::error::causes;
use ghub::outbound::SdkConfig;
use ghub::storage::{LARGEST_VIDEO, Storage, StorageError};

const AREA: &str = "bucket";
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
        Some(limit) if limit < LARGEST_VIDEO => finding.warn(
            settings.limit(),
            format!(
                "A larger video cannot be stored, and its job fails; the largest that is tried has {}. {INIT}",
                size(LARGEST_VIDEO)
            ),
        ),
        _ => finding.ok(format!("{}; the project's still holds, 50 MB on Supabase's free plan", settings.limit())),
    }
    finding
}

/// Puts a video in, reads it as anybody would, and takes it out again whatever came of that.
async fn takes_a_video(deployment: &Deployment, aws: &SdkConfig, key: &Secret, bucket: &Bucket) -> Finding {
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
    match tokio::time::timeout(PATIENCE, round_trip(&storage, &path)).await {
        Ok(Ok(bytes)) => finding.ok(format!("an MP4 of {bytes} bytes was stored and read by its public URL")),
        Ok(Err(error)) => finding.fail(causes(&error), remedy(&error)),
        Err(_) => finding.fail(
            format!("not stored and read within {} s", PATIENCE.as_secs()),
            "Run it again; https://status.supabase.com says whether Supabase is up.",
        ),
    }
    match tokio::time::timeout(PATIENCE, bucket.remove(&path)).await {
        Ok(Ok(())) => finding.ok("and removed"),
        Ok(Err(StorageError::Refused { status: 404, .. })) => {} // it never came to be
        Ok(Err(_)) | Err(_) => {
            finding.warn("the file could not be removed", format!("If it is there, delete {}/{path}.", bucket.name()));
        }
    }
    finding
}

async fn round_trip(storage: &Storage, path: &str) -> Result<u64, StorageError> {
    let video = smallest_video();
    let bytes = u64::try_from(video.len()).unwrap_or(u64::MAX);
    storage.upload(path, video.into()).await?;
    storage.confirm(path, bytes).await?;
    Ok(bytes)
}

/// A movie of no length and without tracks: `ftyp`, `moov` with its header, and an empty `mdat` (ISO/IEC 14496-12).
fn smallest_video() -> Vec<u8> {
    let mut header = [0; 100]; // version 0: times and duration are 0
    header[14] = 0x03;
    header[15] = 0xe8; // a thousand units in a second
    header[21] = 0x01; // played at the rate 1.0
    header[24] = 0x01; // with the volume 1.0
    for (at, one) in [(37, 0x01), (53, 0x01), (68, 0x40)] {
        header[at] = one; // the unit matrix
    }
    header[99] = 0x01; // the first track would be number 1
    let movie = boxed(b"mvhd", &header);
    [boxed(b"ftyp", b"isom\x00\x00\x02\x00isommp41"), boxed(b"moov", &movie), boxed(b"mdat", &[])].concat()
}

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap_or(u32::MAX).to_be_bytes();
    [&size, &kind[..], content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_video_is_a_whole_mp4() {
        let video = smallest_video();
        let mut walker = ghub::mp4::Walker::default();
        walker.pass(&video).unwrap();
        assert_eq!(walker.finish(), Ok(()));
        assert_eq!(video.len(), 148, "the help says how much is stored");
    }
}
