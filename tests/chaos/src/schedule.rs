//! Which step meets which fault: nothing, one chosen place, a dependency that is away for a while,
//! or what a seed draws.

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

/// Decides what happens to steps.
pub trait Plan: Send + Sync {
    /// What happens to this one.
    fn fault(&self, step: &Step, sent: &Sent) -> Option<Fault>;
}

/// Nothing goes wrong.
pub struct Calm;

impl Plan for Calm {
    fn fault(&self, _: &Step, _: &Sent) -> Option<Fault> {
        None
    }
}

/// One step meets one fault.
pub struct Once {
    /// Which step.
    pub place: Place,
    /// What happens to it.
    pub fault: Fault,
}

impl Plan for Once {
    fn fault(&self, step: &Step, _: &Sent) -> Option<Fault> {
        (step.place == self.place).then_some(self.fault)
    }
}

/// A dependency is away for a while.
pub struct Outage {
    /// Who.
    pub peer: Peer,
    /// From when to when, counted from the beginning of the run.
    pub during: Range<Duration>,
    /// How it is away.
    pub fault: Fault,
    /// The beginning of the run.
    pub started: Instant,
}

impl Plan for Outage {
    fn fault(&self, step: &Step, _: &Sent) -> Option<Fault> {
        (step.peer == self.peer && self.during.contains(&self.started.elapsed()))
            .then_some(self.fault)
    }
}

/// The file hosts of some orders take a request and say nothing, for a while.
pub struct SilentFiles {
    /// Whose.
    pub of: Range<usize>,
    /// Until when, counted from the beginning of the run.
    pub until: Duration,
    /// The beginning of the run.
    pub started: Instant,
}

impl Plan for SilentFiles {
    fn fault(&self, step: &Step, _: &Sent) -> Option<Fault> {
        let is_meant =
            step.asks == "file" && step.about.is_some_and(|order| self.of.contains(&order));
        (is_meant && self.started.elapsed() < self.until).then_some(Fault::Silence)
    }
}

/// Providers answer some steps with errors, and each order has two to four further faults on its
/// way.
pub struct Random {
    seed: u64,
    provider_errors_percent: u8,
    ahead: Mutex<BTreeMap<usize, Vec<(u32, Fault)>>>,
}

/// The operator's steps are few, so they are disturbed often.
const OPERATORS_FAULTS_PERCENT: u8 = 25;
/// An order's way has about as many steps, its doubled messages' included.
const STEPS_OF_AN_ORDER: u32 = 60;

impl Random {
    /// Draws the schedules of so many orders.
    pub fn new(seed: u64, orders: usize, provider_errors_percent: u8) -> Self {
        let mut drawn = fastrand::Rng::with_seed(seed);
        let ahead = (0..orders).map(|order| {
            let faults =
                (0..drawn.u8(2..=4)).map(|_| (drawn.u32(0..STEPS_OF_AN_ORDER), any(&mut drawn)));
            (order, faults.collect())
        });
        Self { seed, provider_errors_percent, ahead: Mutex::new(ahead.collect()) }
    }

    /// Counts the step on each schedule that it may be part of, and takes the fault that is due.
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

/// What a provider in trouble answers.
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

/// The first submissions of a run are refused for load, before what another plan decides.
pub struct Refusing<P> {
    left: AtomicU32,
    then: P,
}

impl<P> Refusing<P> {
    /// So many submissions.
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
