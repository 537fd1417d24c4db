//! What the functions of this thread's run have logged.

use std::cell::RefCell;
use std::io;
use std::sync::Once;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

/// The crates whose logs are the product's; simulators may log what they like.
const OURS: [&str; 7] =
    ["ghub", "submit_video", "get_video", "unknown_route", "poll_jobs", "store_video", "sweep_jobs"];

thread_local! {
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Starts logging, once for the process, and forgets what this thread has logged.
pub fn begin() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let ours = Targets::new().with_targets(OURS.map(|target| (target, LevelFilter::INFO)));
        let format = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(ThisThread);
        let subscriber = tracing_subscriber::registry().with(ours).with(format);
        drop(tracing::subscriber::set_global_default(subscriber)); // a program that logs otherwise is left alone
    });
    LOG.with_borrow_mut(Vec::clear);
}

/// What this thread has logged since.
pub fn taken() -> String {
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
