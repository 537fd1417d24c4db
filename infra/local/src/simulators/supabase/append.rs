//! Bytes of a resumable upload, written as they arrive. Whatever arrived before a connection broke
//! is kept; a request that is refused for its size leaves the upload as it was.

use axum::body::BodyDataStream;
use axum::http::{HeaderMap, header};
use futures::StreamExt;
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;

use super::buckets::PROJECT_LIMIT;
use super::partials::Partial;
use super::tus::{self, Trouble};
use super::{Project, auth};

/// What hosted storage demands of every chunk but the last: the size of the parts it makes of them.
const CHUNK: u64 = 6 * 1024 * 1024;

/// Why no more is read.
enum End {
    Whole,
    TooLong,
    Broken,
}

/// Returns the new offset. `keep` breaks the connection when that much of the body is stored and
/// more is coming.
pub(super) async fn append(
    project: &Project,
    partial: &Partial,
    headers: &HeaderMap,
    body: &mut BodyDataStream,
    keep: Option<u64>,
) -> Result<u64, Trouble> {
    let offset = project.partials.offset(partial).ok_or(tus::NO_LONGER_EXISTS)?;
    let room = partial.length.unwrap_or_else(|| limit(project, partial)).saturating_sub(offset);
    let announced = auth::text(headers, header::CONTENT_LENGTH.as_str())
        .and_then(|length| length.parse::<u64>().ok());
    match announced {
        Some(announced) if announced > room => return Err(tus::SIZE_EXCEEDED),
        Some(announced) if !is_chunk(offset, announced, partial.length) => {
            return Err(tus::WRONG_CHUNK);
        }
        Some(0) => return Ok(offset),
        _ if partial.finished => return Ok(offset),
        _ => {}
    }
    let mut file =
        OpenOptions::new().append(true).open(project.partials.file(partial.version)).await?;
    let (written, end) = receive(&mut file, body, room, keep).await?;
    file.flush().await?;
    let cut_off = announced.is_some_and(|announced| announced != written);
    match end {
        End::Broken => Err(Trouble::Broken),
        End::Whole if cut_off => Err(Trouble::Broken),
        End::Whole if is_chunk(offset, written, partial.length) => Ok(offset + written),
        End::Whole => refuse(&file, offset, tus::WRONG_CHUNK).await,
        End::TooLong => refuse(&file, offset, tus::SIZE_EXCEEDED).await,
    }
}

/// The largest size that the upload's bucket allows, in bytes.
pub(super) fn limit(project: &Project, partial: &Partial) -> u64 {
    project
        .disk
        .bucket(&partial.bucket)
        .and_then(|bucket| bucket.file_size_limit)
        .unwrap_or(PROJECT_LIMIT)
}

fn is_chunk(offset: u64, count: u64, length: Option<u64>) -> bool {
    count == 0 || count == CHUNK || length == Some(offset + count)
}

async fn refuse(file: &File, offset: u64, trouble: Trouble) -> Result<u64, Trouble> {
    file.set_len(offset).await?;
    Err(trouble)
}

async fn receive(
    file: &mut File,
    body: &mut BodyDataStream,
    room: u64,
    keep: Option<u64>,
) -> Result<(u64, End), Trouble> {
    let mut written = 0;
    while let Some(bytes) = body.next().await {
        let Ok(bytes) = bytes else { return Ok((written, End::Broken)) };
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if count > room - written {
            return Ok((written, End::TooLong));
        }
        let wanted = keep.map_or(count, |keep| count.min(keep - written));
        file.write_all(&bytes[..usize::try_from(wanted).unwrap_or(bytes.len())]).await?;
        written += wanted;
        if wanted < count {
            return Ok((written, End::Broken));
        }
    }
    Ok((written, End::Whole))
}
