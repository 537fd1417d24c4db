//! One run, from its orders to its verdict.

use crate::aside::Aside;
use crate::deliveries::{DEAD_LETTER_QUEUES, QUEUES};
use crate::invariants::{number, text};
use crate::logs;
use crate::order::{Order, Placed};
use crate::situations::poisonous;
use crate::stage::{Settings, Stage};
use crate::stranger;
use crate::verdict::{self, End};
use crate::witness::Item;
use futures::future::join_all;
use ghub::money::Money;
use local::sqs::Depth;
use std::sync::Arc;
use std::time::Duration;

/// The time between two checks whether a run is over.
const LOOK: Duration = Duration::from_secs(5);
/// The sum of a job's deadlines, with a sweep after each. They are 10 minutes pending, 6 hours
/// queued, 1 hour rendering, 24 hours until its provider has stopped, 1 hour for its result, and
/// 24 hours to store.
const DEADLINES: Duration =
    Duration::from_secs(10 * 60 + 6 * 3600 + 3600 + 24 * 3600 + 3600 + 24 * 3600 + 6 * 5 * 60);
/// How long a run goes on after its end. A message whose worker died comes back after the store
/// queue's visibility timeout, half an hour. The run sees what it does then.
const AFTERMATH: Duration = Duration::from_secs(35 * 60);
/// The same with poison: five receives at that visibility timeout.
const AFTERMATH_OF_POISON: Duration = Duration::from_secs(5 * 35 * 60);

/// A payment that the operator posts.
#[derive(Debug, Clone)]
pub struct Recharge {
    /// The number of the caller.
    pub caller: usize,
    /// Two recharges with one reference are one payment, posted twice.
    pub reference: String,
    pub amount: Money,
    /// Since the beginning of the run.
    pub at: Duration,
}

/// What happens to the system from outside in a run.
#[derive(Debug, Clone, Default)]
pub struct Workload {
    pub orders: Vec<Order>,
    /// The payments that the operator posts.
    pub recharges: Vec<Recharge>,
    /// When all tasks stand still, and for how long.
    pub standstill: Option<[Duration; 2]>,
    /// When an unreadable message comes into each queue, if one does.
    pub poison: Option<Duration>,
}

/// The result of a run.
pub struct Report {
    /// The system, for further checks.
    pub stage: Arc<Stage>,
    /// The orders with the answers that callers got.
    pub placed: Vec<Placed>,
    /// How each order ended.
    pub ends: Vec<End>,
    pub wrong: Vec<String>,
    pub log: String,
    /// The number of messages in the dead-letter queues.
    pub buried: usize,
    /// The virtual time of the run.
    pub lasted: Duration,
}

impl Report {
    /// The longest time of a job, from its acceptance to its end.
    pub fn longest(&self) -> Duration {
        self.stage.witness.ended().values().map(took).max().unwrap_or_default()
    }

    /// The time of an order's job.
    pub fn took(&self, placed: &Placed) -> Duration {
        let ended = self.stage.witness.ended();
        let job = ended.values().find(|job| Some(text(job, "job")) == placed.job());
        job.map(took).expect("every job has ended")
    }
}

fn took(job: &Item) -> Duration {
    Duration::from_secs(u64::try_from(number(job, "ended") - number(job, "created")).unwrap_or(0))
}

/// Runs a future on a runtime of its own, whose time is virtual.
pub fn on_virtual_time<T>(seed: u64, future: impl Future<Output = T>) -> T {
    fastrand::seed(seed); // the AWS SDK draws its jitter from it
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime starts").block_on(future)
}

/// Runs a workload through a system until all jobs are final and nothing moves any more.
pub fn run(settings: &Settings, aside: &Aside, workload: Workload) -> Report {
    on_virtual_time(settings.seed, play(settings, aside, workload))
}

/// Starts the payments, the poison and the standstill of a workload, each at its moment.
fn begin_events(stage: &Arc<Stage>, workload: &Workload) {
    for recharge in workload.recharges.clone() {
        let stage = stage.clone();
        tokio::spawn(async move {
            tokio::time::sleep(recharge.at).await;
            stage.recharge(recharge.caller, &recharge.reference, recharge.amount).await;
        });
    }
    if let Some(at) = workload.poison {
        let sqs = stage.network.sqs.clone();
        tokio::spawn(async move {
            tokio::time::sleep(at).await;
            for queue in QUEUES {
                sqs.send(queue, poisonous()).expect("the template has the queue");
            }
        });
    }
    if let Some([at, length]) = workload.standstill {
        tokio::spawn(async move {
            tokio::time::sleep(at).await;
            tokio::time::advance(length).await;
        });
    }
}

/// Reports the secrets and prompts that are in the log.
fn check_log(stage: &Stage, log: &str) {
    for secret in stage.secrets() {
        if let Some(line) = log.lines().find(|line| line.contains(&secret)) {
            stage.record.wrong(format!("a secret or a prompt is in the log: {line}"));
        }
    }
}

/// As [`run`], on the runtime of the caller.
pub async fn play(settings: &Settings, aside: &Aside, workload: Workload) -> Report {
    logs::begin();
    let stage = Arc::new(Stage::set(settings, aside).await);
    let last = workload.orders.iter().map(|order| order.at).max().unwrap_or_default();
    let has_poison = workload.poison.is_some();
    begin_events(&stage, &workload);
    let tasks = workload.orders.into_iter().map(|order| {
        order.announce(&stage);
        let stage = stage.clone();
        tokio::spawn(async move { order.place(&stage).await })
    });
    let tasks: Vec<_> = tasks.collect();
    while stage.network.clock.elapsed() < last + DEADLINES && !stage.is_proven() {
        tokio::time::sleep(LOOK).await;
        let callers_are_done = tasks.iter().all(tokio::task::JoinHandle::is_finished);
        if callers_are_done && stage.record.on_their_way() == 0 && stage.witness.open() == 0 {
            break;
        }
    }
    let placed: Vec<Placed> = join_all(tasks)
        .await
        .into_iter()
        .map(|placed| placed.expect("callers do not panic"))
        .collect();
    if let (Some(stranger), Some(job)) = (
        stage.callers.last(),
        placed.iter().find(|one| one.order.caller + 1 < stage.callers.len()).and_then(Placed::job),
    ) {
        stranger::pry(&stage, stranger, job).await;
    }
    stage.stop_the_schedule();
    tokio::time::sleep(if has_poison { AFTERMATH_OF_POISON } else { AFTERMATH }).await;
    let ends = verdict::ends(&stage, &placed);
    stage.add_up().await;
    let log = logs::take();
    check_log(&stage, &log);
    let buried = DEAD_LETTER_QUEUES
        .map(|queue| stage.network.sqs.depth(queue).map_or(0, Depth::total))
        .iter()
        .sum();
    let lasted = stage.network.clock.elapsed();
    Report { wrong: stage.record.wrongs(), lasted, buried, stage, placed, ends, log }
}
