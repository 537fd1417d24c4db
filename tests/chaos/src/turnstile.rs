//! The turnstile, where every outbound step of every function waits. The seed decides how long, and
//! so which step goes on first. The plan decides its fault. A request that was sent cannot be
//! called back: it arrives even if its caller has given up or died.

use crate::answer::Answer;
use crate::fault::{Fault, response};
use crate::network::{Network, Sent};
use crate::record::Record;
use crate::sabotage::Sabotage;
use crate::schedule::Plan;
use crate::step::{INVOCATION, Invocation, Place, Step};
use crate::witness::Witness;
use futures::future::pending;
use ghub::outbound::{Exchange, Gate, WireError};
use reqwest::{Request, Response};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// The gate of a run.
pub struct Turnstile {
    pub network: Network,
    /// The fault of each step.
    pub plan: Arc<dyn Plan>,
    pub record: Record,
    pub witness: Witness,
    /// A defence that is taken out.
    pub sabotage: Option<Sabotage>,
    /// Decides the order of the steps.
    pub seed: u64,
}

impl Gate for Turnstile {
    fn exchange<'a>(
        &'a self,
        request: Request,
        _send: ghub::outbound::Network<'a>,
    ) -> Exchange<'a> {
        Box::pin(async move {
            let sent = Sent::read(&request);
            let Ok(invocation) = INVOCATION.try_with(Arc::clone) else {
                return Ok(response(self.network.deliver(sent).await, false));
            };
            if invocation.is_dead() {
                pending::<()>().await;
            }
            let step = self.passing(&invocation, sent);
            match request.timeout() {
                None => step.await,
                Some(limit) => tokio::time::timeout(*limit, step)
                    .await
                    .unwrap_or_else(|_| lost("nothing came in time")),
            }
        })
    }
}

impl Turnstile {
    async fn passing(
        &self,
        invocation: &Invocation,
        mut sent: Sent,
    ) -> Result<Response, WireError> {
        let step = Step::next(invocation, &sent, &self.record);
        let fault = self.plan.fault(&step, &sent);
        self.record.note(self.network.clock.elapsed_ms(), &step, fault);
        let [before, after] = waits(self.seed, step.place);
        tokio::time::sleep(before).await;
        match fault {
            Some(Fault::NotSent) => {
                return Err(WireError::NotSent("a scheduled fault: no connection".into()));
            }
            Some(Fault::Refused(refusal)) => return Ok(response(refusal.of(&sent), false)),
            Some(Fault::DeathBefore) => invocation.die().await,
            _ => {}
        }
        if let Some(sabotage) = &self.sabotage {
            sabotage.bend_request(&mut sent);
        }
        let arrives_after = match fault {
            Some(Fault::Late(by) | Fault::Orphaned(by)) => by,
            _ => Duration::ZERO,
        };
        let seen = sent.clone();
        let mut answer =
            match self.sabotage.as_ref().and_then(|sabotage| sabotage.answer_instead(&sent)) {
                Some(instead) => instead,
                None if matches!(fault, Some(Fault::Orphaned(_))) => {
                    self.leaves(sent, arrives_after);
                    invocation.die().await
                }
                None => self.leaves(sent, arrives_after).await.expect("what arrives is answered"),
            };
        if let Some(sabotage) = &self.sabotage {
            sabotage.bend_answer(&seen, &mut answer);
        }
        match fault {
            Some(Fault::AnswerLost) => return lost("the answer was lost"),
            Some(Fault::Silence) => pending().await,
            Some(Fault::DeathAfter) => invocation.die().await,
            _ => {}
        }
        tokio::time::sleep(after).await;
        Ok(response(answer, fault == Some(Fault::Truncated)))
    }

    /// Sends the request, in a task of its own.
    fn leaves(&self, sent: Sent, after: Duration) -> JoinHandle<Answer> {
        let (network, witness) = (self.network.clone(), self.witness.clone());
        let on_its_way = self.record.leaves();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let seen = sent.clone();
            let answer = network.deliver(sent).await;
            witness.saw(&network, &seen, &answer);
            drop(on_its_way);
            answer
        })
    }
}

/// How long a step waits before its request, and how long its answer waits. Each is 1 to 20 ms, as
/// at AWS. They are drawn from the seed and the place, so no other step's draw changes them.
fn waits(seed: u64, place: Place) -> [Duration; 2] {
    let mut drawn = drawn(seed, place);
    [(); 2].map(|()| Duration::from_millis(drawn.u64(1..=20)))
}

/// The random generator of one place.
pub fn drawn(seed: u64, place: Place) -> fastrand::Rng {
    let place = u64::from(place.invocation) << 32 | u64::from(place.step);
    let mut mixed = fastrand::Rng::with_seed(seed ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed.u64(..); // neighbouring seeds begin with similar numbers
    mixed
}

fn lost(why: &str) -> Result<Response, WireError> {
    Err(WireError::Lost(format!("a scheduled fault: {why}").into()))
}

impl fmt::Debug for Turnstile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turnstile")
    }
}
