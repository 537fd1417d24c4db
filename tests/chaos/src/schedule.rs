//! Plans: which step meets which fault. A plan has no fault, one at a chosen place, an outage, or
//! what a seed draws.

use crate::fault::{Fault, Refusal};
use crate::network::{Peer, Sent};
use crate::step::{Place, Step};
use crate::turnstile::drawn;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Decides the fault of each step.
pub trait Plan: Send + Sync {
    /// The fault of this step.
    fn fault(&self, step: &Step, sent: &Sent) -> Option<Fault>;
}

/// A plan without faults.
pub struct Calm;

impl Plan for Calm {
    fn fault(&self, _: &Step, _: &Sent) -> Option<Fault> {
        None
    }
}

/// A plan with one fault at one step.
pub struct Once {
    pub place: Place,
    pub fault: Fault,
}

impl Plan for Once {
    fn fault(&self, step: &Step, _: &Sent) -> Option<Fault> {
        (step.place == self.place).then_some(self.fault)
    }
}

/// A plan in which a dependency is away for a while.
pub struct Outage {
    pub peer: Peer,
    /// From when to when, since the beginning of the run.
    pub during: Range<Duration>,
    /// The fault of each of its steps.
    pub fault: Fault,
    pub started: Instant,
}

impl Plan for Outage {
    fn fault(&self, step: &Step, _: &Sent) -> Option<Fault> {
        (step.peer == self.peer && self.during.contains(&self.started.elapsed()))
            .then_some(self.fault)
    }
}

/// A plan in which the file hosts of some orders accept requests and never answer, for a while.
pub struct SilentFiles {
    /// The orders whose hosts are silent.
    pub of: Range<usize>,
    /// Until when, since the beginning of the run.
    pub until: Duration,
    pub started: Instant,
}

impl Plan for SilentFiles {
    fn fault(&self, step: &Step, _: &Sent) -> Option<Fault> {
        let is_meant =
            step.asks == "file" && step.about.is_some_and(|order| self.of.contains(&order));
        (is_meant && self.started.elapsed() < self.until).then_some(Fault::Silence)
    }
}

/// A random plan. Providers answer some steps with errors, and each order meets two to four other
/// faults.
pub struct Random {
    seed: u64,
    provider_errors_percent: u8,
    ahead: Mutex<BTreeMap<usize, Vec<(u32, Fault)>>>,
}

/// The operator has few steps, so they meet many faults.
const OPERATORS_FAULTS_PERCENT: u8 = 25;
/// About the steps of an order, with those of doubled messages.
const STEPS_OF_AN_ORDER: u32 = 60;

impl Random {
    /// Draws the schedules of this many orders.
    pub fn new(seed: u64, orders: usize, provider_errors_percent: u8) -> Self {
        let mut drawn = fastrand::Rng::with_seed(seed);
        let ahead = (0..orders).map(|order| {
            let faults =
                (0..drawn.u8(2..=4)).map(|_| (drawn.u32(0..STEPS_OF_AN_ORDER), any(&mut drawn)));
            (order, faults.collect())
        });
        Self { seed, provider_errors_percent, ahead: Mutex::new(ahead.collect()) }
    }

    /// Counts the step on the schedule of each order, and takes the fault that is due.
    fn due(&self, orders: &[usize]) -> Option<Fault> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        for order in orders {
            let Some(schedule) = ahead.get_mut(order) else { continue };
            if found.is_none()
                && let Some(at) = schedule.iter().position(|(left, _)| *left == 0)
            {
                found = Some(schedule.remove(at).1);
            }
            schedule.iter_mut().for_each(|(left, _)| *left = left.saturating_sub(1));
        }
        found
    }
}

impl Plan for Random {
    fn fault(&self, step: &Step, _: &Sent) -> Option<Fault> {
        if let Some(fault) = self.due(&step.orders) {
            return Some(fault);
        }
        let mut drawn = drawn(self.seed ^ 0x5eed, step.place);
        if step.function == "admin" {
            return (drawn.u8(0..100) < OPERATORS_FAULTS_PERCENT).then(|| any(&mut drawn));
        }
        let errs = step.peer.is_provider() && drawn.u8(0..100) < self.provider_errors_percent;
        errs.then(|| error(&mut drawn))
    }
}

fn any(drawn: &mut fastrand::Rng) -> Fault {
    match drawn.u8(0..10) {
        0 => Fault::NotSent,
        1 | 2 => Fault::AnswerLost,
        3 => Fault::Silence,
        4 => Fault::Late(Duration::from_millis(drawn.u64(100..30_000))),
        5 => Fault::Refused(refusal(drawn)),
        6 => Fault::Truncated,
        7 => Fault::DeathBefore,
        8 => Fault::Orphaned(Duration::from_millis(drawn.u64(100..60_000))),
        _ => Fault::DeathAfter,
    }
}

/// Draws an error of a provider.
fn error(drawn: &mut fastrand::Rng) -> Fault {
    match drawn.u8(0..5) {
        0 => Fault::NotSent,
        1 => Fault::Truncated,
        2 => Fault::Refused(Refusal::TooMany),
        3 => Fault::Refused(Refusal::Internal),
        _ => Fault::Refused(Refusal::Unavailable),
    }
}

fn refusal(drawn: &mut fastrand::Rng) -> Refusal {
    match drawn.u8(0..4) {
        0 => Refusal::TooMany,
        1 => Refusal::Internal,
        2 => Refusal::Unavailable,
        _ => Refusal::Conflict,
    }
}

/// A plan in which the first submissions of a run are refused for load. Another plan decides all
/// else.
pub struct Refusing<P> {
    left: AtomicU32,
    then: P,
}

impl<P> Refusing<P> {
    /// Refuses this many submissions.
    pub const fn first(submissions: u32, then: P) -> Self {
        Self { left: AtomicU32::new(submissions), then }
    }
}

impl<P: Plan> Plan for Refusing<P> {
    fn fault(&self, step: &Step, sent: &Sent) -> Option<Fault> {
        let otherwise = self.then.fault(step, sent);
        let counts = step.submits()
            && self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        otherwise.or(counts.then_some(Fault::Refused(Refusal::TooMany)))
    }
}
