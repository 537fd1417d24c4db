//! How many exchanges a path makes, and how many of them one after the other.

use crate::recorder::Exchange;
use crate::stage::{Stage, UNFINISHED, Work, done};
use crate::table::Table;

/// A path, and its exchanges as they are known: who changes them changes them here.
struct Known {
    work: Work,
    name: &'static str,
    start: Count,
    warm: Count,
}

/// Exchanges in series, and all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    in_series: usize,
    in_all: usize,
}

const KNOWN: [Known; 3] = [
    Known {
        work: Work::Get,
        name: "get",
        start: Count { in_series: 1, in_all: 2 },
        warm: Count { in_series: 1, in_all: 1 },
    },
    Known {
        work: Work::Submit,
        name: "submit",
        start: Count { in_series: 1, in_all: 5 },
        warm: Count { in_series: 3, in_all: 5 },
    },
    Known {
        work: Work::Look,
        name: "one look",
        start: Count { in_series: 1, in_all: 4 },
        warm: Count { in_series: 4, in_all: 4 },
    },
];

/// Counts the starts and the warm invocations, and makes sure that they are as they are known.
pub(crate) async fn count(stage: &Stage<'_>, table: &mut Table) -> Result<(), String> {
    stage.renders(UNFINISHED)?;
    for Known { work, name, start, warm } in KNOWN {
        let mut caller = stage.caller().await?;
        stage.recorder.counting(true);
        let mut sandbox = stage.start(work, None).await?;
        let at_start = stage.recorder.wait_for_quiet().await;
        stage.recorder.counting(false);
        let first = caller.event(work).await?;
        done(&sandbox.invoke(&first).await?)?;
        let event = caller.event(work).await?;
        stage.recorder.counting(true);
        done(&sandbox.invoke(&event).await?)?;
        let at_work = stage.recorder.wait_for_quiet().await;
        stage.recorder.counting(false);
        check(&format!("the start of {}", work.function()), start, &at_start)?;
        check(&format!("a warm {name}"), warm, &at_work)?;
        table.exact(format!("exchanges of a start of {}", work.function()), whole(start.in_all));
        table.exact(format!("exchanges of a warm {name}, in series"), whole(warm.in_series));
        table.exact(format!("exchanges of a warm {name}, in all"), whole(warm.in_all));
    }
    Ok(())
}

fn check(what: &str, known: Count, passed: &[Exchange]) -> Result<(), String> {
    let in_series = passed.iter().map(|exchange| exchange.round + 1).max().unwrap_or_default();
    let count = Count { in_series, in_all: passed.len() };
    if count == known {
        return Ok(());
    }
    let steps: String = passed
        .iter()
        .map(|exchange| format!("\n  {}: {}", exchange.round + 1, exchange.name))
        .collect();
    Err(format!("{what} has {count:?}, and tests/bench/src/exchanges.rs says {known:?}:{steps}"))
}

fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
