//! Looks for the absence of a defence where it should show first.

use crate::aside::Aside;
use crate::exhaustive::{Tries, exhaust};
use crate::paths::path;
use crate::random;
use crate::sabotage::Defence;
use crate::situations;

/// The most jobs of drawn schedules after which an absence must have been found.
const FOUND_WITHIN: usize = 500;

enum Ground {
    /// A hundred orders at once.
    Hundred,
    /// A path, step by step.
    Path(&'static str),
    Random,
}

const fn ground(defence: Defence) -> Ground {
    match defence {
        Defence::Hold | Defence::ConflictRetry | Defence::LedgerOrder => Ground::Hundred,
        Defence::TurnCondition | Defence::LostAnswer => Ground::Path("re-submit"),
        Defence::SettleCondition => Ground::Path("fail"),
        Defence::Sweep => Ground::Path("sweep"),
        Defence::Lease => Ground::Path("submit, check, store"),
        // Of the payments that are posted twice; of the files that were cut.
        Defence::LedgerUniqueness | Defence::WholeFile => Ground::Random,
    }
}

/// After how many jobs the absence of a defence was found, and by what.
pub fn found(defence: Defence, seed: u64) -> Option<(usize, String)> {
    match ground(defence) {
        Ground::Hundred => {
            let hundred = situations::hundred(seed, Some(defence), &Aside::start());
            hundred.wrong.first().map(|wrong| (100, wrong.clone()))
        }
        Ground::Path(name) => {
            let done = exhaust(&path(name), seed, Tries::Distinct, Some(defence));
            Some((done.first_wrong?, format!("{name}: {}", done.wrong.first()?)))
        }
        Ground::Random => random::run_until_wrong(FOUND_WITHIN, seed, defence),
    }
}
