//! Turns and leases: which function may act on an open job now, and how long all others must wait.
//!
//! - **due**: a moment, written on each open job. A function acts on the job from then on, or up to
//!   5 s earlier ([`Job::turn_opens`]).
//! - **turn**: the right to act on the job. A function takes it by moving `due` to a later moment,
//!   in a write over the revision that it read. If two functions try, one write fails. That
//!   function does nothing. A turn ends by itself when the next one may be taken, so no function
//!   has to give it back.
//! - **lease**: a turn that also allows one submission to the provider. It is written on the job
//!   (`lease_until`) before the submission is sent. If the provider says that it did not take the
//!   job, the lease is removed, and a later turn sends the job again. If the lease ends without an
//!   outcome, the poller fails the job. It is never sent a second time.
//! - **look**: one request for the status of a render. No provider calls us when a render ends, so
//!   look follows look until the provider gives a verdict. The cadence is the time between two
//!   looks.
//!
//! A function may outlive its turn, and another may then act beside it. Only one of the two can
//! write: the other's write fails, since the revision is another one. Two looks at once do no harm.
//! Two submissions or two transfers would, so the lease and the turn of a transfer are longer than
//! the life of the functions that take them.

use super::{Job, Moved, Processing, State};
use crate::time::Timestamp;
use std::time::Duration;

/// How early a turn may be taken at most: queues and clocks are not exact, and a refused turn costs
/// a whole cadence. It is also how late a job must be before `get-video` sends a new message.
pub const TURN_TOLERANCE: Duration = Duration::from_secs(5);

/// A turn may be taken early by at most a third of the cadence. With more, the second copy of a
/// message could take another turn.
const TOLERATED_PARTS: u32 = 3;

/// How long the lease lasts. After it no function can still be sending the submission, and a
/// missing outcome is unknown.
///
/// It is the longest life of a function that sends one, and 30 s for clocks that differ.
/// `submit-video` lives 28 s, `poll-jobs` 30 s. The 5 s by which a turn may be early are part of
/// those 30 s.
pub const SUBMIT_LEASE: Duration = Duration::from_secs(30 + 30);

/// The longest time between two looks, as long as no message is lost and no function dies. A caller
/// waits no longer than this for a finished render.
const SLOWEST: Duration = Duration::from_secs(60);

/// The longest time between two looks once a render goes on for an hour after the request to stop.
/// That is rare, and the only thing that waits is a hold, which may last a few minutes longer.
const SLOWEST_WHILE_STOPPING: Duration = Duration::from_secs(5 * 60);
const STOPPING_FOR_LONG: Duration = Duration::from_secs(60 * 60);

/// The cadence is the job's age divided by this. So a look comes late by at most a tenth of the
/// time that the caller has waited.
const AGE_PARTS: u32 = 10;

impl Job {
    /// How long from now until the next look. It begins with the model's cadence and grows to a
    /// tenth of the job's age, at most 60 s. A render that was asked to stop over an hour ago is
    /// looked at every 5 minutes.
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

    /// The moment from which the turn of an open job may be taken: 5 s before `due`, or a third of
    /// the first cadence if that is less.
    pub fn turn_opens(&self) -> Timestamp {
        let cadence = Duration::from_secs(u64::from(self.terms.poll_every_s()));
        self.due.before(TURN_TOLERANCE.min(cadence / TOLERATED_PARTS))
    }

    /// Whether the job is open and its turn may be taken now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.is_open() && self.turn_opens() <= now
    }

    /// Takes the turn for `length`: `due` moves to `now + length`. `Already` means that the job is
    /// final, or that another function has the turn. A doubled message ends there.
    pub fn turn(self, now: Timestamp, length: Duration) -> Moved {
        if !self.is_due(now) {
            return Moved::Already(self);
        }
        let state = self.state.clone();
        self.written(now.after(length), state)
    }

    /// Whether the job may be ended now, although it may not be due. A caller who cancels, or an
    /// operator, need not wait for the next look. The write is over the revision that was read. A
    /// function that acts on the job at the same time then fails at its own next write, and does
    /// nothing more. What that costs depends on the state:
    ///
    /// - Pending without a lease: may be ended. No function has sent the job, and each must write a
    ///   lease first. That write fails now.
    /// - Pending with a lease: only when the lease is over. A submission may be on its way, and the
    ///   provider's id for it would be lost.
    /// - Processing, and the provider has not named the finished file: may be ended. A look that is
    ///   under way may lose what it learnt, but the provider tells that again to the function that
    ///   asks it to stop. If `due` is further ahead than any look puts it, another function has an
    ///   [early turn](Self::early_turn). A second one would only make the first fail, so it is
    ///   refused.
    /// - Processing, and the provider has named the file: only when the turn of the transfer is
    ///   over. Otherwise two functions could write to one upload, or a video that we pay for could
    ///   be lost just before its charge.
    /// - Completed or failed: never.
    pub fn may_be_ended(&self, now: Timestamp) -> bool {
        match &self.state {
            State::Pending { lease_until: None } => true,
            State::Processing(Processing { file: None, .. }) => {
                self.due <= now.after(self.look_ahead(now))
            }
            _ => self.is_due(now),
        }
    }

    /// Takes the turn to end the job, if it [may be ended](Self::may_be_ended) now. If this
    /// function dies, another early turn is possible about `length` later. All other functions may
    /// act one cadence after that.
    pub fn early_turn(self, now: Timestamp, length: Duration) -> Moved {
        if !self.may_be_ended(now) {
            return Moved::Already(self);
        }
        let (due, state) = (now.after(self.look_ahead(now) + length), self.state.clone());
        self.written(due, state)
    }

    /// The furthest ahead that a look puts the next one, even with a clock that is a little fast.
    fn look_ahead(&self, now: Timestamp) -> Duration {
        self.cadence(now) + TURN_TOLERANCE
    }

    /// Takes the turn and the lease, before a pending job is sent to its provider. `Already` means
    /// that it is not due, or that a lease was written before. A pending job that has a lease is
    /// never sent again.
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

    /// Gives the turn back early after an error, and records the error as the job's trouble. The
    /// next turn may be taken `wait` from now.
    pub fn again_after(self, why: &str, now: Timestamp, wait: Duration) -> Moved {
        if self.is_open() {
            self.troubled(why, now).again_in(now, wait)
        } else {
            Moved::Illegal(self)
        }
    }

    /// Gives the turn back early. The next one may be taken `wait` from now.
    pub fn again_in(self, now: Timestamp, wait: Duration) -> Moved {
        if !self.is_open() {
            return Moved::Illegal(self);
        }
        let state = self.state.clone();
        self.written(now.after(wait), state)
    }

    /// Gives the turn back after the file could not be stored, and records the error. The next
    /// attempt may begin `wait` from now. The job is marked as tried, so it goes to the queue of
    /// further attempts.
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
