//! The record of a run: every step with its fault, which job belongs to which order, and what was
//! wrong.

use crate::fault::Fault;
use crate::step::Step;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A step that came to the turnstile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// Milliseconds since the beginning of the run.
    pub at_ms: u64,
    pub step: Step,
    /// The fault that it met.
    pub fault: Option<Fault>,
}

/// The record of one run. Clones share it.
#[derive(Clone, Default)]
pub struct Record {
    inner: Arc<Mutex<Inner>>,
    on_their_way: Arc<AtomicUsize>,
}

/// Counts as a step under way until it is dropped.
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
    /// Adds a step to the record.
    pub fn note(&self, at_ms: u64, step: &Step, fault: Option<Fault>) {
        self.inner().steps.push(Noted { at_ms, step: step.clone(), fault });
    }

    /// Counts a step as under way.
    pub fn leaves(&self) -> OnItsWay {
        self.on_their_way.fetch_add(1, Ordering::SeqCst);
        OnItsWay(self.on_their_way.clone())
    }

    /// How many steps are under way.
    pub fn on_their_way(&self) -> usize {
        self.on_their_way.load(Ordering::SeqCst)
    }

    /// Records which order a job belongs to.
    pub fn learn(&self, job: &str, order: usize) {
        self.inner().orders.insert(job.to_owned(), order);
    }

    /// The order that a job belongs to.
    pub fn order_of(&self, job: &str) -> Option<usize> {
        self.inner().orders.get(job).copied()
    }

    /// Records something that must never happen, once.
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

    /// Whether something was wrong.
    pub fn has_wrong(&self) -> bool {
        !self.inner().wrong.is_empty()
    }

    /// All steps of the run.
    pub fn steps(&self) -> Vec<Noted> {
        self.inner().steps.clone()
    }

    /// The faults of the steps that may have been about this order.
    pub fn faults_of(&self, order: usize) -> Vec<Noted> {
        let inner = self.inner();
        inner
            .steps
            .iter()
            .filter(|noted| noted.fault.is_some() && noted.step.orders.contains(&order))
            .cloned()
            .collect()
    }

    /// The invocations that wrote an order's lease or sent its job to the provider.
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

    /// Whether a submission of an order's job was sent.
    pub fn was_sent(&self, order: usize) -> bool {
        let left =
            |noted: &Noted| !matches!(noted.fault, Some(Fault::NotSent | Fault::DeathBefore));
        let inner = self.inner();
        inner
            .steps
            .iter()
            .any(|noted| noted.step.submits() && noted.step.about == Some(order) && left(noted))
    }

    /// Whether one of an order's senders died.
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

    /// Whether a transaction that accepts an order was committed after the last refusal of it: its
    /// sender had died, and DynamoDB was late.
    pub fn was_accepted_late(&self, order: usize) -> bool {
        let inner = self.inner();
        let accepts = |noted: &&Noted| {
            noted.step.about == Some(order)
                && noted.step.function == "submit-video"
                && noted.step.asks.starts_with("TransactWriteItems")
        };
        let mut refused_at_ms = 0;
        let mut committed_at_ms = 0;
        for Noted { at_ms, fault, .. } in inner.steps.iter().filter(accepts) {
            match fault {
                Some(Fault::Orphaned(late)) => {
                    let late_ms = u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
                    committed_at_ms = committed_at_ms.max(at_ms.saturating_add(late_ms));
                }
                _ => refused_at_ms = refused_at_ms.max(*at_ms),
            }
        }
        committed_at_ms > refused_at_ms
    }

    /// Counts an order whose sender died between the lease and the submission.
    pub fn note_death_before_sending(&self) {
        self.inner().deaths_before_sending += 1;
    }

    /// How many orders' senders died between the lease and the submission.
    pub fn deaths_before_sending(&self) -> usize {
        self.inner().deaths_before_sending
    }

    /// The steps as text, one in a line. Equal runs have equal texts.
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
