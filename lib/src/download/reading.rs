//! Reads a file as it comes. A file host that is silent, or as good as silent, is left: it keeps
//! other files waiting.

use super::DownloadError;
use crate::adapter::google::inline::InlineVideo;
use crate::outbound::WireError;
use bytes::Bytes;
use reqwest::Response;
use std::time::Duration;
use tokio::time::Instant;

/// A file host that says nothing for so long will not go on. A CDN answers within a second; Google,
/// which encodes a video into its answer, within a few. A connection has a timeout of its own, 4 s.
pub(super) const SILENCE: Duration = Duration::from_secs(20);
/// A drip is no better than silence. At this rate 4 MB, a small video, come within the time of a
/// transfer; at less, no video does.
pub(super) const SLOWEST_BYTES_PER_S: u64 = 16 << 10;
/// The rate is measured over so much waiting, so that a pause within it does no harm.
const MEASURED: Duration = SILENCE;

/// A file that is being fetched.
#[derive(Debug)]
pub struct Download {
    response: Response,
    inline: Option<InlineVideo>,
    pace: Pace,
}

/// How fast a file comes, while it is waited for: what its reader does in between is not the file
/// host's fault.
#[derive(Debug, Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// So many bytes came after so long a wait.
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

    /// How long the file says it is.
    pub fn length(&self) -> Option<u64> {
        if self.inline.is_some() { None } else { self.response.content_length() }
    }

    /// The next piece, of any size; `None` at the end of a whole file.
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

/// Waits for what a file host says next, as long as a silence may last.
pub(super) async fn unless_silent<T>(next: impl Future<Output = T>) -> Result<T, DownloadError> {
    tokio::time::timeout(SILENCE, next).await.map_err(|_| DownloadError::Silent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;

    /// A body of such pieces, each after such a pause, and how its reading ends.
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

    /// What the reader does with the file in between is not held against its host.
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
