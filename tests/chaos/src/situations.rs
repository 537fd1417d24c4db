//! Situations that have a name: an outage of storage, silent file hosts, a long render, a poison
//! message, a hundred orders at once.

use crate::aside::Aside;
use crate::deliveries::Misdelivery;
use crate::fault::{Fault, Refusal};
use crate::network::Peer;
use crate::order::{Ending, Order};
use crate::run::{Report, Workload, on_virtual_time, play};
use crate::sabotage::Defence;
use crate::schedule::{Calm, Outage, Plan, SilentFiles};
use crate::stage::Settings;
use crate::verdict::Fate;
use local::fal::Render;
use local::sqs::NewMessage;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// The settings of a run of one organization, with no faults but those of the plan.
pub(crate) fn settings(seed: u64, plan: Arc<dyn Plan>, rendering: Duration) -> Settings {
    Settings {
        seed,
        plan,
        sabotage: None,
        misdelivery: Misdelivery::NONE,
        batch: None,
        render: Render { queued: Duration::from_secs(5), rendering },
        cancel_stops_rendering: true,
        organizations: vec!["1000.00", "1.00"],
        first_lost: 0,
        index_lags_percent: 0,
    }
}

/// An order of 5 s of Kling 2.
pub(crate) fn order(number: usize, at: Duration) -> Order {
    Order {
        number,
        caller: 0,
        model: "fal/kling-2",
        seconds: 5,
        silent: false,
        insists: false,
        replayed: false,
        looks_every: None,
        at,
        cancelled_after: None,
        ending: Ending::Video,
        may_fail_with: &[],
    }
}

fn orders(count: usize) -> Workload {
    Workload {
        orders: (0..count).map(|number| order(number, Duration::from_secs(1))).collect(),
        ..Workload::default()
    }
}

fn completed(report: &Report) -> usize {
    report.ends.iter().filter(|end| end.fate == Fate::Completed).count()
}

/// Runs twenty jobs while storage is away for ten minutes. Returns how many completed.
pub fn storage_outage(seed: u64, aside: &Aside) -> (usize, Report) {
    on_virtual_time(seed, async {
        let plan = Outage {
            peer: Peer::Storage,
            during: Duration::ZERO..10 * MINUTE,
            fault: Fault::Refused(Refusal::Unavailable),
            started: Instant::now(),
        };
        let report =
            play(&settings(seed, Arc::new(plan), Duration::from_secs(20)), aside, orders(20)).await;
        (completed(&report), report)
    })
}

/// The result of twelve silent file hosts at once and another tenant's job.
pub struct SilentHosts {
    /// The time of that job without silent hosts, and with them.
    pub other: [Duration; 2],
    /// How many of the thirteen jobs completed once the hosts answered.
    pub completed: usize,
    /// How many times a file was requested.
    pub asked: usize,
    pub wrong: Vec<String>,
}

/// More hosts than `store-video` has places.
const SILENT_HOSTS: usize = 12;

/// Runs one organization's jobs with hosts that accept requests and do not answer for ten minutes,
/// and one job of another organization.
pub fn silent_hosts(seed: u64, aside: &Aside) -> SilentHosts {
    let run = |silent: bool| {
        on_virtual_time(seed, async {
            let plan: Arc<dyn Plan> = match silent {
                true => Arc::new(SilentFiles {
                    of: 0..SILENT_HOSTS,
                    until: 10 * MINUTE,
                    started: Instant::now(),
                }),
                false => Arc::new(Calm),
            };
            let calm = settings(seed, plan, Duration::from_secs(20));
            let settings = Settings { organizations: vec!["1000.00", "50.00", "1.00"], ..calm };
            let mut workload = orders(SILENT_HOSTS);
            // It comes after the twelve.
            let other = Order { caller: 1, ..order(SILENT_HOSTS, Duration::from_secs(4)) };
            workload.orders.push(other);
            play(&settings, aside, workload).await
        })
    };
    let (calm, silent) = (run(false), run(true));
    let of_the_other = |report: &Report| report.took(&report.placed[SILENT_HOSTS]);
    let files = |report: &Report| {
        report.stage.record.steps().iter().filter(|noted| noted.step.asks == "file").count()
    };
    let mut wrong = calm.wrong.clone();
    wrong.extend(silent.wrong.clone());
    SilentHosts {
        other: [of_the_other(&calm), of_the_other(&silent)],
        completed: completed(&silent),
        asked: files(&silent),
        wrong,
    }
}

/// Runs a job that renders for half an hour. Returns how many looks it had.
pub fn long_render(seed: u64, aside: &Aside) -> (usize, Report) {
    on_virtual_time(seed, async {
        let report = play(&settings(seed, Arc::new(Calm), 30 * MINUTE), aside, orders(1)).await;
        let checks =
            report.stage.record.steps().iter().filter(|noted| noted.step.asks == "status").count();
        (checks, report)
    })
}

/// The result of poison messages.
pub struct Poisoned {
    /// The time of the slowest of nine jobs, without and with poison.
    pub longest: [Duration; 2],
    /// How many of the nine completed with poison.
    pub completed: usize,
    /// The messages in the dead-letter queues at the end.
    pub buried: usize,
    pub wrong: Vec<String>,
}

/// Runs nine jobs, without and with an unreadable message in each queue.
pub fn poison(seed: u64, aside: &Aside) -> Poisoned {
    let nine = |poisoned: bool| {
        on_virtual_time(seed, async {
            let mut workload = orders(9);
            workload.poison = poisoned.then(|| Duration::from_secs(15));
            play(&settings(seed, Arc::new(Calm), Duration::from_secs(20)), aside, workload).await
        })
    };
    let (clean, poisoned) = (nine(false), nine(true));
    let mut wrong = clean.wrong.clone();
    wrong.extend(poisoned.wrong.clone());
    Poisoned {
        longest: [clean.longest(), poisoned.longest()],
        completed: completed(&poisoned),
        buried: poisoned.buried,
        wrong,
    }
}

/// A message that no function can read.
pub fn poisonous() -> NewMessage {
    NewMessage::text("{\"org\":\"nobody's\"")
}

/// The result of a hundred orders at once, on a balance for thirty.
pub struct Hundred {
    /// The number of callers by answer.
    pub told: BTreeMap<String, usize>,
    /// The times within which 50, 90, 99 and 100 of the orders were answered.
    pub within: [Duration; 4],
    /// How many transactions met another one.
    pub conflicts: usize,
    pub wrong: Vec<String>,
}

/// Runs a hundred orders at once, on a balance for thirty.
pub fn hundred(seed: u64, sabotage: Option<Defence>, aside: &Aside) -> Hundred {
    on_virtual_time(seed, async {
        let calm = settings(seed, Arc::new(Calm), Duration::from_secs(20));
        // 30 × MXN 4.20.
        let settings = Settings { organizations: vec!["126.00", "1.00"], sabotage, ..calm };
        let report = play(&settings, aside, orders(100)).await;
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        let mut wrong = report.wrong.clone();
        for placed in &report.placed {
            let said = match placed.answers[0].as_ref() {
                None => "no answer".to_owned(),
                Some(one) if one.status == 200 => "200".to_owned(),
                Some(one) => format!(
                    "{} {}",
                    one.status,
                    one.body["error"]["code"].as_str().unwrap_or_default()
                ),
            };
            *told.entry(said).or_default() += 1;
        }
        let refused = told.get("402 insufficient_balance").copied().unwrap_or(0);
        if (told.get("200").copied(), refused) != (Some(30), 70) {
            wrong.push(format!("a hundred at once on a balance for thirty were told {told:?}"));
        }
        let mut took: Vec<Duration> = report.placed.iter().map(|placed| placed.took).collect();
        took.sort_unstable();
        let conflicts = report.stage.network.dynamo.conflicts();
        Hundred { told, within: [49, 89, 98, 99].map(|at| took[at]), conflicts, wrong }
    })
}
