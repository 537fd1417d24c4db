//! Every step of every path, with every death and every lost answer. The steps are found by running
//! the path once undisturbed.

use crate::alike;
use crate::aside::Aside;
use crate::deliveries::Misdelivery;
use crate::fault::Fault;
use crate::order::Order;
use crate::paths::{Part, Path};
use crate::run::{Report, Workload, run};
use crate::sabotage::Defence;
use crate::schedule::{Calm, Once, Plan, Refusing};
use crate::stage::Settings;
use crate::step::Step;
use crate::verdict::Fate;
use crate::workers;
use local::fal::Render;
use std::sync::Arc;
use std::time::Duration;

/// What is tried on every step.
const FAULTS: [Fault; 3] = [Fault::DeathBefore, Fault::DeathAfter, Fault::AnswerLost];
/// What is tried on writes besides: longer than a poller's turn, so that another worker has
/// written meanwhile.
const LATE_WRITE: Fault = Fault::Orphaned(Duration::from_secs(20));

/// Which of these faults are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tries {
    /// Every fault on every step.
    All,
    /// Those that leave something different behind. Of steps that are alike ([`alike`]), only the
    /// first is disturbed. An invocation that dies around a step that only asks leaves what its
    /// last write left, and [`Fault::DeathAfter`] on that write leaves the same.
    Distinct,
}

impl Tries {
    /// The faults of a step.
    fn of(self, step: &Step) -> Vec<Fault> {
        let deaths = self == Self::All || !step.only_asks() || step.place.step == 0;
        let faults = FAULTS.into_iter().filter(|fault| deaths || *fault == Fault::AnswerLost);
        faults.chain(step.writes().then_some(LATE_WRITE)).collect()
    }
}

/// What one fault may cost a job: the longest turn, a transfer's, which a function that died
/// had taken; what the sweep waits, and its interval; and a look.
const DELAY: Duration = Duration::from_secs(330 + 30 + 300 + 60);

/// What a path's runs came to.
pub struct Exhausted {
    pub path: Path,
    /// The steps that were disturbed.
    pub steps: usize,
    /// The runs that this took.
    pub runs: usize,
    /// Jobs that failed because a submission's answer was lost, and how many of those had been
    /// rendered.
    pub lost: [usize; 2],
    /// The longest that a job took with one fault.
    pub longest: Duration,
    /// What was wrong: the step, the fault and the sentence.
    pub wrong: Vec<String>,
    /// After how many runs something was wrong first.
    pub first_wrong: Option<usize>,
}

/// Tries the faults on a path; with a defence taken out, until that shows.
pub fn exhaust(path: &Path, seed: u64, tries: Tries, sabotage: Option<Defence>) -> Exhausted {
    let calm = walk(path, seed, sabotage, None, &Aside::start());
    let mut wrong: Vec<String> =
        calm.wrong.iter().map(|wrong| format!("undisturbed: {wrong}")).collect();
    if calm.ends[0].fate != path.fate {
        wrong.push(format!(
            "undisturbed it ended as {:?}, {}",
            calm.ends[0].fate, calm.ends[0].code
        ));
    }
    let steps = match tries {
        Tries::All => disturbed(path, &calm),
        Tries::Distinct => alike::first_of_each(&calm.stage.record.steps(), disturbed(path, &calm)),
    };
    let tries: Vec<(&Step, Fault)> = steps
        .iter()
        .flat_map(|step| tries.of(step).into_iter().map(move |fault| (step, fault)))
        .collect();
    let enough = |(wrong, ..): &(Vec<String>, _, _)| sabotage.is_some() && !wrong.is_empty();
    let found = workers::each_until(&tries, enough, |(step, fault), aside| {
        let report = walk(path, seed, sabotage, Some((step, *fault)), aside);
        let mut wrong = report.wrong.clone();
        wrong.extend(unexpected(path, step, *fault, &report, &calm));
        let end = &report.ends[0];
        let unknown = end.code == "submit_unknown";
        let lost = [usize::from(unknown), usize::from(unknown && end.renders > 0)];
        (
            wrong
                .into_iter()
                .map(|wrong| format!("{step} <- {fault:?}: {wrong}"))
                .collect::<Vec<_>>(),
            lost,
            report.longest(),
        )
    });
    let mut exhausted = Exhausted {
        path: path.clone(),
        steps: steps.len(),
        runs: found.len() + 1,
        lost: [0; 2],
        longest: Duration::ZERO,
        first_wrong: (!wrong.is_empty()).then_some(1),
        wrong,
    };
    for (run, (wrong, lost, took)) in found.into_iter().enumerate() {
        if !wrong.is_empty() {
            exhausted.first_wrong.get_or_insert(run + 2); // the first run was undisturbed
        }
        exhausted.wrong.extend(wrong);
        exhausted.lost = [exhausted.lost[0] + lost[0], exhausted.lost[1] + lost[1]];
        exhausted.longest = exhausted.longest.max(took);
    }
    exhausted
}

/// The steps to disturb, in their order.
fn disturbed(path: &Path, calm: &Report) -> Vec<Step> {
    let steps: Vec<Step> = calm.stage.record.steps().into_iter().map(|noted| noted.step).collect();
    let mut invocations: Vec<u32> = Vec::new();
    for step in steps.iter().filter(|step| path.functions.contains(&step.function.as_str())) {
        // A sweep that finds nothing is like any other; one that does sends what it found.
        let counts = step.function != "sweep-jobs" || step.asks.starts_with("SendMessageBatch");
        if counts && !invocations.contains(&step.place.invocation) {
            invocations.push(step.place.invocation);
        }
    }
    match path.part {
        Part::Whole => {}
        Part::First(first) => invocations.truncate(first),
        Part::Last(last) => drop(invocations.drain(..invocations.len().saturating_sub(last))),
    }
    steps.into_iter().filter(|step| invocations.contains(&step.place.invocation)).collect()
}

/// One fault may only change what it can excuse.
fn unexpected(
    path: &Path,
    step: &Step,
    fault: Fault,
    report: &Report,
    calm: &Report,
) -> Option<String> {
    let (end, placed) = (&report.ends[0], &report.placed[0]);
    let first = placed.answers[0].as_ref().map(|told| told.status);
    let all_well =
        placed.answers.iter().all(|told| told.as_ref().is_some_and(|told| told.status == 200));
    if step.function == "submit-video"
        && step.peer.is_aws()
        && fault == Fault::AnswerLost
        && !all_well
    {
        return Some(format!("a lost answer reached the caller: {:?}", placed.answers));
    }
    if report.longest() > calm.longest() + DELAY {
        return Some(format!(
            "it took {:?}, and {:?} undisturbed",
            report.longest(),
            calm.longest()
        ));
    }
    let excused = match end.fate {
        Fate::Failed if path.cancelled_after.is_some() => {
            path.fate == Fate::Failed && end.code == "cancelled"
        }
        fate if fate == path.fate => true,
        Fate::NotAccepted => step.function == "submit-video" && !path.insists && first.is_none(),
        Fate::Failed => end.code == "submit_unknown" && end.submission_lost,
        Fate::Completed => false,
    };
    (!excused).then(|| format!("it ended as {:?} {}", end.fate, end.code))
}

/// Walks the path once: every message comes twice, and each of the two has a worker of its own.
fn walk(
    path: &Path,
    seed: u64,
    sabotage: Option<Defence>,
    disturbed: Option<(&Step, Fault)>,
    aside: &Aside,
) -> Report {
    let plan: Arc<dyn Plan> = match disturbed {
        None => Arc::new(Refusing::first(path.refused_first, Calm)),
        Some((step, fault)) => {
            Arc::new(Refusing::first(path.refused_first, Once { place: step.place, fault }))
        }
    };
    let settings = Settings {
        seed,
        plan,
        sabotage,
        misdelivery: Misdelivery { doubled: 100, ..Misdelivery::NONE },
        batch: Some(1),
        render: Render { queued: Duration::from_secs(5), rendering: path.rendering },
        cancel_stops_rendering: path.cancel_stops_rendering,
        organizations: vec!["100.00", "1.00"], // the other one only looks
        first_lost: path.lost_first,
        index_lags_percent: 0,
    };
    let order = Order {
        number: 0,
        caller: 0,
        model: path.model,
        seconds: if path.model == "fal/kling-2" { 5 } else { 4 },
        silent: path.model != "fal/kling-2",
        insists: path.insists,
        replayed: path.insists,
        looks_every: path.looked_at.then_some(Duration::from_secs(25)),
        at: Duration::from_secs(1),
        cancelled_after: path.cancelled_after,
        ending: path.ending,
        may_fail_with: if path.fate == Fate::Failed { &["timed_out"] } else { &[] },
    };
    run(
        &settings,
        aside,
        Workload { orders: vec![order], standstill: path.standstill, ..Workload::default() },
    )
}
