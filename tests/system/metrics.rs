//! What an operator sees: every metric that the template shows or watches is written in a full run,
//! and says what happened.

use crate::asking::Ask;
use crate::listing::spoil;
use crate::stage::{Stage, until};
use crate::still::{FOR_HOURS, Still};
use ghub::metrics::{Line, METRICS, Metrics};
use ghub::status::Status;
use local::fal::{Ending, Verdict};
use local::faults::{Fault, Then};
use local::options::{Options, Pace};
use local::supabase::Step;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A render that begins, is cancelled, and of which the provider never says that it stopped.
async fn cancel_while_rendering(measured: &Measured) {
    let still = Still::measure(measured.metrics()).await;
    still.stage.fal().set_render(FOR_HOURS);
    still.stage.fal().configure(|settings| settings.cancel_stops_rendering = false);
    // cancelled before the first look: fal's answer says that it has begun
    let job = still.caller.accept("unwanted").await;
    still.stage.later(Duration::from_secs(20));
    assert_eq!(still.cancel(&job).await.status, 200);
    still.look_in(25 * 3600, &job).await;
    let by = |name: &'static str, value: String| BTreeMap::from([(name, value)]);
    let org = still.caller.org.to_string();
    assert_eq!(measured.of("CancelledRenders"), [(by("Organization", org), json!(1))]);
    assert_eq!(measured.of("StopsUnconfirmed"), [(by("Provider", "fal".to_owned()), json!(1))]);
}

/// A list leaves out a job that cannot be read.
async fn list_without_one(measured: &Measured) {
    let stage =
        Stage::with(Options { metrics: measured.metrics(), pace: Pace::Usual, ..Options::test() })
            .await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    let (caller, key) = (stage.caller(), &stage.system.identity.live_key);
    let spoilt = caller.accept("spoilt").await;
    spoil(&stage, &caller, &spoilt).await;
    let listed = stage.ask(Ask::new(Method::GET, "/v1/videos").key(key)).await;
    assert_eq!((listed.status, &listed.body["data"]), (200, &json!([])));
    assert_eq!(measured.of("UnreadableItems"), [(BTreeMap::new(), json!(1))]);
}

/// What a system counts and measures.
#[derive(Clone, Default)]
pub(crate) struct Measured(Arc<Mutex<Vec<Line>>>);

impl Measured {
    pub(crate) fn metrics(&self) -> Metrics {
        let lines = self.0.clone();
        Metrics::to(move |line| lines.lock().unwrap().push(line.clone()))
    }

    /// The values of a metric, each with its dimensions.
    pub(crate) fn of(&self, metric: &str) -> Vec<(BTreeMap<&'static str, String>, Value)> {
        let lines = self.0.lock().unwrap();
        let found = lines
            .iter()
            .flat_map(|line| line.values.iter().map(move |(known, value)| (line, known, value)));
        let found = found.filter(|(_, known, _)| known.name == metric);
        found
            .map(|(line, _, value)| (line.dimensions.iter().cloned().collect(), value.clone()))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_run_is_measured() {
    let measured = Measured::default();
    let stage = run_in_full(&measured).await;
    expect_measures_of_jobs(&measured);
    expect_measures_of_the_schedule(&measured).await;
    let (stops, left_out) = (Measured::default(), Measured::default());
    cancel_while_rendering(&stops).await;
    list_without_one(&left_out).await;
    for metric in METRICS {
        let dimensions: BTreeSet<_> = metric.by.iter().copied().flatten().copied().collect();
        let seen = [&measured, &stops, &left_out].map(|part| part.of(metric.name)).concat();
        let named = |(by, _): &(BTreeMap<&str, String>, Value)| {
            by.keys().copied().collect::<BTreeSet<_>>() == dimensions
        };
        assert!(
            !seen.is_empty() && seen.iter().all(named),
            "{metric:?} is written, by its dimensions: {seen:?}"
        );
    }
    let asked =
        stage.fal().requests().iter().filter(|seen| seen.path.starts_with("/fal-ai/")).count();
    for metric in ["ProviderLatency", "ProviderErrors", "ProviderAccountRefused"] {
        assert_eq!(measured.of(metric).len(), asked, "{metric}");
    }
}

/// One job is found by the sweep, one is stored at the second try, and one is refused. A provider's
/// secret cannot be used, and a caller asks for a job that does not exist.
async fn run_in_full(measured: &Measured) -> Stage {
    let broken = BTreeMap::from([("GOOGLE_SERVICE_ACCOUNT".to_owned(), "no key".to_owned())]);
    let project = BTreeMap::from([("GoogleProject".to_owned(), "a-project".to_owned())]);
    let options = Options {
        metrics: measured.metrics(),
        secrets: broken,
        parameters: project,
        ..Options::test()
    };
    let stage = Stage::with(options).await;
    let caller = stage.caller();
    stage.system.sqs.lose_next("PollQueue", 1).unwrap();
    let good = caller.accept("measured").await;
    stage.later(Duration::from_secs(60));
    stage.until(caller.org, &good, Status::Completed).await;
    let busy = Then::Answer { status: 503, headers: [].into(), body: "busy".into() };
    stage.storage().faults().add(Fault::once(Step::Upload, busy)).unwrap();
    let second = caller.accept("stored at the second try").await;
    stage.until(caller.org, &second, Status::Completed).await;
    stage.fal().decide(Verdict::for_prompts(
        "refused",
        Ending::refused("content_policy_violation", "flagged"),
    ));
    let refused = caller.accept("refused").await;
    stage.until(caller.org, &refused, Status::Failed).await;
    caller.client.video("no-such-job").await.unwrap();
    stage
}

fn expect_measures_of_jobs(measured: &Measured) {
    let with = |pairs: &[(&'static str, &str)]| {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    };
    let faults: Vec<_> = measured.of("Faults").into_iter().map(|(_, fault)| fault).collect();
    assert_eq!(
        faults,
        [json!(0), json!(0), json!(0)],
        "what the caller wrote is not the provider's fault"
    );
    let model: BTreeMap<_, _> = with(&[("Model", "fal/kling-2")]);
    assert_eq!(measured.of("Submitted"), vec![(model.clone(), json!(1)); 3]);
    assert_eq!(measured.of("Completed"), vec![(with(&[("Provider", "fal")]), json!(1)); 2]);
    assert_eq!(
        measured.of("Failed"),
        [(with(&[("Provider", "fal"), ("Reason", "content_filtered")]), json!(1))]
    );
    assert_eq!(measured.of("ChargedMxn"), vec![(BTreeMap::new(), json!(4.2)); 2]);
    let seconds = measured.of("SecondsToComplete");
    assert!(
        matches!(&seconds[..], [(by, took), _] if *by == model && took.as_u64() >= Some(60)),
        "{seconds:?}"
    );
    assert_eq!(measured.of("Refusals"), [(with(&[("Code", "job_not_found")]), json!(1))]);
    assert_eq!(measured.of("StorageRetries"), [(BTreeMap::new(), json!(1))]);
}

/// The sweep and the audit run at the start and then on their schedules.
async fn expect_measures_of_the_schedule(measured: &Measured) {
    let overdue: u64 = measured.of("Overdue").iter().filter_map(|(_, jobs)| jobs.as_u64()).sum();
    assert!(overdue >= 1, "the sweep found the one whose message was lost");
    let seen =
        until(async || Some(measured.of("AccountsAudited")).filter(|seen| !seen.is_empty())).await;
    assert_eq!(seen[0], (BTreeMap::new(), json!(2)), "the audit of the start");
    assert!(measured.of("AccountsDiffering").iter().all(|(_, differing)| *differing == json!(0)));
}
