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
    /// Whether a resumable upload that is kept is of no more use: another file stood at the address, or storage does not go on with it.
    /// `appended` says whether this attempt brought it further. One that is refused again where it was refused before never gets on,
    /// whatever the refusal says; one that took all bytes and left no file is another file's.
    fn spoils_the_upload(&self, appended: bool) -> bool {
        match self {
            Self::NotAnMp4(_) | Self::Storage(StorageError::Size { .. } | StorageError::Location) => true,
            Self::Storage(error @ StorageError::Refused { step: "append", .. }) => {
                error.forgets_the_upload() || (!appended && error.is_an_answer())
            }
            Self::Storage(StorageError::Refused { step: "info", status: 404, .. }) => true,
            _ => false,
        }
    }
}

/// The file as it passes: counted and walked.
struct Source {
    download: Download,
    /// As the file host says it, where that can be.
    length: Option<u64>,
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
        let mut appended = false;
        let copied = self.copy(job, processing, file, &mut appended).await;
        if copied.as_ref().is_err_and(|error| error.spoils_the_upload(appended)) {
            self.remember(job, None).await?;
        }
        copied
    }

    async fn copy(
        &self,
        job: &mut Job,
        processing: &Processing,
        file: &File,
        appended: &mut bool,
    ) -> Result<String, TransferError> {
        let path = Storage::path(job.org, job.id);
        let mut source = self.source(processing, file).await?;
        let resumed = match &file.upload_url {
            Some(url) => self.storage.offset(url).await?.map(|offset| (url.clone(), offset)),
            None => None,
        };
        if let Some((url, offset)) = resumed {
            source.skip(offset).await?;
            self.append(&url, offset, &mut source, appended).await?;
        } else {
            let first = source.part().await?;
            if source.ended {
                self.storage.upload(&path, first).await?;
            } else {
                let url = self.storage.begin(&path, source.length).await?;
                let offset = self.send(&url, 0, first, None).await?;
                *appended = true;
                self.remember(job, Some(url.clone())).await?; // a location is kept once it took a part
                self.append(&url, offset, &mut source, appended).await?;
            }
        }
        self.storage.confirm(&path, source.passed).await?;
        Ok(self.storage.public_url(&path))
    }

    /// Opens the file. A length that no video has is no verdict, for it may be false: the bytes that come are counted once, and only then
    /// is anything begun.
    async fn source(&self, processing: &Processing, file: &File) -> Result<Source, TransferError> {
        let place = || self.providers.file(&processing.handle, &file.url).map_err(TransferError::NoSource);
        let mut source = Source::new(self.downloads.open(place()?).await?);
        if source.says_too_much() {
            source.skip(u64::MAX).await?;
            source = Source::new(self.downloads.open(place()?).await?);
        }
        Ok(source)
    }

    /// Sends what is left of the file. The last part goes only after the whole file was seen to be one.
    async fn append(
        &self,
        url: &str,
        mut offset: u64,
        source: &mut Source,
        appended: &mut bool,
    ) -> Result<(), TransferError> {
        while !source.ended {
            let part = source.part().await?;
            let length = (source.ended && source.length.is_none()).then_some(source.passed);
            if !part.is_empty() || length.is_some() {
                offset = self.send(url, offset, part, length).await?;
                *appended = true;
            }
        }
        if offset == source.passed {
            Ok(())
        } else {
            Err(StorageError::Size { expected: source.passed, found: offset }.into())
        }
    }

    /// Sends a part. Storage takes it whole: else the next one would stand in a wrong place.
    async fn send(&self, url: &str, offset: u64, part: Bytes, length: Option<u64>) -> Result<u64, TransferError> {
        let expected = offset + u64::try_from(part.len()).unwrap_or(u64::MAX);
        match self.storage.append(url, offset, part, length).await? {
            arrived if arrived == expected => Ok(arrived),
            found => Err(StorageError::Size { expected, found }.into()),
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
        let length = download.length().filter(|length| *length <= LARGEST_VIDEO);
        Self { download, length, rest: Bytes::new(), walker: Walker::default(), passed: 0, ended: false }
    }

    /// Whether the file host says a length that no video has.
    fn says_too_much(&self) -> bool {
        self.length.is_none() && self.download.length().is_some()
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
        let chunk = match self.download.chunk().await {
            // The end that was promised does not come; whether this is one, the walk says.
            Err(_) if self.says_too_much() && self.walker.finish().is_ok() => None,
            chunk => chunk?,
        };
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
