//! What must hold at the end of a run, order by order.

use crate::fault::{Fault, Refusal};
use crate::invariants::{number, text};
use crate::lambda::prompt_of_order;
use crate::network::Peer;
use crate::order::{Ending, Order, Placed};
use crate::owner;
use crate::record::Noted;
use crate::stage::{Caller, Stage};
use crate::witness::Item;
use ghub::cancellation::Cancellation;
use ghub::storage::Storage;
use md5::{Digest, Md5};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

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
        stage.record.wrong(format!("{} jobs are still open after the sum of their deadlines", stage.witness.open()));
    }
    let mut of_order: BTreeMap<usize, Vec<&Item>> = BTreeMap::new();
    for job in ended.values() {
        if let Some(order) = stage.record.order_of(text(job, "job")) {
            of_order.entry(order).or_default().push(job);
        }
    }
    placed.iter().map(|placed| end(stage, placed, &of_order.remove(&placed.order.number).unwrap_or_default())).collect()
}

fn end(stage: &Stage, placed: &Placed, jobs: &[&Item]) -> End {
    let order = &placed.order;
    let wrong = |what: String| stage.record.wrong(format!("order {}: {what}", order.number));
    let prompt = prompt_of_order(order.number);
    let renders = stage.network.fal.renders_of(&prompt) + stage.network.google.renders_of(&prompt);
    let faults = stage.record.faults_of(order.number);
    let submission_lost = faults.iter().any(hides_the_submission);
    let submission_refused = faults.iter().any(|noted| noted.step.submits() && !hides_the_submission(noted));
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
    }
    match (job, placed.job()) {
        (None, Some(told)) => wrong(format!("its caller was told of a job {told}, which is not there")),
        (Some(job), Some(told)) if text(job, "job") != told => {
            wrong(format!("its caller was told of another job, {told}"))
        }
        (Some(job), None) if was_refused(placed) => {
            // What was refused may still arrive, when an earlier attempt of it was late; nobody sends it then, and it fails uncharged.
            let late = faults.iter().any(|noted| noted.step.writes() && matches!(noted.fault, Some(Fault::Late(_))));
            if !late || renders > 0 || job["failure"]["code"] != "submit_unknown" {
                wrong("it was refused, and is there".to_owned());
            }
        }
        _ => {}
    }
    let (fate, code) = match job {
        None => (Fate::NotAccepted, String::new()),
        Some(job) if text(job, "status") == "completed" => (Fate::Completed, String::new()),
        Some(job) => (Fate::Failed, job["failure"]["code"].as_str().unwrap_or_default().to_owned()),
    };
    for told in &placed.cancellations {
        if !agrees(told, fate, &code) {
            wrong(format!("it was cancelled with the answer {told:?}, and ended as {fate:?} {code}"));
        }
    }
    for told in placed.owner_told.iter().filter(|told| !owner::agrees(told, fate, &code)) {
        wrong(format!("its owner cancelled it with the answer {}, and it ended as {fate:?} {code}", told.body));
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
        (Fate::Failed, Some(job)) if !is_excused(order, &code, submission_lost, submission_refused) => {
            wrong(format!(
                "it failed with {code} after {} s, and nothing that it met explains that",
                number(job, "ended") - number(job, "created")
            ));
        }
        (Fate::NotAccepted, None) if renders > 0 => wrong("it was never accepted, and was rendered".to_owned()),
        _ => {}
    }
    End { fate, code, renders, submission_lost, faults: faults.len() }
}

/// Whether what somebody was told who cancelled a job is how it ended: a render that had finished wins, and no other.
fn agrees(told: &Cancellation, fate: Fate, code: &str) -> bool {
    match told {
        Cancellation::Failed => code == "cancelled",
        Cancellation::FailedByProvider(failure) => serde_json::to_value(failure.code).is_ok_and(|said| said == code),
        Cancellation::Finished => code != "cancelled",
        Cancellation::Over => fate != Fate::NotAccepted,
        Cancellation::NoAnswer | Cancellation::NotDue | Cancellation::Overtaken => true,
    }
}

/// Whether its caller was told, once and for all, that there is no job.
fn was_refused(placed: &Placed) -> bool {
    matches!(placed.answers.as_slice(), [Some(told)] if told.status < 500)
}

/// Whether it may be unknown afterwards if the provider took the job: its answer was lost or unusable, or whoever heard it died, or could
/// not write it down. A 503 is a refusal at fal, which says so, and not at Google, which does not.
fn hides_the_submission(noted: &Noted) -> bool {
    let sends = matches!(noted.step.function.as_str(), "submit-video" | "poll-jobs");
    match noted.fault {
        Some(Fault::DeathBefore | Fault::DeathAfter | Fault::Orphaned(_) | Fault::Silence | Fault::Late(_)) => sends,
        Some(Fault::AnswerLost | Fault::Truncated | Fault::Refused(Refusal::Internal)) => noted.step.submits(),
        Some(Fault::Refused(Refusal::Unavailable)) => noted.step.submits() && noted.step.peer == Peer::Google,
        Some(Fault::Refused(Refusal::TooMany | Refusal::Conflict) | Fault::NotSent) | None => false,
    }
}

fn is_excused(order: &Order, code: &str, submission_lost: bool, submission_refused: bool) -> bool {
    match (order.ending, code) {
        (_, "submit_unknown") => submission_lost,
        // Ten minutes hold few attempts where messages are lost and workers die.
        (_, "provider_unavailable") if submission_refused => true,
        (Ending::Cut, "provider_no_output") | (Ending::Refused, "content_filtered" | "provider_refused") => true,
        _ => order.may_fail_with.contains(&code),
    }
}

/// A video that is shown is whole in storage, at that very moment.
pub fn shown_is_whole(stage: &Stage, caller: &Caller, order: &Order, job: &str, shown: &Value) {
    if !shown["video_url"].as_str().is_some_and(|url| url.contains(job)) {
        stage.record.wrong(format!("order {}: completed without its URL: {shown}", order.number));
    }
    if let Some(problem) = not_whole(stage, order, &caller.org.to_string(), job) {
        stage.record.wrong(format!("order {}: it is shown and {problem}", order.number));
    }
}

/// What is wrong with the stored file, byte for byte.
fn not_whole(stage: &Stage, order: &Order, org: &str, job: &str) -> Option<String> {
    let (Ok(org), Ok(job)) = (org.parse(), job.parse()) else { return Some("has no id".to_owned()) };
    let Some(object) = stage.network.storage.object("generated-videos", &Storage::path(org, job)) else {
        return Some("its file is not in storage".to_owned());
    };
    let (video_length, etag) = whole_video(order.seconds);
    let length = match order.ending {
        Ending::Large(bytes) => bytes,
        _ => video_length,
    };
    if object.size != length {
        return Some(format!("its file has {} bytes of {length}", object.size));
    }
    let same = matches!(order.ending, Ending::Large(_)) || object.etag == etag;
    (!same).then(|| "its file is another one".to_owned())
}

/// The length and the entity tag of a whole video, which is drawn and digested once.
fn whole_video(seconds: u32) -> (u64, String) {
    static KNOWN: Mutex<BTreeMap<u32, (u64, String)>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let look = || {
        let video = local::video::mp4(seconds, "16:9");
        let digest = Md5::digest(&video).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        (u64::try_from(video.len()).unwrap_or(u64::MAX), format!("\"{digest}\""))
    };
    known.entry(seconds).or_insert_with(look).clone()
}
