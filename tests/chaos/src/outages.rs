//! A dependency is away, for a week where that can be borne: what is tried meanwhile, how often,
//! and whether jobs that began together try in step.

use crate::aside::Aside;
use crate::attempts::{self, Attempts};
use crate::fault::{Fault, Refusal};
use crate::network::Peer;
use crate::order::Order;
use crate::run::{Workload, on_virtual_time, played};
use crate::schedule::Outage;
use crate::situations::{MINUTE, order, settings};
use crate::stage::Settings;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const FOR_EVER: Duration = Duration::from_secs(7 * 24 * 3600);
/// How many jobs are ordered at the same moment, to see whether they are tried again at the same
/// moments.
const TOGETHER: usize = 3;

/// When the jobs have been handed over to a provider.
const HANDED_OVER: Duration = Duration::from_secs(5);

/// Somebody who is away.
#[derive(Debug, Clone, Copy)]
pub struct Away {
    /// Who.
    pub peer: Peer,
    /// From when on.
    pub from: Duration,
    /// The most attempts that an operation may make.
    most: usize,
    /// What lies at least between waits that would be alike without jitter.
    apart_ms: u64,
}

/// Tables and providers are away from the beginning, and once jobs are rendered. The SDK and the
/// store wait milliseconds, of which a step's own way is 2 to 40, so that without jitter no two
/// waits lie further apart than 38; a job waits whole seconds, and a message up to two more than it
/// was told to.
pub const OUTAGES: [Away; 9] = [
    // 4 s, at most 400 ms apart, 200 ms on average; what only we know is written for as long as the
    // function lives, 30 s.
    Away { peer: Peer::DynamoDb, from: Duration::ZERO, most: 60, apart_ms: 50 },
    Away { peer: Peer::DynamoDb, from: HANDED_OVER, most: 400, apart_ms: 50 },
    // The SDK's own.
    Away { peer: Peer::Sqs, from: HANDED_OVER, most: 3, apart_ms: 50 },
    Away { peer: Peer::Secrets, from: Duration::ZERO, most: 3, apart_ms: 50 },
    // Ten minutes at half the model's cadence of 15 s, and from 150 s on at a twentieth of the age;
    // Google's is 30 s.
    Away { peer: Peer::Fal, from: Duration::ZERO, most: 50, apart_ms: 3_000 },
    Away { peer: Peer::Google, from: Duration::ZERO, most: 35, apart_ms: 3_000 },
    // Six hours and one, each minute or up to a tenth sooner, and more often for ten minutes; then
    // 23 hours, every five minutes.
    Away { peer: Peer::Fal, from: HANDED_OVER, most: 850, apart_ms: 2_000 },
    Away { peer: Peer::Google, from: HANDED_OVER, most: 850, apart_ms: 2_000 },
    // A day: as at fal for 100 minutes, and then every 5 minutes.
    Away { peer: Peer::Storage, from: HANDED_OVER, most: 365, apart_ms: 3_000 },
];

/// How somebody is away.
pub const ABSENCES: [Fault; 3] = [Fault::Refused(Refusal::TooMany), Fault::NotSent, Fault::Silence];

/// Jobs that begin together and whose dependency is away: for a week; queues and tables for 40
/// minutes, because nothing moves without them and fal forgets a result after an hour; the secrets
/// for the first five minutes.
pub fn outage(away: &Away, fault: Fault, seed: u64, aside: &Aside) -> Outlasted {
    let Away { peer, from, .. } = *away;
    let (model, seconds) =
        if peer == Peer::Google { ("google/veo-3.1", 4) } else { ("fal/kling-2", 5) };
    let (until, may_fail_with): (_, &[&str]) = match peer {
        Peer::DynamoDb if from.is_zero() => (FOR_EVER, &[]),
        Peer::Sqs | Peer::DynamoDb => (40 * MINUTE, &[]),
        Peer::Secrets => (5 * MINUTE, &[]),
        Peer::Fal | Peer::Google if from.is_zero() => (FOR_EVER, &["provider_unavailable"]),
        Peer::Fal | Peer::Google => (FOR_EVER, &["timed_out"]),
        Peer::Storage => (FOR_EVER, &["storage_unavailable"]),
    };
    let during = from..until;
    on_virtual_time(seed, async {
        let plan = Outage { peer, during, fault, started: Instant::now() };
        let order = |number| Order {
            model,
            seconds,
            may_fail_with,
            ..order(number, Duration::from_secs(1))
        };
        let workload =
            Workload { orders: (0..TOGETHER).map(order).collect(), ..Workload::default() };
        let settings = settings(seed, Arc::new(plan), Duration::from_secs(20));
        // so that each step is about one job
        let one_by_one = Settings { batch: Some(1), ..settings };
        let report = played(&one_by_one, aside, workload).await;
        let (tried, mut wrong) = (attempts::counted(peer, &report), report.wrong);
        wrong.extend(tried.iter().filter_map(|one| away.exceeded(fault, one)));
        if !tried.iter().any(|one| one.most > 1) && fault != Fault::Silence {
            wrong.push("nothing was tried again".to_owned());
        }
        Outlasted { tried, wrong }
    })
}

/// What an outage came to.
pub struct Outlasted {
    /// What was tried, how often and when.
    pub tried: Vec<Attempts>,
    /// What was wrong.
    pub wrong: Vec<String>,
}

impl Away {
    /// Which bound an operation's attempts exceed. Waits for an answer that never comes are the
    /// timeouts, which are alike.
    fn exceeded(&self, fault: Fault, tried: &Attempts) -> Option<String> {
        let alike = fault != Fault::Silence && tried.most > 2 && tried.apart_ms <= self.apart_ms;
        (tried.most > self.most || alike).then(|| format!("too often or too much alike: {tried:?}"))
    }
}
