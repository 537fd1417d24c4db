//! What is counted and measured, as lines in CloudWatch's embedded metric format: CloudWatch makes metrics of them as they arrive in the
//! log, so nothing is called. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! Every metric of the project is a function here; `template.yaml` shows them on its dashboard and watches some.

use crate::config::Env;
use crate::job::{FailureCode, Job, State};
use crate::money::Money;
use crate::provider::Provider;
use crate::world::Ambient;
use serde_json::{Map, Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The namespace when `METRICS_NAMESPACE` gives none.
const NAMESPACE: &str = "GeekHubVideo";

/// All of them.
pub const NAMES: [&str; 12] = [
    "Submitted",
    "Completed",
    "Failed",
    "Faults",
    "SecondsToComplete",
    "ChargedMxn",
    "ProviderLatency",
    "ProviderErrors",
    "ProviderAccountRefused",
    "Refusals",
    "Overdue",
    "StorageRetries",
];

/// Where metrics are written, cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<dyn Fn(&Line) + Send + Sync>);

/// The metrics of one moment: values, and the dimensions by which they are told apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Name, CloudWatch's unit, value.
    pub values: Vec<(&'static str, &'static str, Value)>,
    /// Name and value of each dimension.
    pub dimensions: Vec<(&'static str, String)>,
    /// The sets of dimensions that the values are summed by; each names some of the above.
    pub by: Vec<Vec<&'static str>>,
}

/// How an exchange with a provider went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// It answered with this status.
    Answered(u16),
    /// It did not answer.
    Unanswered,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Lines on standard output, where Lambda takes them for CloudWatch.
    pub fn on_stdout(env: &Env, ambient: &Ambient) -> Self {
        let namespace = env.optional("METRICS_NAMESPACE").unwrap_or(NAMESPACE).to_owned();
        let ambient = ambient.clone();
        Self::to(move |line| println!("{}", line.embedded(&namespace, ambient.now_unix_ms())))
    }

    /// To somebody who wants to see them.
    pub fn to(see: impl Fn(&Line) + Send + Sync + 'static) -> Self {
        Self(Arc::new(see))
    }

    /// A new job was accepted.
    pub fn submitted(&self, job: &Job) {
        self.count("Submitted", [("Model", job.model.clone())]);
    }

    /// A job has reached its end, and that is written down. `Faults` is 0 or 1, so that its average is the share that failed by no
    /// caller's doing.
    pub fn ended(&self, job: &Job) {
        let fault = match &job.state {
            State::Failed { failure, .. } => !failure.code.is_the_callers(),
            _ => false,
        };
        self.one(("Faults", "Count", u8::from(fault).into()), [("Provider", name(job.provider))]);
        match &job.state {
            State::Completed { at, .. } => {
                self.count("Completed", [("Provider", name(job.provider))]);
                let seconds = at.since(job.created).as_secs();
                self.one(("SecondsToComplete", "Seconds", seconds.into()), [("Model", job.model.clone())]);
                self.one(("ChargedMxn", "None", number(job.cost)), []);
            }
            State::Failed { failure, .. } => self.write(Line {
                values: vec![("Failed", "Count", 1.into())],
                dimensions: vec![("Provider", name(job.provider)), ("Reason", reason(failure.code))],
                by: vec![vec!["Provider"], vec!["Provider", "Reason"]],
            }),
            State::Pending { .. } | State::Processing(_) => {}
        }
    }

    /// A provider was asked something. Each exchange counts in all three, so that their sums divide.
    pub fn exchanged(&self, provider: Provider, took: Duration, how: Exchange) {
        let account_refused = matches!(how, Exchange::Answered(401..=403)); // a bad key, no permission, no money left
        let error = matches!(how, Exchange::Unanswered | Exchange::Answered(408 | 429 | 500..));
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.write(Line {
            values: vec![
                ("ProviderLatency", "Milliseconds", milliseconds.into()),
                ("ProviderErrors", "Count", u8::from(error).into()),
                ("ProviderAccountRefused", "Count", u8::from(account_refused).into()),
            ],
            dimensions: vec![("Provider", name(provider))],
            by: vec![vec!["Provider"]],
        });
    }

    /// A request was refused with this code.
    pub fn refused(&self, code: &str) {
        self.count("Refusals", [("Code", code.to_owned())]);
    }

    /// A sweep found this many jobs that nobody had looked at in time.
    pub fn overdue(&self, jobs: usize) {
        self.one(("Overdue", "Count", jobs.into()), []);
    }

    /// A finished video could not be stored and is tried again.
    pub fn storage_retried(&self) {
        self.count("StorageRetries", []);
    }

    fn count<const N: usize>(&self, name: &'static str, dimensions: [(&'static str, String); N]) {
        self.one((name, "Count", 1.into()), dimensions);
    }

    fn one<const N: usize>(&self, value: (&'static str, &'static str, Value), dimensions: [(&'static str, String); N]) {
        let by = vec![dimensions.iter().map(|(name, _)| *name).collect()];
        self.write(Line { values: vec![value], dimensions: dimensions.into(), by });
    }

    fn write(&self, line: Line) {
        (self.0)(&line);
    }
}

impl Line {
    /// One JSON object: the values at its top, and for CloudWatch what they are.
    fn embedded(&self, namespace: &str, now_unix_ms: u64) -> Value {
        let metrics: Vec<_> = self.values.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
        let directive = json!({"Namespace": namespace, "Dimensions": self.by, "Metrics": metrics});
        let about = json!({"Timestamp": now_unix_ms, "CloudWatchMetrics": [directive]});
        let mut object = Map::from_iter([("_aws".to_owned(), about)]);
        object.extend(self.values.iter().map(|(name, _, value)| ((*name).to_owned(), value.clone())));
        object.extend(self.dimensions.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())));
        Value::Object(object)
    }
}

fn name(provider: Provider) -> String {
    match provider {
        Provider::Fal => "fal",
        Provider::Google => "google",
    }
    .to_owned()
}

/// As the job shows it.
fn reason(code: FailureCode) -> String {
    serde_json::to_value(code).ok().and_then(|code| Some(code.as_str()?.to_owned())).unwrap_or_default()
}

/// Pesos as a number: a metric may be rounded, a balance never is.
fn number(amount: Money) -> Value {
    serde_json::from_str(&amount.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn a_line_is_what_cloudwatch_reads() {
        let line = Line {
            values: vec![("Failed", "Count", 1.into())],
            dimensions: vec![("Provider", "fal".to_owned()), ("Reason", "timed_out".to_owned())],
            by: vec![vec!["Provider"], vec!["Provider", "Reason"]],
        };
        assert_eq!(
            line.embedded("GeekHubVideo/ghub", 1_782_415_166_000),
            json!({
                "_aws": {"Timestamp": 1_782_415_166_000_u64, "CloudWatchMetrics": [{
                    "Namespace": "GeekHubVideo/ghub",
                    "Dimensions": [["Provider"], ["Provider", "Reason"]],
                    "Metrics": [{"Name": "Failed", "Unit": "Count"}],
                }]},
                "Failed": 1, "Provider": "fal", "Reason": "timed_out",
            })
        );
    }

    #[test]
    fn an_exchange_counts_once_in_each_of_its_metrics() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let metrics = Metrics::to({
            let seen = seen.clone();
            move |line| seen.lock().unwrap().push(line.clone())
        });
        for (how, error, account_refused) in [
            (Exchange::Answered(200), 0, 0),
            (Exchange::Answered(404), 0, 0),
            (Exchange::Answered(422), 0, 0),
            (Exchange::Answered(429), 1, 0),
            (Exchange::Answered(503), 1, 0),
            (Exchange::Unanswered, 1, 0),
            (Exchange::Answered(401), 0, 1),
            (Exchange::Answered(403), 0, 1),
        ] {
            metrics.exchanged(Provider::Fal, Duration::from_millis(120), how);
            let line = seen.lock().unwrap().pop().unwrap();
            let values: Vec<_> = line.values.iter().map(|(_, _, value)| value.clone()).collect();
            assert_eq!(values, [json!(120), json!(error), json!(account_refused)], "{how:?}");
        }
    }

    #[test]
    fn pesos_are_a_number() {
        assert_eq!(number(Money::from_micros(4_200_000)), json!(4.2));
    }
}
