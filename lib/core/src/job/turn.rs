//! Turns and leases: who may act on an open job, and for how long nobody else may.

use super::{Job, Moved, Processing, State};
use crate::time::Timestamp;
use std::time::Duration;

/// How early a turn may be taken at most, and how late a job may be before a caller's poll hurries
/// it: queues and clocks are a little off, and a turn refused costs a whole cadence.
pub const TURN_TOLERANCE: Duration = Duration::from_secs(5);

/// Of a short cadence only a part is tolerated, or a doubled message would find the turn open
/// again.
const TOLERATED_PARTS: u32 = 3;

/// How long a submission may be on its way before its outcome counts as unknown: the longest that a
/// function which sends one may live (28 s for `submit-video`, 30 s for `poll-jobs`) and 30 s for
/// clocks that differ. A turn may be taken 5 s early, which is part of those.
pub const SUBMIT_LEASE: Duration = Duration::from_secs(30 + 30);

/// The slowest cadence. A job of an hour is asked about every minute; a caller never waits longer
/// than this for a finished one.
const SLOWEST: Duration = Duration::from_secs(60);

/// A render that outlives the request to stop by an hour is rare. Its job is looked at less often
/// then: what waits for it is a hold of money, which may last a few minutes longer.
const SLOWEST_WHILE_STOPPING: Duration = Duration::from_secs(5 * 60);
const STOPPING_FOR_LONG: Duration = Duration::from_secs(60 * 60);

/// The cadence follows the age of the job: one part in ten, so that a check is never late by more
/// than a tenth of the wait.
const AGE_PARTS: u32 = 10;

impl Job {
    /// How long from now until the next look: the model's cadence at first, a tenth of the job's
    /// age later, never over 60 s. A render that was asked to stop over an hour ago is looked at
    /// every five minutes.
    pub fn cadence(&self, now: Timestamp) -> Duration {
        let first = Duration::from_secs(u64::from(self.terms.poll_every_s()));
        let slowest = match &self.stop {
            Some(stop) if self.is_open() && now.since(stop.requested) > STOPPING_FOR_LONG => {
                SLOWEST_WHILE_STOPPING
            }
            _ => SLOWEST,
        };
        (now.since(self.created) / AGE_PARTS).clamp(first, slowest.max(first))
    }

    /// From when on its turn may be taken, while it is open. Whoever comes then is before the
    /// message that comes when it is due.
    pub fn turn_opens(&self) -> Timestamp {
        let cadence = Duration::from_secs(u64::from(self.terms.poll_every_s()));
        self.due.before(TURN_TOLERANCE.min(cadence / TOLERATED_PARTS))
    }

    /// Whether somebody may act on it now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.is_open() && self.turn_opens() <= now
    }

    /// Takes the turn for `length`: applied when the job is due, already over or somebody else's
    /// otherwise.
    pub fn turn(self, now: Timestamp, length: Duration) -> Moved {
        if !self.is_due(now) {
            return Moved::Already(self);
        }
        let state = self.state.clone();
        self.written(now.after(length), state)
    }

    /// Whether it may be ended now, although it may not be due. Between two looks `due` lies ahead
    /// and nobody acts; whoever wants the job ended need not wait for it. Everybody writes over the
    /// revision that was read, so whoever is in the middle of something finds himself overtaken and
    /// does nothing more. State by state, what that may cost:
    ///
    /// - Pending without a lease: nothing. Nobody has sent it, and who is about to has to write the
    ///   lease first.
    /// - Pending with a lease: a submission may be on its way, and what the provider calls it would
    ///   be lost. Only when the lease is over.
    /// - Processing without a file: nothing. A look that is under way may have learnt something
    ///   that it cannot write any more, and the provider says it again to whoever asks it to stop.
    ///   But a `due` that lies further ahead than a look puts it is an [early
    ///   turn](Self::early_turn) of somebody else: a second one would only overtake the first.
    /// - Processing with its file: two would write to one upload, or a video that is paid for would
    ///   be lost just before its charge. Only when the transfer's turn is over.
    /// - Final: never.
    pub fn may_be_ended(&self, now: Timestamp) -> bool {
        match &self.state {
            State::Pending { lease_until: None } => true,
            State::Processing(Processing { file: None, .. }) => {
                self.due <= now.after(self.look_ahead(now))
            }
            _ => self.is_due(now),
        }
    }

    /// Takes the turn to end the job, as soon as [that may be](Self::may_be_ended). Who wants the
    /// same may do so about `length` later, should this one have died, and everybody else a look
    /// after that.
    pub fn early_turn(self, now: Timestamp, length: Duration) -> Moved {
        if !self.may_be_ended(now) {
            return Moved::Already(self);
        }
        let (due, state) = (now.after(self.look_ahead(now) + length), self.state.clone());
        self.written(due, state)
    }

    /// The furthest that a look, by a clock that is a little ahead, puts the next one.
    fn look_ahead(&self, now: Timestamp) -> Duration {
        self.cadence(now) + TURN_TOLERANCE
    }

    /// Takes the turn and the lease for sending a pending job to its provider.
    pub fn leased(self, now: Timestamp) -> Moved {
        match self.state {
            State::Pending { lease_until: None } if self.is_due(now) => {
                let until = now.after(SUBMIT_LEASE);
                self.written(until, State::Pending { lease_until: Some(until) })
            }
            State::Pending { .. } => Moved::Already(self),
            _ => Moved::Illegal(self),
        }
    }

    /// Gives the turn back early, because something went wrong: the next one may be taken `wait`
    /// from now.
    pub fn again_after(self, why: &str, now: Timestamp, wait: Duration) -> Moved {
        if self.is_open() {
            self.troubled(why, now).again_in(now, wait)
        } else {
            Moved::Illegal(self)
        }
    }

    /// Gives the turn back early: the next one may be taken `wait` from now.
    pub fn again_in(self, now: Timestamp, wait: Duration) -> Moved {
        if !self.is_open() {
            return Moved::Illegal(self);
        }
        let state = self.state.clone();
        self.written(now.after(wait), state)
    }

    /// The file could not be stored this time, because something went wrong. The next attempt may
    /// begin `wait` from now.
    pub fn not_stored(mut self, why: &str, now: Timestamp, wait: Duration) -> Moved {
        match &mut self.state {
            State::Processing(Processing { file: Some(file), .. }) => {
                file.tried = true;
                self.again_after(why, now, wait)
            }
            _ => Moved::Illegal(self),
        }
    }
}
