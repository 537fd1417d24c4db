//! Counts how often, and when, an operation was tried while its dependency was away.

use crate::network::Peer;
use crate::record::Noted;
use crate::run::Report;
use std::collections::BTreeMap;

/// The attempts of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempts {
    pub peer: Peer,
    /// The operation, such as `status`.
    pub asks: String,
    /// The most attempts: of one call to AWS, or for one job at providers and storage.
    pub most: usize,
    /// The shortest and the longest wait between two attempts.
    pub waits_ms: [u64; 2],
    /// Without jitter, calls or jobs that begin together have equal first waits, equal second
    /// waits, and so on. For each of these the difference between longest and shortest is taken.
    /// This is the median of the differences.
    pub apart_ms: u64,
}

/// The unit whose attempts are counted together: an invocation or an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Invocation(u32),
    Order(usize),
}

/// Counts the attempts that a run's record has of each operation of a peer.
pub fn count(peer: Peer, report: &Report) -> Vec<Attempts> {
    let steps = report.stage.record.steps();
    let mut tried: BTreeMap<(&str, Whose), Vec<u64>> = BTreeMap::new();
    for Noted { at_ms, step, .. } in
        steps.iter().filter(|noted| noted.step.peer == peer && noted.fault.is_some())
    {
        // A sweep sends sixteen queries at once, and a connection is opened without a request.
        // Neither is a retry.
        if step.asks.starts_with("Query") || step.asks == "connect" {
            continue;
        }
        let whose = match step.orders.first() {
            Some(order) if !peer.is_aws() => Whose::Order(*order),
            _ => Whose::Invocation(step.place.invocation),
        };
        tried.entry((&step.asks, whose)).or_default().push(*at_ms);
    }
    let mut operations: BTreeMap<&str, Vec<Vec<u64>>> = BTreeMap::new();
    for ((asks, _), at_ms) in tried {
        operations
            .entry(asks)
            .or_default()
            .push(at_ms.windows(2).map(|pair| pair[1] - pair[0]).collect());
    }
    operations.into_iter().map(|(asks, waits)| attempts(peer, asks, &waits)).collect()
}

/// Summarises the waits of each call or job, which are in their order.
fn attempts(peer: Peer, asks: &str, waits: &[Vec<u64>]) -> Attempts {
    let range = |waits: &mut dyn Iterator<Item = u64>| {
        waits.fold(None, |range: Option<[u64; 2]>, wait| {
            let [least, most] = range.unwrap_or([wait; 2]);
            Some([least.min(wait), most.max(wait)])
        })
    };
    let longest = waits.iter().map(Vec::len).max().unwrap_or(0);
    let alike = (0..longest)
        .filter_map(|at| range(&mut waits.iter().filter_map(|waits| waits.get(at).copied())));
    let mut apart: Vec<u64> = alike.map(|[least, most]| most - least).collect();
    apart.sort_unstable();
    Attempts {
        peer,
        asks: asks.to_owned(),
        most: longest + 1,
        apart_ms: apart.get(apart.len() / 2).copied().unwrap_or(0),
        waits_ms: range(&mut waits.iter().flatten().copied()).unwrap_or_default(),
    }
}
