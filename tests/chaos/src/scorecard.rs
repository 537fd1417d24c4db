//! Everything, as a page: what was tried, what was found, and how it would have been found.

use crate::aside::Aside;
use crate::exhaustive::{Tries, exhaust};
use crate::hunt;
use crate::outages::{self, Outlasted};
use crate::paths::paths;
use crate::random::{self, Tally};
use crate::sabotage::Defence;
use crate::situations;
use std::time::{Duration, Instant};

/// The page as it is printed, and what was wrong.
pub struct Scorecard {
    seed: u64,
    wrong: Vec<String>,
    started: Instant,
}

impl Scorecard {
    pub fn new(seed: u64) -> Self {
        Self { seed, wrong: Vec::new(), started: Instant::now() }
    }

    /// Every step of every path, or of those with a name.
    pub fn exhaustive(&mut self, named: Option<&str>) {
        self.heading("every step, with each death and each lost answer");
        println!(
            "{:22} {:16} {:>6} {:>6} {:>8} {:>9} {:>10}",
            "path", "model", "steps", "runs", "unknown", "rendered", "longest"
        );
        let (mut steps, mut runs, mut lost) = (0, 0, [0; 2]);
        for path in paths().into_iter().filter(|path| named.is_none_or(|name| name == path.name)) {
            let done = exhaust(&path, self.seed, Tries::All, None);
            let [unknown, rendered] = done.lost;
            println!(
                "{:22} {:16} {:>6} {:>6} {unknown:>8} {rendered:>9} {:>8} s",
                path.name,
                path.model,
                done.steps,
                done.runs,
                done.longest.as_secs()
            );
            (steps, runs, lost) =
                (steps + done.steps, runs + done.runs, [lost[0] + unknown, lost[1] + rendered]);
            self.wrong(done.wrong.into_iter().map(|wrong| {
                format!(
                    "{}, {}: {wrong}   (again: cargo chaos --path '{0}')",
                    path.name, path.model
                )
            }));
        }
        println!("{:22} {:16} {steps:>6} {runs:>6} {:>8} {:>9}", "all", "", lost[0], lost[1]);
    }

    /// So many jobs under drawn schedules.
    pub fn random(&mut self, jobs: usize) {
        self.heading("random schedules");
        let Tally {
            runs,
            ordered,
            ends,
            renders,
            lost_submissions,
            deaths_before_sending,
            steps,
            faults,
            outdated,
            lasted,
            longest,
            fingerprint,
            wrong,
        } = random::run_many(jobs, self.seed, None);
        println!(
            "{ordered} jobs in {runs} runs: {steps} steps, {} faults, {} h of virtual time",
            faults.values().sum::<usize>(),
            lasted.as_secs() / 3600
        );
        println!("  faults: {faults:?}; the index was behind {outdated} times");
        for (how, count) in ends {
            println!("  {count:>6}  {how}");
        }
        for (times, count) in renders {
            println!("  {count:>6}  rendered {times} times");
        }
        let unknown: usize = lost_submissions.values().sum();
        let rendered = lost_submissions.get(&1).copied().unwrap_or(0);
        let twice: usize = lost_submissions.range(2..).map(|(_, count)| count).sum();
        println!(
            "after a lost submission, rendered once: {rendered} of {unknown} ({} %); more than once: {twice}",
            rendered * 100 / unknown.max(1)
        );
        println!(
            "unknown although no request had left: {deaths_before_sending} whose sender died before it, 0 whose sender lived"
        );
        println!("the longest job took {} s; fingerprint {fingerprint:016x}", longest.as_secs());
        self.wrong(wrong);
    }

    /// Outages, poison, a long render, a hundred at once.
    pub fn situations(&mut self) {
        self.heading("situations");
        let aside = Aside::start();
        let absences = |away| outages::ABSENCES.map(|fault| (away, fault));
        for (away, fault) in outages::OUTAGES.iter().flat_map(absences) {
            let Outlasted { tried, wrong } = outages::outage(away, fault, self.seed, &aside);
            let name =
                format!("{:?} away from {} s on, {}", away.peer, away.from.as_secs(), fault.kind());
            for one in tried {
                let [shortest, longest] = one.waits_ms;
                println!(
                    "{name}: {} tried {} times, waits of {shortest} to {longest} ms, like ones {} ms apart",
                    one.asks, one.most, one.apart_ms
                );
            }
            self.wrong(wrong.into_iter().map(|wrong| format!("{name}: {wrong}")));
        }
        let (completed, report) = situations::storage_outage(self.seed, &aside);
        println!(
            "storage away for ten minutes: {completed} of {} jobs completed, the slowest in {} s",
            report.ends.len(),
            report.longest().as_secs()
        );
        self.wrong(report.wrong);
        let silent = situations::silent_hosts(self.seed, &aside);
        let [without, with] = silent.other.map(|took| took.as_secs());
        println!(
            "twelve silent file hosts: another tenant's job took {with} s ({without} s without)"
        );
        self.wrong(silent.wrong);
        let (checks, report) = situations::long_render(self.seed, &aside);
        println!("a render of half an hour: {checks} checks, then completed");
        self.wrong(report.wrong);
        let poison = situations::poison(self.seed, &aside);
        let [without, with] = poison.longest.map(|longest| longest.as_secs());
        println!(
            "poison in each queue: {} of 9 jobs completed within {with} s ({without} s without), {} messages buried",
            poison.completed, poison.buried
        );
        self.wrong(poison.wrong);
        let hundred = situations::hundred(self.seed, None, &aside);
        let [half, most, nearly, all] = hundred.within.map(|within| within.as_millis());
        println!("a hundred submits at once: {:?}; {} conflicts", hundred.told, hundred.conflicts);
        println!(
            "  answered in {half} ms (p50), {most} ms (p90), {nearly} ms (p99), {all} ms (all)"
        );
        self.wrong(hundred.wrong);
    }

    /// Takes each defence out.
    pub fn sabotage(&mut self) {
        self.heading("each defence taken out");
        for defence in Defence::ALL {
            match hunt::found(defence, self.seed) {
                Some((jobs, how)) => {
                    println!("{:18} found after {jobs:>4} jobs: {how}", format!("{defence:?}"))
                }
                None => self.wrong([format!("{defence:?} was taken out, and that was not found")]),
            }
        }
    }

    /// Says how it went; whether all is well.
    pub fn end(self) -> bool {
        println!("\n{} wrong, in {} s", self.wrong.len(), self.started.elapsed().as_secs());
        self.wrong.iter().for_each(|wrong| println!("  {wrong}"));
        self.wrong.is_empty()
    }

    fn heading(&self, what: &str) {
        println!("\n{what}   (seed {}, after {} s)", self.seed, self.started.elapsed().as_secs());
    }

    fn wrong(&mut self, more: impl IntoIterator<Item = String>) {
        self.wrong.extend(more);
    }
}

/// One run of so many jobs by its seed, step by step. Whether all is well.
pub fn replay(seed: u64, jobs: usize) -> bool {
    let report = random::run_one(seed, jobs.min(random::JOBS_OF_A_RUN), None, &Aside::start());
    print!("{}", report.stage.record.text());
    for (placed, end) in report.placed.iter().zip(&report.ends) {
        println!(
            "order {:>2} {} for caller {}: {:?} {} (job {})",
            placed.order.number,
            placed.order.model,
            placed.order.caller,
            end.fate,
            end.code,
            placed.job().unwrap_or("unknown")
        );
    }
    report.wrong.iter().for_each(|wrong| println!("WRONG {wrong}"));
    println!("{} of virtual time", Duration::from_secs(report.lasted.as_secs()).as_secs());
    report.wrong.is_empty()
}
