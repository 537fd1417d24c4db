//! Outages: a dependency is away, for a week where that is possible. They count what is tried
//! meanwhile and how often. They check whether jobs that began together retry at the same moments.

use crate::aside::Aside;
use crate::attempts::{self, Attempts};
use crate::fault::{Fault, Refusal};
use crate::network::Peer;
use crate::order::Order;
use crate::run::{Workload, on_virtual_time, play};
use crate::schedule::Outage;
use crate::situations::{MINUTE, order, settings};
use crate::stage::Settings;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const FOR_EVER: Duration = Duration::from_secs(7 * 24 * 3600);
/// How many jobs are ordered at the same moment, to see whether their retries coincide.
const TOGETHER: usize = 3;

/// By when the provider has taken the jobs.
const HANDED_OVER: Duration = Duration::from_secs(5);

/// An outage, and the bounds that the retries must keep.
#[derive(Debug, Clone, Copy)]
pub struct Away {
    pub peer: Peer,
    /// When the outage begins.
    pub from: Duration,
    /// The limit of an operation's attempts.
    most: usize,
    /// The least difference in ms between waits that would be alike without jitter.
    apart_ms: u64,
}

/// The outages. Tables and providers are away from the beginning, or from when the jobs are taken.
///
/// The bounds of the differences: the SDK and the store wait milliseconds. A step itself takes 2 to
/// 40 ms, so without jitter no two waits differ by more than 38 ms. A job waits whole seconds, and
/// a message comes up to two seconds late.
pub const OUTAGES: [Away; 9] = [
    // 4 s with waits of at most 400 ms, 200 ms on average. A result that only this function knows
    // is written for as long as the function lives, 30 s.
    Away { peer: Peer::DynamoDb, from: Duration::ZERO, most: 60, apart_ms: 50 },
    Away { peer: Peer::DynamoDb, from: HANDED_OVER, most: 400, apart_ms: 50 },
    // The SDK's own retries.
    Away { peer: Peer::Sqs, from: HANDED_OVER, most: 3, apart_ms: 50 },
    Away { peer: Peer::Secrets, from: Duration::ZERO, most: 3, apart_ms: 50 },
    // Ten minutes at half the model's cadence of 15 s, and from 150 s on at a twentieth of the age.
    // Google's cadence is 30 s.
    Away { peer: Peer::Fal, from: Duration::ZERO, most: 50, apart_ms: 3_000 },
    Away { peer: Peer::Google, from: Duration::ZERO, most: 35, apart_ms: 3_000 },
    // Seven hours, each minute or up to a tenth sooner, and more often for ten minutes. Then 23
    // hours, every five minutes.
    Away { peer: Peer::Fal, from: HANDED_OVER, most: 850, apart_ms: 2_000 },
    Away { peer: Peer::Google, from: HANDED_OVER, most: 850, apart_ms: 2_000 },
    // A day: as at fal for 100 minutes, then every five minutes.
    Away { peer: Peer::Storage, from: HANDED_OVER, most: 365, apart_ms: 3_000 },
];

/// The ways in which a dependency can be away.
pub const ABSENCES: [Fault; 3] = [Fault::Refused(Refusal::TooMany), Fault::NotSent, Fault::Silence];

/// Runs jobs that begin together while their dependency is away. Most outages last a week. Those of
/// queues and tables last 40 minutes, since nothing moves without them and fal forgets a result
/// after an hour. That of the secrets lasts five minutes.
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
            silent: false,
            may_fail_with,
            ..order(number, Duration::from_secs(1))
        };
        let workload =
            Workload { orders: (0..TOGETHER).map(order).collect(), ..Workload::default() };
        let settings = settings(seed, Arc::new(plan), Duration::from_secs(20));
        // Each step is about one job then.
        let one_by_one = Settings { batch: Some(1), ..settings };
        let report = play(&one_by_one, aside, workload).await;
        let (tried, mut wrong) = (attempts::count(peer, &report), report.wrong);
        wrong.extend(tried.iter().filter_map(|one| away.exceeded(fault, one)));
        if !tried.iter().any(|one| one.most > 1) && fault != Fault::Silence {
            wrong.push("nothing was tried again".to_owned());
        }
        Outlasted { tried, wrong }
    })
}

/// The result of an outage.
pub struct Outlasted {
    /// The attempts of each operation.
    pub tried: Vec<Attempts>,
    pub wrong: Vec<String>,
}

impl Away {
    /// A sentence if an operation's attempts exceed a bound. During a silence the waits are
    /// timeouts, which are alike.
    fn exceeded(&self, fault: Fault, tried: &Attempts) -> Option<String> {
        let alike = fault != Fault::Silence && tried.most > 2 && tried.apart_ms <= self.apart_ms;
        (tried.most > self.most || alike).then(|| format!("too often or too much alike: {tried:?}"))
    }
}
