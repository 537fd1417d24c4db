//! Thousands of jobs of several organizations under random schedules. Each order meets two to four
//! faults, providers err, and messages are lost, doubled and shuffled. Each run has its own seed,
//! and that seed alone repeats a failed run.

use crate::aside::Aside;
use crate::deliveries::Misdelivery;
use crate::order::{Ending, Order};
use crate::run::{Recharge, Report, Workload, run};
use crate::sabotage::Defence;
use crate::schedule::Random;
use crate::stage::Settings;
use crate::verdict::Fate;
use crate::workers;
use local::fal::Render;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Jobs of one run: enough that they meet, few enough that a person can read a failed run.
pub const JOBS_OF_A_RUN: usize = 25;
/// How many steps at providers fail.
const PROVIDER_ERRORS_PERCENT: u8 = 30;
/// How many jobs are cancelled, within the time that most jobs take.
const CANCELLED_PERCENT: u8 = 5;
/// How many answers of the index are those of the sweep before.
const INDEX_LAGS_PERCENT: u8 = 20;
/// How many orders with an idempotency key are sent three times.
const REPLAYED_PERCENT: u8 = 20;
const MISDELIVERY: Misdelivery = Misdelivery { lost: 5, doubled: 20, shuffled: true };
/// The models and lengths that are ordered, and whether without sound.
const MENU: [(&str, u32, bool); 7] = [
    ("fal/kling-2", 5, false),
    ("google/veo-3.1", 4, false),
    ("fal/veo-3.1", 4, false),
    ("fal/luma-ray-2", 5, false),
    ("google/veo-3.1", 6, false),
    ("google/veo-3.1", 4, true),
    ("fal/veo-3.1", 4, true),
];

/// The sums of many runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub runs: usize,
    /// The number of orders.
    pub ordered: usize,
    /// The number of orders by how they ended.
    pub ends: BTreeMap<String, usize>,
    /// The number of jobs by how many times each was rendered.
    pub renders: BTreeMap<usize, usize>,
    /// The jobs that failed because a submission's answer was lost, by how many times each was
    /// rendered.
    pub lost_submissions: BTreeMap<usize, usize>,
    /// The jobs that failed because their sender died between the lease and the request to the
    /// provider.
    pub deaths_before_sending: usize,
    pub steps: usize,
    /// The number of faults by kind.
    pub faults: BTreeMap<&'static str, usize>,
    /// The outdated answers of the index of open jobs.
    pub outdated: usize,
    /// The virtual time of all runs together.
    pub lasted: Duration,
    /// The longest time of a job.
    pub longest: Duration,
    /// A hash of the steps of all runs: equal runs have equal hashes.
    pub fingerprint: u64,
    /// What was wrong, and the command that repeats it.
    pub wrong: Vec<String>,
}

/// Runs this many jobs.
pub fn run_many(jobs: usize, seed: u64, sabotage: Option<Defence>) -> Tally {
    let seeds: Vec<(u64, usize)> = seeds(jobs, seed);
    let tallies = workers::each(&seeds, |(seed, jobs), aside| {
        tally(*seed, &run_one(*seed, *jobs, sabotage, aside))
    });
    tallies.into_iter().fold(Tally::default(), Tally::and)
}

/// Runs at most `most` jobs until something is wrong. Returns the number of jobs and what was
/// wrong.
pub fn run_until_wrong(most: usize, seed: u64, sabotage: Defence) -> Option<(usize, String)> {
    let mut ran = 0;
    let aside = Aside::start();
    for (seed, jobs) in seeds(most, seed) {
        let report = run_one(seed, jobs, Some(sabotage), &aside);
        ran += jobs;
        if let Some(wrong) = report.wrong.first() {
            return Some((ran, wrong.clone()));
        }
    }
    None
}

fn seeds(jobs: usize, seed: u64) -> Vec<(u64, usize)> {
    let runs = jobs.div_ceil(JOBS_OF_A_RUN);
    let first = seed.wrapping_mul(1_000_003);
    (0..runs)
        .zip(first..)
        .map(|(run, seed)| (seed, JOBS_OF_A_RUN.min(jobs - run * JOBS_OF_A_RUN)))
        .collect()
}

/// Does one run by its own seed.
pub fn run_one(seed: u64, jobs: usize, sabotage: Option<Defence>, aside: &Aside) -> Report {
    let mut drawn = fastrand::Rng::with_seed(seed);
    let settings = Settings {
        seed,
        plan: Arc::new(Random::new(seed, jobs, PROVIDER_ERRORS_PERCENT)),
        sabotage,
        misdelivery: MISDELIVERY,
        batch: [None, Some(1), Some(4)][drawn.usize(0..3)],
        render: Render {
            queued: Duration::from_secs(drawn.u64(0..60)),
            rendering: Duration::from_secs(drawn.u64(5..300)),
        },
        cancel_stops_rendering: seed.is_multiple_of(2),
        organizations: vec!["1000.00", "100.00", "1000.00"],
        first_lost: 0,
        index_lags_percent: INDEX_LAGS_PERCENT,
    };
    let orders = (0..jobs).map(|number| order(number, &mut drawn)).collect();
    // Each organization pays once, and the operator posts the payment twice.
    let recharges = (0..6).map(|number| Recharge {
        caller: number % 3,
        reference: "payment".to_owned(),
        amount: "10.00".parse().expect("an amount"),
        at: Duration::from_millis(drawn.u64(0..60_000)),
    });
    run(
        &settings,
        aside,
        Workload { orders, recharges: recharges.collect(), ..Workload::default() },
    )
}

fn order(number: usize, drawn: &mut fastrand::Rng) -> Order {
    let (model, seconds, silent) = MENU[drawn.usize(0..MENU.len())];
    let insists = drawn.bool();
    Order {
        number,
        caller: drawn.usize(0..3),
        model,
        seconds,
        silent,
        insists,
        replayed: insists && drawn.u8(0..100) < REPLAYED_PERCENT,
        looks_every: drawn.bool().then(|| Duration::from_secs(drawn.u64(30..120))),
        at: Duration::from_millis(drawn.u64(0..90_000)),
        ending: match drawn.u8(0..100) {
            0..3 => Ending::Cut,
            3..6 => Ending::Refused,
            6 => Ending::Large(7 << 20),
            _ => Ending::Video,
        },
        may_fail_with: &[],
        cancelled_after: (drawn.u8(0..100) < CANCELLED_PERCENT)
            .then(|| Duration::from_secs(drawn.u64(0..300))),
    }
}

/// The sums of one run.
pub fn tally(seed: u64, report: &Report) -> Tally {
    let mut tally = Tally {
        runs: 1,
        ordered: report.ends.len(),
        lasted: report.lasted,
        longest: report.longest(),
        outdated: report.stage.network.dynamo.outdated(),
        deaths_before_sending: report.stage.record.deaths_before_sending(),
        ..Tally::default()
    };
    for end in &report.ends {
        let how = match end.fate {
            Fate::Completed => "completed".to_owned(),
            Fate::NotAccepted => "not accepted".to_owned(),
            Fate::Failed => format!("failed: {}", end.code),
        };
        *tally.ends.entry(how).or_default() += 1;
        *tally.renders.entry(end.renders).or_default() += 1;
        if end.code == "submit_unknown" {
            *tally.lost_submissions.entry(end.renders).or_default() += 1;
        }
    }
    let steps = report.stage.record.steps();
    tally.steps = steps.len();
    for fault in steps.iter().filter_map(|noted| noted.fault) {
        *tally.faults.entry(fault.kind()).or_default() += 1;
    }
    tally.fingerprint = fingerprint(&report.stage.record.text());
    let again = format!("again: cargo chaos --run {seed} --jobs {}", report.ends.len());
    tally.wrong = report.wrong.iter().map(|wrong| format!("{wrong}   ({again})")).collect();
    tally
}

impl Tally {
    fn and(mut self, other: Self) -> Self {
        add(&mut self.renders, other.renders);
        add(&mut self.lost_submissions, other.lost_submissions);
        add(&mut self.faults, other.faults);
        add(&mut self.ends, other.ends);
        self.runs += other.runs;
        self.ordered += other.ordered;
        self.steps += other.steps;
        self.outdated += other.outdated;
        self.deaths_before_sending += other.deaths_before_sending;
        self.lasted += other.lasted;
        self.longest = self.longest.max(other.longest);
        self.fingerprint = self.fingerprint.rotate_left(1) ^ other.fingerprint;
        self.wrong.extend(other.wrong);
        self
    }
}

fn add<K: Ord>(sums: &mut BTreeMap<K, usize>, more: BTreeMap<K, usize>) {
    more.into_iter().for_each(|(key, count)| *sums.entry(key).or_default() += count);
}

/// The FNV-1a hash of a text.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
