//! A thread for work that waits on the real world. The storage simulator reads and writes files.
//! Virtual time must not see its waits, and their order must not decide anything. So each exchange
//! with it runs here from beginning to end while the run stands still.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc;

type Work = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// A handle of the thread. The thread ends when the handle is dropped.
#[derive(Clone)]
pub struct Aside {
    work: mpsc::Sender<Work>,
}

impl Aside {
    /// Starts the thread, with a runtime of its own on the real clock.
    pub fn start() -> Self {
        let (work, todo) = mpsc::channel::<Work>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime starts");
            while let Ok(work) = todo.recv() {
                runtime.block_on(work());
            }
        });
        Self { work }
    }

    /// Runs a future to its end, while this thread stands still.
    pub fn wait<T, F>(&self, future: impl FnOnce() -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (done, result) = mpsc::sync_channel(1);
        let work: Work = Box::new(move || {
            let future = future();
            Box::pin(async move {
                let value = future.await;
                drop(done.send(value)); // the caller is waiting in `recv`
            })
        });
        self.work.send(work).expect("the thread lives as long as its handle");
        result.recv().expect("the thread answers, or has panicked")
    }
}
