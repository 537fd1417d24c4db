//! The checks at the end of a run, order by order.

mod excuse;

use crate::invariants::{number, text};
use crate::lambda::prompt_of_order;
use crate::order::{Placed, can_be_stopped};
use crate::owner;
use crate::record::Noted;
use crate::stage::Stage;
use crate::video::not_whole;
use crate::witness::Item;
use excuse::{hides_the_submission, is_excused};
use ghub::cancellation::Cancellation;
use std::collections::BTreeMap;

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Rendered, stored and charged.
    Completed,
    Failed,
    NotAccepted,
}

/// The end of one order.
#[derive(Debug, Clone)]
pub struct End {
    pub fate: Fate,
    /// The failure's code, if it failed.
    pub code: String,
    /// The number of its renders that providers accepted.
    pub renders: usize,
    /// Whether a fault at its submission hid the provider's answer.
    pub submission_lost: bool,
    /// The number of its faults.
    pub faults: usize,
}

/// Checks every order and returns how each ended.
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

/// What is known of one order at the end of a run.
struct Case<'a> {
    stage: &'a Stage,
    placed: &'a Placed,
    prompt: String,
    job: Option<&'a Item>,
    fate: Fate,
    code: String,
    renders: usize,
    faults: usize,
    submission_lost: bool,
    submission_refused: bool,
}

fn end(stage: &Stage, placed: &Placed, jobs: &[&Item]) -> End {
    let case = Case::of(stage, placed, jobs.first().copied());
    if jobs.len() > 1 {
        case.wrong(format!("it became {} jobs", jobs.len()));
    }
    if case.renders > 1 {
        case.wrong(format!("it was rendered {} times", case.renders));
    }
    case.check_answers();
    case.check_told_job();
    case.check_submission();
    case.check_billed_render();
    case.check_cancellations();
    case.check_fate();
    let Case { fate, code, renders, faults, submission_lost, .. } = case;
    End { fate, code, renders, submission_lost, faults }
}

impl<'a> Case<'a> {
    fn of(stage: &'a Stage, placed: &'a Placed, job: Option<&'a Item>) -> Self {
        let number = placed.order.number;
        let prompt = prompt_of_order(number);
        let faults = stage.record.faults_of(number);
        let senders = stage.record.senders_of(number);
        let hides = |noted: &Noted| hides_the_submission(number, &senders, noted);
        let (fate, code) = match job {
            None => (Fate::NotAccepted, String::new()),
            Some(job) if text(job, "status") == "completed" => (Fate::Completed, String::new()),
            Some(job) => {
                (Fate::Failed, job["failure"]["code"].as_str().unwrap_or_default().to_owned())
            }
        };
        Self {
            renders: stage.network.fal.renders_of(&prompt)
                + stage.network.google.renders_of(&prompt),
            submission_lost: faults.iter().any(hides),
            submission_refused: faults.iter().any(|noted| noted.step.submits() && !hides(noted)),
            faults: faults.len(),
            stage,
            placed,
            prompt,
            job,
            fate,
            code,
        }
    }

    fn wrong(&self, what: String) {
        self.stage.record.wrong(format!("order {}: {what}", self.placed.order.number));
    }

    /// Whether the provider took the job, as the tables said at some moment.
    fn was_taken(&self) -> bool {
        self.job.is_some_and(|job| self.stage.witness.was_taken(text(job, "job")))
    }

    fn check_answers(&self) {
        for told in self.placed.answers.iter().flatten() {
            if told.status >= 500 && told.body["error"]["code"] != "service_unavailable" {
                self.wrong(format!("its caller was told {}", told.body));
            }
            if !matches!(told.status, 200 | 402) && self.faults == 0 {
                self.wrong(format!("nothing disturbed it, and its caller was told {}", told.body));
            }
            if told.status == 200 && told.body["id"].as_str() != self.placed.job() {
                self.wrong(format!("its caller was told of a second job, {}", told.body["id"]));
            }
        }
        if self.faults == 0 && self.placed.answers.iter().any(Option::is_none) {
            self.wrong("nothing disturbed it, and its caller was told nothing".to_owned());
        }
    }

    fn check_told_job(&self) {
        match (self.job, self.placed.job()) {
            (None, Some(told)) => {
                self.wrong(format!("its caller was told of a job {told}, which is not there"))
            }
            (Some(job), Some(told)) if text(job, "job") != told => {
                self.wrong(format!("its caller was told of another job, {told}"))
            }
            (Some(_), None)
                if was_refused(self.placed)
                    && !self.stage.record.was_accepted_late(self.placed.order.number) =>
            {
                self.wrong("it was refused, and is there".to_owned())
            }
            _ => {}
        }
    }

    fn check_submission(&self) {
        if self.code != "submit_unknown" {
            return;
        }
        if self.was_taken() {
            self.wrong("its provider had taken it, which was written down, and it failed as if that were unknown".to_owned());
        }
        let (record, number) = (&self.stage.record, self.placed.order.number);
        if !record.was_sent(number) {
            if record.sender_died(number) {
                record.note_death_before_sending();
            } else {
                self.wrong(
                    "it was certainly never sent, and it failed as if that were unknown".to_owned(),
                );
            }
        }
    }

    /// A job whose submission was lost has no handle. So its provider cannot be asked, and a cancel
    /// ends it.
    fn check_billed_render(&self) {
        let (order, code) = (&self.placed.order, &*self.code);
        let thrown_away = self.stage.network.fal.finished_renders_of(&self.prompt) > 0
            && matches!(code, "cancelled" | "timed_out");
        if thrown_away && !self.submission_lost && !order.may_fail_with.contains(&code) {
            self.wrong(format!(
                "it was rendered to its end, which is billed, and it failed with {code}"
            ));
        }
        if code == "cancelled" && !can_be_stopped(order.model) && self.was_taken() {
            self.wrong(
                "its provider was rendering it and cannot be stopped, and it was cancelled"
                    .to_owned(),
            );
        }
    }

    fn check_cancellations(&self) {
        let (placed, fate, code) = (self.placed, self.fate, &*self.code);
        for told in placed.cancellations.iter().filter(|told| !agrees(told, fate, code)) {
            self.wrong(format!(
                "it was cancelled with the answer {told:?}, and ended as {fate:?} {code}"
            ));
        }
        for told in placed.owner_told.iter().filter(|told| !owner::agrees(told, fate, code)) {
            self.wrong(format!(
                "its owner cancelled it with the answer {}, and it ended as {fate:?} {code}",
                told.body
            ));
        }
    }

    fn check_fate(&self) {
        let (order, code, renders) = (&self.placed.order, &*self.code, self.renders);
        match (self.fate, self.job) {
            (Fate::Completed, Some(job)) => {
                if renders != 1 {
                    self.wrong(format!("it is completed and was rendered {renders} times"));
                }
                let problem = not_whole(self.stage, order, text(job, "org"), text(job, "job"));
                if let Some(problem) = problem {
                    self.wrong(format!("it is completed and {problem}"));
                }
            }
            (Fate::Failed, Some(_)) if code == "cancelled" && order.cancelled_after.is_some() => {}
            (Fate::Failed, Some(job))
                if !is_excused(order, code, self.submission_lost, self.submission_refused) =>
            {
                self.wrong(format!(
                    "it failed with {code} after {} s, and nothing that it met explains that",
                    number(job, "ended") - number(job, "created")
                ));
            }
            (Fate::NotAccepted, None) if renders > 0 => {
                self.wrong("it was never accepted, and was rendered".to_owned())
            }
            _ => {}
        }
    }
}

/// Whether the operator's answer agrees with how the job ended. A finished render wins over a
/// cancellation, and nothing else does.
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

/// Whether its caller got a final refusal.
fn was_refused(placed: &Placed) -> bool {
    matches!(placed.answers.last(), Some(Some(told)) if (400..500).contains(&told.status))
}
