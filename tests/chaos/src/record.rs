//! What a run has seen: every step with what happened to it, which job came of which order, and
//! what was wrong.

use crate::fault::Fault;
use crate::step::Step;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A step that came to the turnstile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// When, from the beginning of the run.
    pub at_ms: u64,
    /// Which.
    pub step: Step,
    /// What happened to it.
    pub fault: Option<Fault>,
}

/// The record of one run. Clones share it.
#[derive(Clone, Default)]
pub struct Record {
    inner: Arc<Mutex<Inner>>,
    on_their_way: Arc<AtomicUsize>,
}

/// A step that has left and not arrived, until it is dropped.
pub struct OnItsWay(Arc<AtomicUsize>);

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Default)]
struct Inner {
    steps: Vec<Noted>,
    orders: BTreeMap<String, usize>,
    wrong: Vec<String>,
    deaths_before_sending: usize,
}

impl Record {
    /// Notes a step.
    pub fn note(&self, at_ms: u64, step: &Step, fault: Option<Fault>) {
        self.inner().steps.push(Noted { at_ms, step: step.clone(), fault });
    }

    /// A step has left.
    pub fn leaves(&self) -> OnItsWay {
        self.on_their_way.fetch_add(1, Ordering::SeqCst);
        OnItsWay(self.on_their_way.clone())
    }

    /// How many steps have left and not arrived.
    pub fn on_their_way(&self) -> usize {
        self.on_their_way.load(Ordering::SeqCst)
    }

    /// Learns which order a job is for.
    pub fn learn(&self, job: &str, order: usize) {
        self.inner().orders.insert(job.to_owned(), order);
    }

    /// The order that a job is for.
    pub fn order_of(&self, job: &str) -> Option<usize> {
        self.inner().orders.get(job).copied()
    }

    /// Something must never happen, and did.
    pub fn wrong(&self, what: String) {
        let mut inner = self.inner();
        if !inner.wrong.contains(&what) {
            inner.wrong.push(what);
        }
    }

    /// Everything that was wrong.
    pub fn wrongs(&self) -> Vec<String> {
        self.inner().wrong.clone()
    }

    /// Every step.
    pub fn steps(&self) -> Vec<Noted> {
        self.inner().steps.clone()
    }

    /// What happened to steps that may have been about this order.
    pub fn faults_of(&self, order: usize) -> Vec<Noted> {
        let inner = self.inner();
        inner
            .steps
            .iter()
            .filter(|noted| noted.fault.is_some() && noted.step.orders.contains(&order))
            .cloned()
            .collect()
    }

    /// The invocations that had an order's lease, or handed its job to the provider.
    pub fn senders_of(&self, order: usize) -> BTreeSet<u32> {
        let inner = self.inner();
        let sends = |step: &Step| step.about == Some(order) && (step.leases || step.submits());
        inner
            .steps
            .iter()
            .filter(|noted| sends(&noted.step))
            .map(|noted| noted.step.place.invocation)
            .collect()
    }

    /// Whether a request that hands an order's job to its provider has left.
    pub fn was_sent(&self, order: usize) -> bool {
        let left =
            |noted: &Noted| !matches!(noted.fault, Some(Fault::NotSent | Fault::DeathBefore));
        let inner = self.inner();
        inner
            .steps
            .iter()
            .any(|noted| noted.step.submits() && noted.step.about == Some(order) && left(noted))
    }

    /// Whether an invocation that had an order's lease has died.
    pub fn sender_died(&self, order: usize) -> bool {
        let senders = self.senders_of(order);
        let is_death = |fault| {
            matches!(fault, Some(Fault::DeathBefore | Fault::DeathAfter | Fault::Orphaned(_)))
        };
        let inner = self.inner();
        inner
            .steps
            .iter()
            .any(|noted| senders.contains(&noted.step.place.invocation) && is_death(noted.fault))
    }

    /// An order's sender died between the lease and the request to the provider.
    pub fn note_death_before_sending(&self) {
        self.inner().deaths_before_sending += 1;
    }

    /// How many orders' senders died there.
    pub fn deaths_before_sending(&self) -> usize {
        self.inner().deaths_before_sending
    }

    /// The steps as text, one a line: equal for equal runs.
    pub fn text(&self) -> String {
        self.inner().steps.iter().fold(String::new(), |mut text, Noted { at_ms, step, fault }| {
            let fault = fault.map_or_else(String::new, |fault| format!("  <- {fault:?}"));
            let about = step.about.map_or_else(String::new, |order| format!("  order {order}"));
            writeln!(text, "{at_ms:>9} ms  {step}{about}{fault}")
                .expect("writing to a string succeeds");
            text
        })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
