//! Where a local system lives: its ports and its data.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;

/// Where the API is unless told otherwise.
pub const DEFAULT_PORT: u16 = 9000;

/// Which ports are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// The API on this one, the parts behind it on the next six. Addresses that were handed out stay good over a restart.
    From(u16),
    /// Whatever is free.
    Free,
}

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// In a directory, there again after a restart.
    Directory(PathBuf),
    /// In memory, and files in a directory that is removed at the end.
    Memory,
}

/// A part of the system that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Api,
    DynamoDb,
    Sqs,
    Fal,
    Google,
    Storage,
    SecretsManager,
}

impl Ports {
    /// A listener for this part, on loopback.
    pub(crate) async fn listen(self, part: Part) -> io::Result<(TcpListener, String)> {
        let offset = match part {
            Part::Api => 0,
            Part::DynamoDb => 1,
            Part::Sqs => 2,
            Part::Fal => 3,
            Part::Google => 4,
            Part::Storage => 5,
            Part::SecretsManager => 6,
        };
        let port = match self {
            Self::From(first) => first.checked_add(offset).ok_or_else(|| io::Error::other("the port is too high"))?,
            Self::Free => 0,
        };
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(|error| {
            io::Error::new(error.kind(), format!("port {port} of 127.0.0.1 cannot be used: {error}"))
        })?;
        let origin = format!("http://{}", listener.local_addr()?);
        Ok((listener, origin))
    }
}

impl Data {
    /// Whether it outlives the process.
    pub(crate) const fn is_kept(&self) -> bool {
        matches!(self, Self::Directory(_))
    }

    /// The directory, made if it is not there.
    pub(crate) fn open(&self) -> io::Result<Scratch> {
        let path = match self {
            Self::Directory(path) => path.clone(),
            Self::Memory => std::env::temp_dir().join(format!("geekhub-video-{}", uuid::Uuid::new_v4().simple())),
        };
        std::fs::create_dir_all(&path)?;
        Ok(Scratch { path: path.canonicalize()?, removed_at_the_end: !self.is_kept() })
    }
}

/// The directory in which a running system keeps its files.
pub(crate) struct Scratch {
    path: PathBuf,
    removed_at_the_end: bool,
}

impl Scratch {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.removed_at_the_end {
            drop(std::fs::remove_dir_all(&self.path)); // what cannot be removed is the operating system's to clean up
        }
    }
}
