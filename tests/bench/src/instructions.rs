//! How many instructions a start, a first and a warm invocation take, counted by callgrind.
//!
//! Callgrind counts a whole process. So a function runs with no invocation, with one, and with
//! several; the differences are what the invocations take.

use crate::stage::{Stage, UNFINISHED, Work, done};
use crate::table::Table;
use std::path::Path;

const WORKS: [Work; 3] = [Work::Get, Work::Submit, Work::Look];
/// How many invocations follow the first one.
const WARM: u64 = 4;
/// Hash tables and timers differ from run to run, so the middle one of several counts.
const RUNS: usize = 3;

/// Counts the three functions.
pub(crate) async fn count(stage: &Stage<'_>, table: &mut Table) -> Result<(), String> {
    stage.renders(UNFINISHED)?;
    for work in WORKS {
        let function = work.function();
        let start = several(stage, work, 0).await?;
        let first = several(stage, work, 1).await?;
        let all = several(stage, work, 1 + WARM).await?;
        let of_first = first.middle.saturating_sub(start.middle);
        let of_warm = all.middle.saturating_sub(first.middle) / WARM;
        let spread = |distance: u64, of: u64| distance * 1000 / of.max(1);
        table.about(
            format!("instructions of a start of {function}"),
            start.middle,
            spread(start.distance, start.middle),
        );
        table.about(
            format!("instructions of a first invocation of {function}"),
            of_first,
            spread(start.distance + first.distance, of_first),
        );
        table.about(
            format!("instructions of a warm invocation of {function}"),
            of_warm,
            spread((first.distance + all.distance) / WARM, of_warm),
        );
    }
    Ok(())
}

/// The middle of several runs, and how far the lowest and the highest lie apart.
struct Runs {
    middle: u64,
    distance: u64,
}

async fn several(stage: &Stage<'_>, work: Work, invocations: u64) -> Result<Runs, String> {
    let mut counts = Vec::new();
    for _ in 0..RUNS {
        counts.push(one(stage, work, invocations).await?);
    }
    counts.sort_unstable();
    let (least, most) = (counts[0], counts[RUNS - 1]);
    Ok(Runs { middle: counts[RUNS / 2], distance: most - least })
}

/// The instructions of a process that does this work so many times.
async fn one(stage: &Stage<'_>, work: Work, invocations: u64) -> Result<u64, String> {
    let mut caller = stage.caller().await?;
    let name = format!("geekhub-video-callgrind-{}", uuid::Uuid::new_v4().simple());
    let profile = std::env::temp_dir().join(name);
    let mut sandbox = stage.start(work, Some(&profile)).await?;
    for _ in 0..invocations {
        let event = caller.event(work).await?;
        done(&sandbox.invoke(&event).await?)?;
    }
    sandbox.end().await?;
    let count = read(&profile);
    drop(std::fs::remove_file(&profile)); // one that is left in the temporary folder does no harm
    count
}

fn read(profile: &Path) -> Result<u64, String> {
    let text = std::fs::read_to_string(profile);
    let text = text.map_err(|error| format!("{}: {error}", profile.display()))?;
    total(&text).ok_or_else(|| format!("{} has no total", profile.display()))
}

/// The sum of all functions in a profile of callgrind.
fn total(profile: &str) -> Option<u64> {
    profile.lines().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::total;

    #[test]
    fn the_total_of_a_profile_is_read() {
        assert_eq!(total("events: Ir\nsummary: 7\n\ntotals: 1234567\n"), Some(1_234_567));
        assert_eq!(total("events: Ir\n"), None);
    }
}
