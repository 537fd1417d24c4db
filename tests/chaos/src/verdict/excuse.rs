//! What excuses how an order ended.

use crate::fault::{Fault, Refusal};
use crate::network::Peer;
use crate::order::{Ending, Order};
use crate::record::Noted;
use std::collections::BTreeSet;

/// Whether a step can leave it unknown whether the provider took the job. Only a step of a function
/// that had the lease or sent the job can:
///
/// - the function died,
/// - a step about this job was late,
/// - the submission's answer was lost or unusable.
///
/// A 503 is a refusal at fal, which documents it so, and not at Google, which does not.
pub(super) fn hides_the_submission(order: usize, senders: &BTreeSet<u32>, noted: &Noted) -> bool {
    let step = &noted.step;
    let own = step.about.is_none_or(|about| about == order);
    senders.contains(&step.place.invocation)
        && match noted.fault {
            Some(Fault::DeathBefore | Fault::DeathAfter | Fault::Orphaned(_)) => true,
            Some(Fault::Silence | Fault::Late(_)) => own,
            Some(Fault::AnswerLost | Fault::Truncated | Fault::Refused(Refusal::Internal)) => {
                own && step.submits()
            }
            Some(Fault::Refused(Refusal::Unavailable)) => {
                own && step.submits() && step.peer == Peer::Google
            }
            Some(Fault::Refused(Refusal::TooMany | Refusal::Conflict) | Fault::NotSent) | None => {
                false
            }
        }
}

/// Whether what the order met excuses a failure with this code.
pub(super) fn is_excused(
    order: &Order,
    code: &str,
    submission_lost: bool,
    submission_refused: bool,
) -> bool {
    match (order.ending, code) {
        (_, "submit_unknown") => submission_lost,
        // Within ten minutes there are few attempts if messages are lost and workers die.
        (_, "provider_unavailable") if submission_refused => true,
        (Ending::Cut, "provider_no_output")
        | (Ending::Refused, "content_filtered" | "provider_refused") => true,
        _ => order.may_fail_with.contains(&code),
    }
}
