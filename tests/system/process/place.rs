//! Where a system runs: its directory and its ports.

use super::{PROGRAM, Process};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

/// A name that a shell reads as it stands only in quotes.
const DATA: &str = "a person's data";

/// Where a system keeps its data and where it answers, both the same after a restart.
pub(crate) struct Place {
    pub(crate) directory: Directory,
    pub(crate) port: u16,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: Directory::new(), port: seven_free_ports() }
    }

    /// Starts the program here and waits until it is ready.
    pub(crate) fn start(&self) -> Process {
        Process::start(self.up(), &self.directory)
    }

    /// With what it logs from this level on.
    pub(crate) fn start_logging(&self, level: &str) -> Process {
        let mut command = self.up();
        command.env("RUST_LOG", level);
        Process::start(command, &self.directory)
    }

    /// The command line that starts the system here and says in JSON when it is ready.
    pub(crate) fn up(&self) -> Command {
        let mut command = self.local("up");
        command.args(["--json", "--port", &self.port.to_string()]);
        command
    }

    /// A command of the program on the data here, with none of the variables that say what is real.
    pub(crate) fn local(&self, command: &str) -> Command {
        let mut local = Command::new(&*PROGRAM);
        local.args([command, "--fast", "--data-dir"]).arg(self.directory.path().join(DATA));
        local
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .stdin(Stdio::null());
        local
    }

    /// What the programs that were started here have logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// The data, for a system that this process starts itself.
    pub(crate) fn data(&self) -> local::place::Data {
        local::place::Data::Directory(self.directory.path().join(DATA))
    }
}

/// A directory of its own, removed at the end.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir()
            .join(format!("geekhub-video-test-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&path).expect("the temporary directory can be written");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // what cannot be removed is the operating system's to clean up
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The first of seven free ports in a row. They are below those that systems hand out by
/// themselves, so they are still free when a killed system wants them again.
fn seven_free_ports() -> u16 {
    const FIRST: u16 = 20_000;
    const BLOCKS: u16 = 1_800;
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // runs at the same time begin elsewhere
    let own = u16::try_from(std::process::id() % u32::from(BLOCKS)).unwrap_or(0);
    for _ in 0..BLOCKS {
        let block = (own + TAKEN.fetch_add(1, Ordering::SeqCst)) % BLOCKS;
        let first = FIRST + block * 7;
        let listeners: Result<Vec<_>, _> =
            (first..first + 7).map(|port| TcpListener::bind(("127.0.0.1", port))).collect();
        if listeners.is_ok() {
            return first;
        }
    }
    panic!("no seven ports in a row are free")
}
