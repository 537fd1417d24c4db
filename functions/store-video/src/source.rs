//! A finished file as it passes by: counted, walked, and cut into parts.

use super::transfer::TransferError;
use bytes::{Bytes, BytesMut};
use ghub::download::{Download, DownloadError};
use ghub::mp4::Walker;
use ghub::storage::{LARGEST_VIDEO, PART_BYTES};

/// The file as it passes: counted and walked.
pub(crate) struct Source {
    download: Download,
    /// As the file host says it, where that can be.
    pub(crate) length: Option<u64>,
    rest: Bytes,
    walker: Walker,
    pub(crate) passed: u64,
    pub(crate) ended: bool,
}

impl Source {
    pub(crate) fn new(download: Download) -> Self {
        let length = download.length().filter(|length| *length <= LARGEST_VIDEO);
        Self {
            download,
            length,
            rest: Bytes::new(),
            walker: Walker::default(),
            passed: 0,
            ended: false,
        }
    }

    /// Whether the file host says a length that no video has.
    pub(crate) fn says_too_much(&self) -> bool {
        self.length.is_none() && self.download.length().is_some()
    }

    /// The next part: full, or the last one. The end is announced only when the walk agrees that
    /// the file is whole.
    pub(crate) async fn part(&mut self) -> Result<Bytes, TransferError> {
        let mut part = BytesMut::with_capacity(PART_BYTES);
        while part.len() < PART_BYTES {
            let Some(bytes) = self.next().await? else { break };
            let room = PART_BYTES - part.len();
            let taken = bytes.slice(..bytes.len().min(room));
            self.rest = bytes.slice(taken.len()..);
            self.walked(&taken)?;
            part.extend_from_slice(&taken);
        }
        Ok(part.freeze())
    }

    /// Passes over what storage already has. It is walked all the same.
    pub(crate) async fn skip(&mut self, offset: u64) -> Result<(), TransferError> {
        while self.passed < offset {
            let Some(bytes) = self.next().await? else { break };
            let wanted = usize::try_from(offset - self.passed).unwrap_or(usize::MAX);
            let taken = bytes.slice(..bytes.len().min(wanted));
            self.rest = bytes.slice(taken.len()..);
            self.walked(&taken)?;
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<Bytes>, TransferError> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        let chunk = match self.download.chunk().await {
            // The end that was promised does not come; whether this is one, the walk says.
            Err(_) if self.says_too_much() && self.walker.finish().is_ok() => None,
            Err(DownloadError::Wire(_)) if self.says_a_false_length() => {
                tracing::warn!(
                    says = self.length,
                    came = self.passed,
                    "the file host says a false length"
                );
                None
            }
            chunk => chunk?,
        };
        if chunk.is_none() {
            self.walker.finish()?;
            self.ended = true;
        }
        Ok(chunk)
    }

    /// Whether the promised length is false for certain: a whole video has ended, and exactly at
    /// the end of its last box. A file that is cut on its way ends within one, or more of it may be
    /// missing. Storage was not told the length yet, as the file is less than a part.
    fn says_a_false_length(&self) -> bool {
        let is_one_part = u64::try_from(PART_BYTES).is_ok_and(|part| self.passed < part);
        self.length.is_some_and(|length| length > self.passed)
            && is_one_part
            && self.walker.ends_here()
    }

    fn walked(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        self.walker.pass(bytes)?;
        self.passed += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.passed > LARGEST_VIDEO { Err(TransferError::TooLarge) } else { Ok(()) }
    }
}
