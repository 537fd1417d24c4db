//! The errors of fetching a file, as the operator reads them in the log.

use super::reading::{SILENCE, SLOWEST_BYTES_PER_S};
use crate::adapter::google::inline::NoInlineVideo;
use crate::outbound::WireError;

/// Why a file could not be fetched. A repeat is safe, and may help.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    #[error("the provider's file host did not answer")]
    Wire(#[from] WireError),
    /// No byte came for 20 s.
    #[error("the provider's file host was silent for {} s", SILENCE.as_secs())]
    Silent,
    /// Bytes came, but too slowly.
    #[error("the provider's file host sent less than {} KiB a second", SLOWEST_BYTES_PER_S >> 10)]
    Slow,
    /// The file host answered without the file.
    #[error("the provider's file host answered HTTP {0}")]
    Status(u16),
    /// The reply should have had the video in it, and has not.
    #[error(transparent)]
    Inline(#[from] NoInlineVideo),
    /// The address has no TLS, so an attacker on the network could replace the file. It is not
    /// called.
    #[error("the provider named a file on {0:?} without HTTPS; such a file is never fetched")]
    Plain(String),
    /// The address is on a host that is not allowed. It is not called.
    #[error(
        "the provider named a file on {0:?}, which is not one of its file hosts; DOWNLOAD_HOSTS allows further ones"
    )]
    Host(String),
}
