//! The short form of `cargo chaos`: every step of every path, a few hundred jobs under drawn
//! schedules, the situations, and the proof that the harness finds what it should.

use chaos::aside::Aside;
use chaos::exhaustive::{Tries, exhaust};
use chaos::fault::Fault;
use chaos::hunt;
use chaos::outages;
use chaos::paths::paths;
use chaos::random::{self, JOBS_OF_A_RUN};
use chaos::sabotage::Defence;
use chaos::situations;
use std::time::Duration;

/// Another one finds other things; this one is only the same every time.
const SEED: u64 = 1;

#[test]
fn every_step_at_fal_bears_every_death_and_every_lost_answer() {
    every_step("fal/kling-2");
}

#[test]
fn every_step_at_google_bears_every_death_and_every_lost_answer() {
    every_step("google/veo-3.1");
}

fn every_step(model: &str) {
    let paths: Vec<_> = paths().into_iter().filter(|path| path.model == model).collect();
    assert!(paths.len() >= 10, "{model} has {} paths", paths.len());
    for path in paths {
        let done = exhaust(&path, SEED, Tries::Distinct, None);
        assert!(done.steps > 5, "{} has steps: {}", path.name, done.steps);
        assert!(done.wrong.is_empty(), "{}, {}: {:#?}", path.name, path.model, done.wrong);
        assert!(done.lost[1] <= done.lost[0], "at most one render after a lost submission");
    }
}

#[test]
fn three_hundred_jobs_bear_drawn_schedules() {
    let tally = random::run_many(300, SEED, None);
    assert_eq!(tally.wrong, [""; 0]);
    for kind in Fault::KINDS {
        let struck = tally.faults.get(kind).copied().unwrap_or(0);
        assert!(struck > tally.ordered / 20, "the faults were really there: {:?}", tally.faults);
    }
    assert!(tally.outdated > tally.runs, "the index was really behind: {}", tally.outdated);
    assert!(tally.ends["completed"] > tally.ordered / 3, "{:?}", tally.ends);
    assert_eq!(tally.renders.range(2..).count(), 0, "{:?}", tally.renders);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let text =
        |seed| random::run_one(seed, JOBS_OF_A_RUN, None, &Aside::start()).stage.record.text();
    let first = text(7);
    assert_eq!(first, text(7));
    assert_ne!(first, text(8));
}

#[test]
fn attempts_at_what_is_away_are_bounded_and_spread() {
    for away in outages::OUTAGES {
        // `cargo chaos` tries all
        let outlasted = outages::outage(&away, outages::ABSENCES[0], SEED, &Aside::start());
        assert_eq!(outlasted.wrong, [""; 0], "{away:?}");
    }
}

#[test]
fn ten_minutes_without_storage_lose_no_job() {
    let (completed, report) = situations::storage_outage(SEED, &Aside::start());
    assert_eq!((completed, report.wrong), (20, Vec::new()));
}

#[test]
fn twelve_silent_file_hosts_hold_up_no_other_tenant() {
    let silent = situations::silent_hosts(SEED, &Aside::start());
    assert_eq!((silent.completed, silent.wrong), (13, Vec::new()));
    assert!(silent.asked > 13 + 12, "the hosts were really silent: {}", silent.asked);
    let [usual, beside_them] = silent.other;
    let looks = Duration::from_secs(2 * 15);
    assert!(
        beside_them <= usual + looks,
        "{beside_them:?} against {usual:?}: within two of its usual looks"
    );
}

#[test]
fn a_job_that_needs_forty_checks_completes() {
    let (checks, report) = situations::long_render(SEED, &Aside::start());
    assert_eq!(report.wrong, [""; 0]);
    assert!(checks >= 40, "{checks}");
}

#[test]
fn poison_holds_up_nobody() {
    let poison = situations::poison(SEED, &Aside::start());
    assert_eq!((poison.completed, poison.buried, poison.wrong), (9, 3, Vec::new()));
    let [without, with] = poison.longest;
    assert!(with <= without + Duration::from_secs(5), "{with:?} against {without:?}");
}

#[test]
fn a_hundred_submits_at_once_are_all_answered() {
    let hundred = situations::hundred(SEED, None, &Aside::start());
    assert_eq!(hundred.wrong, [""; 0]);
    assert!(hundred.conflicts > 100, "the conflicts were really there: {}", hundred.conflicts);
    assert!(hundred.within[3] < Duration::from_secs(5), "{:?}", hundred.within);
}

#[test]
fn a_defence_that_is_taken_out_is_missed() {
    for defence in Defence::ALL {
        assert!(
            hunt::found(defence, SEED).is_some(),
            "{defence:?} was taken out, and that was not found"
        );
    }
}
