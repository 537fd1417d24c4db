//! How often, and when, an operation was tried while its dependency was away.

use crate::network::Peer;
use crate::record::Noted;
use crate::run::Report;
use std::collections::BTreeMap;

/// The attempts of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempts {
    /// Who was away.
    pub peer: Peer,
    /// What was tried.
    pub asks: String,
    /// The most attempts: of one call to AWS, or, at providers and storage, for one job.
    pub most: usize,
    /// Shortest and longest wait between two.
    pub waits_ms: [u64; 2],
    /// How far waits lie apart that would be alike without jitter: the first ones of calls or jobs
    /// that began together, the second ones, and so on. The median of these differences.
    pub apart_ms: u64,
}

/// Whose attempts belong together: those of one invocation, or those for one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Invocation(u32),
    Order(usize),
}

/// Counts the attempts that a run's record has of each operation of a peer.
pub fn counted(peer: Peer, report: &Report) -> Vec<Attempts> {
    let steps = report.stage.record.steps();
    let mut tried: BTreeMap<(&str, Whose), Vec<u64>> = BTreeMap::new();
    for Noted { at_ms, step, .. } in
        steps.iter().filter(|noted| noted.step.peer == peer && noted.fault.is_some())
    {
        // A sweep asks sixteen times at once, and a connection is opened ahead without anything
        // being asked.
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

/// From the waits of each call or job, in their order.
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
