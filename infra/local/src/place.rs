//! Where a local system lives: its ports and its data.

use crate::simulators::SERVICES;
use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Seek, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;

/// Where the API is unless told otherwise.
pub const DEFAULT_PORT: u16 = 9000;
/// The API's port may be at most this one: six more follow it.
pub const HIGHEST_PORT: u16 = u16::MAX - LAST_PORT;

/// The ports of the parts that are no service's, counted from the API's.
pub(crate) const API: u16 = 0;
pub(crate) const DYNAMODB: u16 = 1;
pub(crate) const SQS: u16 = 2;
pub(crate) const SECRETS_MANAGER: u16 = 6;

/// The last port, counted from the API's.
const LAST_PORT: u16 = {
    let (mut last, mut at) = (SECRETS_MANAGER, 0);
    while at < SERVICES.len() {
        if SERVICES[at].port > last {
            last = SERVICES[at].port;
        }
        at += 1;
    }
    last
};

/// Which ports are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// The API on this one, the parts behind it on the next six. Addresses that were handed out
    /// stay good over a restart.
    From(u16),
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

impl Ports {
    /// A listener on loopback, at so many ports after the API's. An error says which port it was,
    /// and how to choose others.
    pub(crate) async fn listen(self, offset: u16) -> Result<(TcpListener, String), String> {
        let port = match self {
            Self::From(first) => first.checked_add(offset).ok_or_else(|| {
                format!(
                    "--port {first} leaves no room for the {LAST_PORT} ports after it: choose \
                     {HIGHEST_PORT} or less"
                )
            })?,
            Self::Free => 0,
        };
        let unusable = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => format!(
                "port {port} of 127.0.0.1 is in use, perhaps by another local system. Stop that program, or choose other \
                 ports: --port 9100 takes 9100 to {}, --port 0 takes free ones",
                9100 + LAST_PORT
            ),
            io::ErrorKind::PermissionDenied => {
                format!(
                    "port {port} of 127.0.0.1 is not yours to use: choose one above 1023, such as --port 9100"
                )
            }
            _ => format!("port {port} of 127.0.0.1 cannot be used: {error}"),
        };
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .await
            .map_err(unusable)?;
        let origin =
            format!("http://{}", listener.local_addr().map_err(|error| error.to_string())?);
        Ok((listener, origin))
    }
}

impl Data {
    /// Whether it outlives the process.
    pub(crate) const fn is_kept(&self) -> bool {
        matches!(self, Self::Directory(_))
    }

    /// The directory, made if it is not there, and locked: two systems in one would write over each
    /// other's files.
    pub(crate) fn open(&self) -> Result<Scratch, String> {
        let path = match self {
            Self::Directory(path) => path.clone(),
            Self::Memory => std::env::temp_dir()
                .join(format!("geekhub-video-{}", uuid::Uuid::new_v4().simple())),
        };
        let absolute = std::path::absolute(&path).unwrap_or(path.clone());
        std::fs::create_dir_all(&path).map_err(|error| unusable(&absolute, &error))?;
        let path = path.canonicalize().map_err(|error| unusable(&absolute, &error))?;
        let lock = Lock::taken(&path)?;
        for part in SERVICES.iter().flat_map(|service| service.folders) {
            let refused = |error: io::Error| unusable(&path, &format!("{part}: {error}"));
            let directory = path.join(part);
            std::fs::create_dir_all(&directory)
                .and_then(|()| writable(&directory))
                .map_err(refused)?;
        }
        Ok(Scratch { path, lock, removed_at_the_end: !self.is_kept() })
    }
}

fn unusable(directory: &Path, why: &dyn fmt::Display) -> String {
    format!(
        "the data folder {} cannot be used: {why}. Give another one with --data-dir",
        directory.display()
    )
}

/// Writes a file in the directory and removes it.
fn writable(directory: &Path) -> io::Result<()> {
    let probe = directory.join("writable");
    std::fs::write(&probe, "")?;
    std::fs::remove_file(probe)
}

/// The directory in which a running system keeps its files.
pub(crate) struct Scratch {
    path: PathBuf,
    lock: Lock,
    removed_at_the_end: bool,
}

impl Scratch {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file in the directory.
    pub(crate) fn write(&self, name: &str, content: &str) -> Result<(), String> {
        let file = self.path.join(name);
        std::fs::write(&file, content)
            .map_err(|error| format!("{} cannot be written: {error}", file.display()))
    }

    /// Says where this system answers, to a process that finds the directory locked.
    pub(crate) fn answers_at(&self, api: &str) {
        self.lock.says(&format!("process {}, which answers at {api}", std::process::id()));
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.removed_at_the_end {
            // what cannot be removed is the operating system's to clean up
            drop(std::fs::remove_dir_all(&self.path));
        }
    }
}

/// The lock on a directory: the operating system's, on a file in it, so that it ends with the
/// process, however that ends.
struct Lock(File);

impl Lock {
    fn taken(directory: &Path) -> Result<Self, String> {
        let path = directory.join("lock");
        let refused = |error: io::Error| unusable(directory, &format!("lock: {error}"));
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = std::fs::read_to_string(&path).unwrap_or_default();
                let holder = if holder.is_empty() { "another local system" } else { &holder };
                return Err(format!(
                    "the data folder {} is in use by {holder}. Stop that, or give this one a folder of its own with \
                     --data-dir",
                    directory.display()
                ));
            }
            Err(TryLockError::Error(error)) => return Err(refused(error)),
        }
        let lock = Self(file);
        lock.says(&format!("process {}", std::process::id()));
        Ok(lock)
    }

    /// Only for the message of who finds it locked: the lock holds without it.
    fn says(&self, holder: &str) {
        let mut file = &self.0;
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(holder.as_bytes()));
        if let Err(error) = written {
            tracing::debug!(%error, "the lock does not say who has it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Data {
        Data::Directory(
            std::env::temp_dir().join(format!("geekhub-video-{}", uuid::Uuid::new_v4().simple())),
        )
    }

    #[test]
    fn a_folder_that_is_in_use_says_who_has_it_until_they_are_gone() {
        let data = directory();
        let scratch = data.open().unwrap();
        let says = |data: &Data| data.open().err().unwrap();
        let (path, process) = (scratch.path().display(), std::process::id());
        assert_eq!(
            says(&data),
            format!(
                "the data folder {path} is in use by process {process}. Stop that, or give this one a folder of its own \
                 with --data-dir"
            )
        );
        scratch.answers_at("http://127.0.0.1:9000/v1");
        let holder =
            format!("in use by process {process}, which answers at http://127.0.0.1:9000/v1. Stop");
        assert!(says(&data).contains(&holder), "{}", says(&data));
        let path = scratch.path().to_owned();
        drop(scratch);
        drop(data.open().unwrap());
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_named() {
        let Data::Directory(file) = directory() else { panic!("it is a directory") };
        std::fs::write(&file, "no folder").unwrap();
        let says = Data::Directory(file.join("data")).open().err().unwrap();
        let named = format!("the data folder {} cannot be used: ", file.join("data").display());
        assert!(
            says.starts_with(&named) && says.ends_with(". Give another one with --data-dir"),
            "{says}"
        );
        std::fs::remove_file(file).unwrap();

        for part in ["fal", "google", "storage", "storage/uploads", "lock"] {
            let data = directory();
            let Data::Directory(path) = &data else { panic!("it is a directory") };
            let part_path = path.join(part);
            std::fs::create_dir_all(part_path.parent().unwrap()).unwrap();
            if part == "lock" {
                std::fs::create_dir(&part_path).unwrap(); // a folder in a file's place
            } else {
                std::fs::write(&part_path, "no folder").unwrap();
            }
            let says = data.open().err().unwrap();
            let named = format!(
                "the data folder {} cannot be used: {part}",
                path.canonicalize().unwrap().display()
            );
            assert!(
                says.starts_with(&named) && says.ends_with(". Give another one with --data-dir"),
                "{says}"
            );
            std::fs::remove_dir_all(path).unwrap();
        }
    }

    #[tokio::test]
    async fn a_port_that_is_in_use_says_how_to_choose_another() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let says = Ports::From(port).listen(API).await.unwrap_err();
        assert!(
            says.starts_with(&format!("port {port} of 127.0.0.1 is in use"))
                && says.contains("--port"),
            "{says}"
        );
        let says = Ports::From(u16::MAX).listen(SECRETS_MANAGER).await.unwrap_err();
        assert_eq!(
            says,
            "--port 65535 leaves no room for the 6 ports after it: choose 65529 or less"
        );
    }
}
