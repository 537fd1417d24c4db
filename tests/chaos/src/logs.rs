//! The logs of the functions of this thread's run.

use local::template::Template;
use std::cell::RefCell;
use std::io;
use std::sync::Once;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

thread_local! {
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Starts logging, once for the process, and clears this thread's log.
pub fn begin() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        // Only the product's crates are logged, not the simulators.
        let functions =
            Template::read().functions.into_iter().map(|function| function.name.replace('-', "_"));
        let ours = functions.chain(["ghub".to_owned()]).map(|target| (target, LevelFilter::INFO));
        let ours = Targets::new().with_targets(ours);
        let format =
            tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(ThisThread);
        let subscriber = tracing_subscriber::registry().with(ours).with(format);
        // A program with its own subscriber keeps it.
        drop(tracing::subscriber::set_global_default(subscriber));
    });
    LOG.with_borrow_mut(Vec::clear);
}

/// Takes the lines that this thread has logged since [`begin`].
pub fn take() -> String {
    LOG.with_borrow_mut(|log| String::from_utf8_lossy(&std::mem::take(log)).into_owned())
}

struct ThisThread;

impl MakeWriter<'_> for ThisThread {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

impl io::Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
