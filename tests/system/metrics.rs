//! What an operator sees: every metric that the template shows or watches is written in a full run, and says what happened.

use crate::stage::Stage;
use ghub::job::Status;
use ghub::metrics::{Line, Metrics};
use local::fal::{Ending, Verdict};
use local::system::Options;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Default)]
struct Measured(Arc<Mutex<Vec<Line>>>);

impl Measured {
    fn metrics(&self) -> Metrics {
        let lines = self.0.clone();
        Metrics::to(move |line| lines.lock().unwrap().push(line.clone()))
    }

    /// The values of a metric, each with its dimensions.
    fn of(&self, metric: &str) -> Vec<(BTreeMap<&'static str, String>, Value)> {
        let lines = self.0.lock().unwrap();
        let found = lines.iter().flat_map(|line| line.values.iter().map(move |value| (line, value)));
        let found = found.filter(|(_, (name, ..))| *name == metric);
        found.map(|(line, (_, _, value))| (line.dimensions.iter().cloned().collect(), value.clone())).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_run_is_measured() {
    let measured = Measured::default();
    let stage = Stage::with(Options { metrics: measured.metrics(), ..Options::test() }).await;
    let caller = stage.caller();
    stage.system.sqs.lose_next("PollQueue", 1).unwrap();
    let good = caller.accepted("measured").await;
    stage.later(Duration::from_secs(60));
    stage.until(caller.org, &good, Status::Completed).await;
    stage.fal().decide(Verdict::for_prompts("refused", Ending::refused("content_policy_violation", "flagged")));
    let refused = caller.accepted("refused").await;
    stage.until(caller.org, &refused, Status::Failed).await;
    caller.client.video("no-such-job").await.unwrap();

    let with =
        |pairs: &[(&'static str, &str)]| pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let faults: Vec<_> = measured.of("Faults").into_iter().map(|(_, fault)| fault).collect();
    assert_eq!(faults, [json!(0), json!(0)], "what the caller wrote is not the provider's fault");
    let model: BTreeMap<_, _> = with(&[("Model", "fal/kling-2")]);
    assert_eq!(measured.of("Submitted"), [(model.clone(), json!(1)), (model.clone(), json!(1))]);
    assert_eq!(measured.of("Completed"), [(with(&[("Provider", "fal")]), json!(1))]);
    assert_eq!(measured.of("Failed"), [(with(&[("Provider", "fal"), ("Reason", "content_filtered")]), json!(1))]);
    assert_eq!(measured.of("ChargedMxn"), [(BTreeMap::new(), json!(4.2))]);
    let seconds = measured.of("SecondsToComplete");
    assert!(matches!(&seconds[..], [(by, took)] if *by == model && took.as_u64() >= Some(60)), "{seconds:?}");
    assert_eq!(measured.of("Refusals"), [(with(&[("Code", "job_not_found")]), json!(1))]);
    let overdue: u64 = measured.of("Overdue").iter().filter_map(|(_, jobs)| jobs.as_u64()).sum();
    assert!(overdue >= 1, "the sweep found the one whose message was lost");
    let asked = stage.fal().requests().iter().filter(|seen| seen.path.starts_with("/fal-ai/")).count();
    for metric in ["ProviderLatency", "ProviderErrors", "ProviderAccountRefused"] {
        assert_eq!(measured.of(metric).len(), asked, "{metric}");
    }
}
