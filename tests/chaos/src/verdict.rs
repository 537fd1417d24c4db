//! What must hold at the end of a run, order by order.

use crate::fault::{Fault, Refusal};
use crate::invariants::{number, text};
use crate::lambda::prompt_of_order;
use crate::network::Peer;
use crate::order::{Ending, Order, Placed, can_be_stopped};
use crate::owner;
use crate::record::Noted;
use crate::stage::Stage;
use crate::video::not_whole;
use crate::witness::Item;
use ghub::cancellation::Cancellation;
use std::collections::{BTreeMap, BTreeSet};

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Rendered, stored and charged.
    Completed,
    /// Failed uncharged.
    Failed,
    /// Never accepted.
    NotAccepted,
}

/// One order's end.
#[derive(Debug, Clone)]
pub struct End {
    /// Which way.
    pub fate: Fate,
    /// The failure's code, if it failed.
    pub code: String,
    /// Renders that the providers accepted for it.
    pub renders: usize,
    /// Whether it met a fault, at its submission, that hid the provider's answer.
    pub submission_lost: bool,
    /// Faults that it met in all.
    pub faults: usize,
}

/// Checks every order, and says how each ended.
pub fn ends(stage: &Stage, placed: &[Placed]) -> Vec<End> {
    let ended = stage.witness.ended();
    if stage.witness.open() > 0 {
        stage.record.wrong(format!(
            "{} jobs are still open after the sum of their deadlines",
            stage.witness.open()
        ));
    }
    let mut of_order: BTreeMap<usize, Vec<&Item>> = BTreeMap::new();
    for job in ended.values() {
        if let Some(order) = stage.record.order_of(text(job, "job")) {
            of_order.entry(order).or_default().push(job);
        }
    }
    placed
        .iter()
        .map(|placed| {
            end(stage, placed, &of_order.remove(&placed.order.number).unwrap_or_default())
        })
        .collect()
}

fn end(stage: &Stage, placed: &Placed, jobs: &[&Item]) -> End {
    let order = &placed.order;
    let wrong = |what: String| stage.record.wrong(format!("order {}: {what}", order.number));
    let prompt = prompt_of_order(order.number);
    let renders = stage.network.fal.renders_of(&prompt) + stage.network.google.renders_of(&prompt);
    let faults = stage.record.faults_of(order.number);
    let senders = stage.record.senders_of(order.number);
    let hides = |noted: &Noted| hides_the_submission(order.number, &senders, noted);
    let submission_lost = faults.iter().any(hides);
    let submission_refused = faults.iter().any(|noted| noted.step.submits() && !hides(noted));
    if jobs.len() > 1 {
        wrong(format!("it became {} jobs", jobs.len()));
    }
    if renders > 1 {
        wrong(format!("it was rendered {renders} times"));
    }
    let job = jobs.first().copied();
    for told in placed.answers.iter().flatten() {
        if told.status >= 500 && told.body["error"]["code"] != "service_unavailable" {
            wrong(format!("its caller was told {}", told.body));
        }
        if !matches!(told.status, 200 | 402) && faults.is_empty() {
            wrong(format!("nothing disturbed it, and its caller was told {}", told.body));
        }
        if told.status == 200 && told.body["id"].as_str() != placed.job() {
            wrong(format!("its caller was told of a second job, {}", told.body["id"]));
        }
    }
    if faults.is_empty() && placed.answers.iter().any(Option::is_none) {
        wrong("nothing disturbed it, and its caller was told nothing".to_owned());
    }
    match (job, placed.job()) {
        (None, Some(told)) => {
            wrong(format!("its caller was told of a job {told}, which is not there"))
        }
        (Some(job), Some(told)) if text(job, "job") != told => {
            wrong(format!("its caller was told of another job, {told}"))
        }
        (Some(_), None) if was_refused(placed) => wrong("it was refused, and is there".to_owned()),
        _ => {}
    }
    let (fate, code) = match job {
        None => (Fate::NotAccepted, String::new()),
        Some(job) if text(job, "status") == "completed" => (Fate::Completed, String::new()),
        Some(job) => (Fate::Failed, job["failure"]["code"].as_str().unwrap_or_default().to_owned()),
    };
    if let Some(job) = job
        && code == "submit_unknown"
        && stage.witness.was_taken(text(job, "job"))
    {
        wrong("its provider had taken it, which was written down, and it failed as if that were unknown".to_owned());
    }
    if code == "submit_unknown" && !stage.record.was_sent(order.number) {
        if stage.record.sender_died(order.number) {
            stage.record.note_death_before_sending();
        } else {
            wrong("it was certainly never sent, and it failed as if that were unknown".to_owned());
        }
    }
    // A job whose submission was lost has no handle: its provider cannot be asked, and a cancel
    // ends it.
    let thrown_away = stage.network.fal.finished_renders_of(&prompt) > 0
        && matches!(&*code, "cancelled" | "timed_out");
    if thrown_away && !submission_lost && !order.may_fail_with.contains(&&*code) {
        wrong(format!("it was rendered to its end, which is billed, and it failed with {code}"));
    }
    if let Some(job) = job
        && code == "cancelled"
        && !can_be_stopped(order.model)
        && stage.witness.was_taken(text(job, "job"))
    {
        wrong(
            "its provider was rendering it and cannot be stopped, and it was cancelled".to_owned(),
        );
    }
    for told in &placed.cancellations {
        if !agrees(told, fate, &code) {
            wrong(format!(
                "it was cancelled with the answer {told:?}, and ended as {fate:?} {code}"
            ));
        }
    }
    for told in placed.owner_told.iter().filter(|told| !owner::agrees(told, fate, &code)) {
        wrong(format!(
            "its owner cancelled it with the answer {}, and it ended as {fate:?} {code}",
            told.body
        ));
    }
    match (fate, job) {
        (Fate::Completed, Some(job)) => {
            if renders != 1 {
                wrong(format!("it is completed and was rendered {renders} times"));
            }
            if let Some(problem) = not_whole(stage, order, text(job, "org"), text(job, "job")) {
                wrong(format!("it is completed and {problem}"));
            }
        }
        (Fate::Failed, Some(_)) if code == "cancelled" && order.cancelled_after.is_some() => {}
        (Fate::Failed, Some(job))
            if !is_excused(order, &code, submission_lost, submission_refused) =>
        {
            wrong(format!(
                "it failed with {code} after {} s, and nothing that it met explains that",
                number(job, "ended") - number(job, "created")
            ));
        }
        (Fate::NotAccepted, None) if renders > 0 => {
            wrong("it was never accepted, and was rendered".to_owned())
        }
        _ => {}
    }
    End { fate, code, renders, submission_lost, faults: faults.len() }
}

/// Whether what somebody was told who cancelled a job is how it ended: a render that had finished
/// wins, and no other.
fn agrees(told: &Cancellation, fate: Fate, code: &str) -> bool {
    match told {
        Cancellation::Failed => code == "cancelled",
        Cancellation::FailedByProvider(failure) => {
            serde_json::to_value(failure.code).is_ok_and(|said| said == code)
        }
        Cancellation::Finished | Cancellation::Unstoppable => code != "cancelled",
        Cancellation::Over => fate != Fate::NotAccepted,
        Cancellation::Requested
        | Cancellation::NoAnswer
        | Cancellation::NotDue
        | Cancellation::Overtaken => true,
    }
}

/// Whether its caller was told, once and for all, that there is no job.
fn was_refused(placed: &Placed) -> bool {
    matches!(placed.answers.last(), Some(Some(told)) if (400..500).contains(&told.status))
}

/// Whether it may be unknown afterwards if the provider took the job. Only who had its lease, or
/// sent it, can have lost that: by dying, or when a step about this very job was late, or the
/// submission's answer lost or unusable. A 503 is a refusal at fal, which says so, and not at
/// Google, which does not.
fn hides_the_submission(order: usize, senders: &BTreeSet<u32>, noted: &Noted) -> bool {
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

fn is_excused(order: &Order, code: &str, submission_lost: bool, submission_refused: bool) -> bool {
    match (order.ending, code) {
        (_, "submit_unknown") => submission_lost,
        // Ten minutes hold few attempts where messages are lost and workers die.
        (_, "provider_unavailable") if submission_refused => true,
        (Ending::Cut, "provider_no_output")
        | (Ending::Refused, "content_filtered" | "provider_refused") => true,
        _ => order.may_fail_with.contains(&code),
    }
}
