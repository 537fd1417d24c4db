//! Reads a file as it arrives. A file host that sends nothing, or almost nothing, is given up,
//! because other files wait for the worker.

use super::DownloadError;
use crate::adapter::google::inline::InlineVideo;
use crate::outbound::WireError;
use bytes::Bytes;
use reqwest::Response;
use std::time::Duration;
use tokio::time::Instant;

/// After this much silence a file host will not continue. A CDN answers within a second. Google,
/// which encodes a video into its answer, needs a few seconds. A connection has its own timeout of
/// 4 s.
pub(super) const SILENCE: Duration = Duration::from_secs(20);
/// A file host below this rate is given up. At this rate a small video of 4 MB arrives within the
/// time of a transfer; at a lower rate no video does.
pub(super) const SLOWEST_BYTES_PER_S: u64 = 16 << 10;
/// The rate is measured over this much waiting, so that a shorter pause does no harm.
const MEASURED: Duration = SILENCE;

/// A file that is being fetched.
#[derive(Debug)]
pub struct Download {
    response: Response,
    inline: Option<InlineVideo>,
    pace: Pace,
}

/// The rate at which a file arrives. Only the time spent waiting for the file host counts, not the
/// time that the reader spends in between.
#[derive(Debug, Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// Counts bytes that arrived after this wait.
    fn came(&mut self, bytes: usize, wait: Duration) -> Result<(), DownloadError> {
        self.waited += wait;
        self.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
        if self.waited < MEASURED {
            return Ok(());
        }
        let enough = SLOWEST_BYTES_PER_S * self.waited.as_secs();
        let measured = std::mem::take(self);
        if measured.bytes < enough { Err(DownloadError::Slow) } else { Ok(()) }
    }
}

impl Download {
    pub(super) fn of(response: Response, inline: Option<InlineVideo>) -> Self {
        Self { response, inline, pace: Pace::default() }
    }

    /// The length in bytes that the file host announced.
    pub fn length(&self) -> Option<u64> {
        if self.inline.is_some() { None } else { self.response.content_length() }
    }

    /// The next piece of the file, of any size; `None` at the end of a whole file.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, DownloadError> {
        let began = Instant::now();
        let chunk = unless_silent(self.response.chunk()).await?.map_err(WireError::from)?;
        if let Some(chunk) = &chunk {
            self.pace.came(chunk.len(), began.elapsed())?;
        }
        match (&mut self.inline, chunk) {
            (None, chunk) => Ok(chunk),
            (Some(inline), Some(json)) => Ok(Some(inline.pass(&json)?.into())),
            (Some(inline), None) => Ok(inline.finish().map(|()| None)?),
        }
    }
}

/// Waits for the next answer of a file host, but no longer than [`SILENCE`].
pub(super) async fn unless_silent<T>(next: impl Future<Output = T>) -> Result<T, DownloadError> {
    tokio::time::timeout(SILENCE, next).await.map_err(|_| DownloadError::Silent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;

    /// Reads a body of these pieces, each after its pause. Returns how long it took and how it
    /// ended.
    async fn read(pieces: Vec<(Duration, usize)>) -> (Duration, Result<usize, String>) {
        let body = stream::unfold(pieces.into_iter(), |mut pieces| async move {
            let (pause, bytes) = pieces.next()?;
            tokio::time::sleep(pause).await;
            Some((Ok::<_, std::io::Error>(Bytes::from(vec![0; bytes])), pieces))
        });
        let response = lambda_http::http::Response::new(reqwest::Body::wrap_stream(body));
        let (mut download, began, mut bytes) =
            (Download::of(response.into(), None), Instant::now(), 0);
        let end = loop {
            match download.chunk().await {
                Ok(Some(chunk)) => bytes += chunk.len(),
                Ok(None) => break Ok(bytes),
                Err(error) => break Err(error.to_string()),
            }
        };
        (began.elapsed(), end)
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_silence_and_a_drip_end_a_read_and_a_slow_file_does_not() {
        let silent = "the provider's file host was silent for 20 s".to_owned();
        let slow = "the provider's file host sent less than 16 KiB a second".to_owned();
        let every = |pause: Duration, bytes: usize, times: usize| vec![(pause, bytes); times];
        for (name, pieces, after_s, end) in [
            ("silent from the start", every(SECOND * 3600, 1, 1), 20, Err(silent.clone())),
            ("silent in the middle", vec![(SECOND, 1 << 20), (SECOND * 3600, 1)], 21, Err(silent)),
            ("a byte a second", every(SECOND, 1, 3600), 20, Err(slow.clone())),
            ("a byte every 19 s", every(SECOND * 19, 1, 3600), 38, Err(slow.clone())),
            (
                "fast, and then a drip",
                [every(SECOND, 1 << 20, 20), every(SECOND, 1, 99)].concat(),
                40,
                Err(slow),
            ),
            ("just fast enough", every(SECOND, 16 << 10, 200), 200, Ok(200 * (16 << 10))),
            (
                "a pause, and then fast",
                vec![(SECOND * 19, 1), (SECOND, 1 << 20), (SECOND, 5)],
                21,
                Ok((1 << 20) + 6),
            ),
            ("small and slow", every(SECOND, 100, 19), 19, Ok(1900)),
            ("nothing", Vec::new(), 0, Ok(0)),
        ] {
            assert_eq!(read(pieces).await, (SECOND * after_s, end), "{name}");
        }
    }

    /// The time that the reader spends in between does not count against the file host.
    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_not_a_slow_host() {
        let body = stream::iter((0..30).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"x"))));
        let response = lambda_http::http::Response::new(reqwest::Body::wrap_stream(body));
        let mut download = Download::of(response.into(), None);
        while download.chunk().await.unwrap().is_some() {
            tokio::time::sleep(SECOND * 60).await;
        }
    }
}
