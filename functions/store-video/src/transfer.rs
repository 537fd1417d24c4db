//! From the provider's file host into storage, never holding more than a part of the file.

use super::StoreVideo;
use super::source::Source;
use bytes::Bytes;
use ghub::adapter::sandbox;
use ghub::download::DownloadError;
use ghub::failure::Failure;
use ghub::job::{File, Job, Processing};
use ghub::mp4::NotAnMp4;
use ghub::storage::{Storage, StorageError};
use ghub::store::{StoreError, Written};
use ghub::telemetry;
use std::time::Duration;

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
    #[error("the transfer did not end within {} s", .0.as_secs())]
    TooSlow(Duration),
    #[error("somebody else moved the job")]
    Overtaken,
}

impl TransferError {
    /// Whether a resumable upload that is kept is of no more use: another file stood at the
    /// address, or storage does not go on with it. `appended` says whether this attempt brought it
    /// further. One that is refused again where it was refused before never gets on, whatever the
    /// refusal says; one that took all bytes and left no file is another file's.
    fn spoils_the_upload(&self, appended: bool) -> bool {
        match self {
            Self::NotAnMp4(_)
            | Self::Storage(StorageError::Size { .. } | StorageError::Location) => true,
            Self::Storage(error @ StorageError::Refused { step: "append", .. }) => {
                error.forgets_the_upload() || (!appended && error.is_an_answer())
            }
            Self::Storage(StorageError::Refused { step: "info", status: 404, .. }) => true,
            _ => false,
        }
    }
}

impl StoreVideo {
    /// Copies the file and checks what is stored. Returns the public URL, which has answered. An
    /// upload that cannot become this file is forgotten, so that the next attempt begins anew.
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
        let path = Storage::path(job.org(), job.id());
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
                // a location is kept once it took a part
                self.remember(job, Some(url.clone())).await?;
                self.append(&url, offset, &mut source, appended).await?;
            }
        }
        self.storage.confirm(&path, source.passed).await?;
        Ok(self.storage.public_url(&path))
    }

    /// Opens the file. A length that no video has is no verdict, for it may be false: the bytes
    /// that come are counted once, and only then is anything begun.
    async fn source(&self, processing: &Processing, file: &File) -> Result<Source, TransferError> {
        let place =
            || self.providers.file(&processing.handle, &file.url).map_err(TransferError::NoSource);
        let mut source = Source::new(self.downloads.open(place()?).await?);
        if source.says_too_much() {
            source.skip(u64::MAX).await?;
            source = Source::new(self.downloads.open(place()?).await?);
        }
        Ok(source)
    }

    /// Sends what is left of the file. The last part goes only after the whole file was seen to be
    /// one.
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
    async fn send(
        &self,
        url: &str,
        offset: u64,
        part: Bytes,
        length: Option<u64>,
    ) -> Result<u64, TransferError> {
        let expected = offset + u64::try_from(part.len()).unwrap_or(u64::MAX);
        match self.storage.append(url, offset, part, length).await? {
            arrived if arrived == expected => Ok(arrived),
            found => Err(StorageError::Size { expected, found }.into()),
        }
    }

    /// The video that all sandbox jobs share. It is looked for once in the life of a warm function,
    /// and uploaded where it is not there.
    pub(crate) async fn share(&self) -> Result<String, StorageError> {
        let (path, video) = (Storage::SHARED_PATH, sandbox::VIDEO);
        let length = u64::try_from(video.len()).unwrap_or(u64::MAX);
        let look = async || -> Result<(), StorageError> {
            if self.storage.confirm(path, length).await.is_err() {
                self.storage.upload(path, video.into()).await?;
                self.storage.confirm(path, length).await?;
            }
            Ok(())
        };
        self.shared.get_or_try_init(look).await?;
        Ok(self.storage.public_url(path))
    }

    /// Keeps the upload's location on the job, so that another attempt goes on from where this one
    /// stops.
    async fn remember(
        &self,
        job: &mut Job,
        upload_url: Option<String>,
    ) -> Result<(), TransferError> {
        let moved = job.clone().uploading(upload_url);
        let Some(moved) = telemetry::applied(moved, "uploading") else { return Ok(()) };
        match self.store.write(&moved).await? {
            Written::Done => {
                *job = moved;
                Ok(())
            }
            Written::Overtaken => Err(TransferError::Overtaken),
        }
    }
}
