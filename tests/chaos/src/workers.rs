//! Spreads runs over the machine's processors. Each run has its own thread, so it does not matter
//! which runs share a processor.

use crate::aside::Aside;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Does the work of each item, in any order. The results are in the order of the items.
pub fn each<I: Sync, T: Send>(items: &[I], work: impl Fn(&I, &Aside) -> T + Sync) -> Vec<T> {
    each_until(items, |_| false, work)
}

/// As [`each`], but begins no further item once a result is enough. Items begin in order, so all
/// items before that result have theirs too.
pub fn each_until<I: Sync, T: Send>(
    items: &[I],
    enough: impl Fn(&T) -> bool + Sync,
    work: impl Fn(&I, &Aside) -> T + Sync,
) -> Vec<T> {
    let (next, over, done) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(Vec::new()));
    let workers =
        std::thread::available_parallelism().map_or(1, usize::from).min(items.len().max(1));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let aside = Aside::start();
                while !over.load(Ordering::SeqCst) {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    let Some(item) = items.get(at) else { break };
                    let result = work(item, &aside);
                    over.fetch_or(enough(&result), Ordering::SeqCst);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
