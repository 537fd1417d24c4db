//! Situations that have a name: a dependency is away, a message is poison, a job takes long, a hundred orders come at once.

use crate::aside::Aside;
use crate::attempts::{self, Attempts};
use crate::deliveries::Misdelivery;
use crate::fault::{Fault, Refusal};
use crate::network::Peer;
use crate::order::{Ending, Order};
use crate::run::{Report, Workload, on_virtual_time, played};
use crate::sabotage::Defence;
use crate::schedule::{Calm, Outage, Plan};
use crate::stage::Settings;
use crate::verdict::Fate;
use local::fal::Render;
use local::sqs::NewMessage;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
const FOR_EVER: Duration = Duration::from_secs(7 * 24 * 3600);

fn settings(seed: u64, plan: Arc<dyn Plan>, rendering: Duration) -> Settings {
    Settings {
        seed,
        plan,
        sabotage: None,
        misdelivery: Misdelivery::NONE,
        batch: None,
        render: Render { queued: Duration::from_secs(5), rendering },
        organizations: vec!["1000.00", "1.00"],
        first_lost: 0,
    }
}

fn order(number: usize, at: Duration) -> Order {
    Order {
        number,
        caller: 0,
        model: "fal/kling-2",
        seconds: 5,
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
    Workload { orders: (0..count).map(|number| order(number, Duration::from_secs(1))).collect(), ..Workload::default() }
}

fn completed(report: &Report) -> usize {
    report.ends.iter().filter(|end| end.fate == Fate::Completed).count()
}

/// How many jobs are ordered at the same moment, to see whether they are tried again at the same moments.
const TOGETHER: usize = 3;

/// When the jobs have been handed over to a provider.
const HANDED_OVER: Duration = Duration::from_secs(5);

/// Who is away, and from when on: providers also once they render.
pub const OUTAGES: [(Peer, Duration); 8] = [
    (Peer::DynamoDb, Duration::ZERO),
    (Peer::Sqs, HANDED_OVER),
    (Peer::Secrets, Duration::ZERO),
    (Peer::Fal, Duration::ZERO),
    (Peer::Fal, HANDED_OVER),
    (Peer::Google, Duration::ZERO),
    (Peer::Google, HANDED_OVER),
    (Peer::Storage, HANDED_OVER),
];

/// Jobs that begin together and whose dependency is away: for a week; the queues for 40 minutes, because nothing moves without them and fal
/// forgets a result after an hour; the secrets for the first five minutes.
pub fn outage((peer, from): (Peer, Duration), seed: u64, aside: &Aside) -> (Vec<Attempts>, Report) {
    let (model, seconds) = if peer == Peer::Google { ("google/veo-3.1", 4) } else { ("fal/kling-2", 5) };
    let (until, may_fail_with): (_, &[&str]) = match peer {
        Peer::DynamoDb => (FOR_EVER, &[]),
        Peer::Sqs => (40 * MINUTE, &[]),
        Peer::Secrets => (5 * MINUTE, &[]),
        Peer::Fal | Peer::Google if from.is_zero() => (FOR_EVER, &["provider_unavailable"]),
        Peer::Fal | Peer::Google => (FOR_EVER, &["timed_out"]),
        Peer::Storage => (FOR_EVER, &["storage_unavailable"]),
    };
    let during = from..until;
    on_virtual_time(seed, async {
        let plan = Outage { peer, during, fault: Fault::Refused(Refusal::TooMany), started: Instant::now() };
        let order = |number| Order { model, seconds, may_fail_with, ..order(number, Duration::from_secs(1)) };
        let workload = Workload { orders: (0..TOGETHER).map(order).collect(), ..Workload::default() };
        let settings = settings(seed, Arc::new(plan), Duration::from_secs(20));
        let one_by_one = Settings { batch: Some(1), ..settings }; // so that each step is about one job
        let report = played(&one_by_one, aside, workload).await;
        (attempts::counted(peer, &report), report)
    })
}

/// Twenty jobs while storage is away for ten minutes: how many completed.
pub fn storage_outage(seed: u64, aside: &Aside) -> (usize, Report) {
    on_virtual_time(seed, async {
        let plan = Outage {
            peer: Peer::Storage,
            during: Duration::ZERO..10 * MINUTE,
            fault: Fault::Refused(Refusal::Unavailable),
            started: Instant::now(),
        };
        let report = played(&settings(seed, Arc::new(plan), Duration::from_secs(20)), aside, orders(20)).await;
        (completed(&report), report)
    })
}

/// A job that renders for half an hour: how often it was checked.
pub fn long_render(seed: u64, aside: &Aside) -> (usize, Report) {
    on_virtual_time(seed, async {
        let report = played(&settings(seed, Arc::new(Calm), 30 * MINUTE), aside, orders(1)).await;
        let checks = report.stage.record.steps().iter().filter(|noted| noted.step.asks == "status").count();
        (checks, report)
    })
}

/// What poison did.
pub struct Poisoned {
    /// How long the slowest of nine jobs took without it, and with it.
    pub longest: [Duration; 2],
    /// How many of the nine completed with it.
    pub completed: usize,
    /// The messages in the dead-letter queues at the end.
    pub buried: usize,
    /// What was wrong.
    pub wrong: Vec<String>,
}

/// Nine jobs, and an unreadable message in each queue beside theirs.
pub fn poison(seed: u64, aside: &Aside) -> Poisoned {
    let nine = |poisoned: bool| {
        on_virtual_time(seed, async {
            let mut workload = orders(9);
            workload.poison = poisoned.then(|| Duration::from_secs(15));
            played(&settings(seed, Arc::new(Calm), Duration::from_secs(20)), aside, workload).await
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

/// A message that nobody can read.
pub fn poisonous() -> NewMessage {
    NewMessage::text("{\"org\":\"nobody's\"")
}

/// A hundred orders at once, on a balance for thirty.
pub struct Hundred {
    /// How many were told what.
    pub told: BTreeMap<String, usize>,
    /// The half, nine tenths, 99 hundredths and all were answered within.
    pub within: [Duration; 4],
    /// Transactions that met another one.
    pub conflicts: usize,
    /// What was wrong.
    pub wrong: Vec<String>,
}

/// See [`Hundred`].
pub fn hundred(seed: u64, sabotage: Option<Defence>, aside: &Aside) -> Hundred {
    on_virtual_time(seed, async {
        let calm = settings(seed, Arc::new(Calm), Duration::from_secs(20));
        let settings = Settings { organizations: vec!["126.00", "1.00"], sabotage, ..calm }; // thirty times MXN 4.20
        let report = played(&settings, aside, orders(100)).await;
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        let mut wrong = report.wrong.clone();
        for placed in &report.placed {
            let said = match placed.answers[0].as_ref() {
                None => "no answer".to_owned(),
                Some(one) if one.status == 200 => "200".to_owned(),
                Some(one) => format!("{} {}", one.status, one.body["error"]["code"].as_str().unwrap_or_default()),
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
