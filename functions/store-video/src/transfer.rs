//! From the provider's file host into storage, never holding more than a part of the file.

use super::StoreVideo;
use bytes::{Bytes, BytesMut};
use ghub::download::{Download, DownloadError};
use ghub::job::{Failure, File, Job, Moved, Processing};
use ghub::mp4::{NotAnMp4, Walker};
use ghub::storage::{LARGEST_VIDEO, PART_BYTES, Storage, StorageError};
use ghub::store::{StoreError, Written};

/// Why a video is not in storage.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransferError {
    #[error(transparent)]
    Download(#[from] DownloadError),
    #[error("{}", .0.message)]
    NoSource(Failure),
    #[error("the provider's file is not a whole video")]
    NotAnMp4(#[from] NotAnMp4),
    #[error("the provider's file is larger than 512 MiB")]
    TooLarge,
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the transfer did not end within 280 seconds")]
    TooSlow,
    #[error("somebody else moved the job")]
    Overtaken,
}

impl TransferError {
    /// Whether a resumable upload that was begun for this file is of no more use: another file stood at the address, or storage does
    /// not go on with it.
    fn spoils_the_upload(&self) -> bool {
        match self {
            Self::NotAnMp4(_) | Self::Storage(StorageError::Size { .. }) => true,
            Self::Storage(error @ StorageError::Refused { step: "append", .. }) => error.forgets_the_upload(),
            _ => false,
        }
    }
}

/// The file as it passes: counted and walked.
struct Source {
    download: Download,
    rest: Bytes,
    walker: Walker,
    passed: u64,
    ended: bool,
}

impl StoreVideo {
    /// Copies the file and checks what is stored. Returns the public URL, which has answered. An upload that cannot become this file is
    /// forgotten, so that the next attempt begins anew.
    pub(crate) async fn transfer(
        &self,
        job: &mut Job,
        processing: &Processing,
        file: &File,
    ) -> Result<String, TransferError> {
        let place = self.providers.file(&processing.handle, &file.url).map_err(TransferError::NoSource)?;
        let source = Source::new(self.downloads.open(place).await?);
        let copied = self.copied(job, file, source).await;
        if copied.as_ref().is_err_and(TransferError::spoils_the_upload) {
            self.remember(job, None).await?;
        }
        copied
    }

    async fn copied(&self, job: &mut Job, file: &File, mut source: Source) -> Result<String, TransferError> {
        let path = Storage::path(job.org, job.id);
        let length = source.download.length();
        if length.is_some_and(|length| length > LARGEST_VIDEO) {
            return Err(TransferError::TooLarge);
        }
        let resumed = match &file.upload_url {
            Some(upload_url) => self.storage.offset(upload_url).await?.map(|offset| (upload_url.clone(), offset)),
            None => None,
        };
        if let Some((upload_url, offset)) = resumed {
            source.skip(offset).await?;
            self.append(&upload_url, offset, &mut source, length.is_none()).await?;
        } else {
            let first = source.part().await?;
            if source.ended {
                self.storage.upload(&path, first).await?;
            } else {
                let upload_url = self.storage.begin(&path, length).await?;
                self.remember(job, Some(upload_url.clone())).await?;
                let offset = self.storage.append(&upload_url, 0, first, None).await?;
                self.append(&upload_url, offset, &mut source, length.is_none()).await?;
            }
        }
        self.storage.confirm(&path, source.passed).await?;
        Ok(self.storage.public_url(&path))
    }

    /// Sends what is left of the file. The last part goes only after the whole file was seen to be one.
    async fn append(
        &self,
        upload_url: &str,
        mut offset: u64,
        source: &mut Source,
        tell_length: bool,
    ) -> Result<(), TransferError> {
        while !source.ended {
            let part = source.part().await?;
            let length = (source.ended && tell_length).then_some(source.passed);
            if !part.is_empty() || length.is_some() {
                offset = self.storage.append(upload_url, offset, part, length).await?;
            }
        }
        if offset == source.passed {
            Ok(())
        } else {
            Err(StorageError::Size { expected: source.passed, found: offset }.into())
        }
    }

    /// Keeps the upload's location on the job, so that another attempt goes on from where this one stops.
    async fn remember(&self, job: &mut Job, upload_url: Option<String>) -> Result<(), TransferError> {
        let Moved::Applied(moved) = job.clone().uploading(upload_url) else { return Ok(()) };
        match self.store.write(&moved).await? {
            Written::Done => {
                *job = moved;
                Ok(())
            }
            Written::Overtaken => Err(TransferError::Overtaken),
        }
    }
}

impl Source {
    fn new(download: Download) -> Self {
        Self { download, rest: Bytes::new(), walker: Walker::default(), passed: 0, ended: false }
    }

    /// The next part: full, or the last one. The end is announced only when the walk agrees that the file is whole.
    async fn part(&mut self) -> Result<Bytes, TransferError> {
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
    async fn skip(&mut self, offset: u64) -> Result<(), TransferError> {
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
        let chunk = self.download.chunk().await?;
        if chunk.is_none() {
            self.walker.finish()?;
            self.ended = true;
        }
        Ok(chunk)
    }

    fn walked(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        self.walker.pass(bytes)?;
        self.passed += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.passed > LARGEST_VIDEO { Err(TransferError::TooLarge) } else { Ok(()) }
    }
}
