//! What is counted and measured, as lines in CloudWatch's embedded metric format: CloudWatch makes
//! metrics of them as they arrive in the log, so nothing is called.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! `table.rs` has every metric of the project. `template.yaml` shows them on its dashboard, and has
//! alarms on some.

mod table;

pub use table::{METRICS, Metric};

use crate::ambient::Ambient;
use crate::config::Env;
use crate::job::{Job, STOPPING, State};
use crate::money::Money;
use crate::provider::Provider;
use serde_json::{Map, Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use table::*;

/// The namespace when `METRICS_NAMESPACE` gives none.
const NAMESPACE: &str = "GeekHubVideo";

/// Where metrics are written, cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<dyn Fn(&Line) + Send + Sync>);

/// The metrics of one moment, all summed by the same dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Each metric with its value.
    pub values: Vec<(&'static Metric, Value)>,
    /// Name and value of each dimension that they name.
    pub dimensions: Vec<(&'static str, String)>,
}

/// How an exchange with a provider went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// It answered with this status.
    Answered(u16),
    /// It answered with this status that it does not serve our account.
    AccountRefused(u16),
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

    /// Hands each line to this closure, for the local system and the tests.
    pub fn to(see: impl Fn(&Line) + Send + Sync + 'static) -> Self {
        Self(Arc::new(see))
    }

    /// A new job was accepted. Jobs of sandboxes are not counted: nothing of them is real.
    pub fn submitted(&self, job: &Job) {
        if job.org().is_sandbox() {
            return;
        }
        self.write(&[(&SUBMITTED, 1.into())], &[("Model", job.terms().model())]);
    }

    /// A job has reached its end, and that is written down. `Faults` is 0 or 1, so that its average
    /// is the share that failed by no caller's doing.
    pub fn ended(&self, job: &Job) {
        if job.org().is_sandbox() {
            return;
        }
        let provider = ("Provider", job.terms().provider().about().metric);
        let fault = match job.state() {
            State::Completed { at, .. } => {
                self.write(&[(&COMPLETED, 1.into())], &[provider]);
                let seconds = at.since(job.created()).as_secs();
                self.write(
                    &[(&SECONDS_TO_COMPLETE, seconds.into())],
                    &[("Model", job.terms().model())],
                );
                self.write(&[(&CHARGED_MXN, number(job.cost()))], &[]);
                false
            }
            State::Failed { failure, .. } => {
                self.write(&[(&FAILED, 1.into())], &[provider, ("Reason", failure.code.as_str())]);
                !failure.code.is_the_callers()
            }
            State::Pending { .. } | State::Processing(_) => return,
        };
        self.write(&[(&FAULTS, u8::from(fault).into())], &[provider]);
        self.count_stop(job);
    }

    /// A render that had begun when its owner cancelled it may be billed to us, whatever the job
    /// costs its owner. A stop that was never confirmed certainly may.
    fn count_stop(&self, job: &Job) {
        let Some(stop) = job.stop() else { return };
        let began = job.trace().is_some_and(|trace| trace.rendering_since.is_some());
        if stop.is_wanted() && began {
            self.write(
                &[(&CANCELLED_RENDERS, 1.into())],
                &[("Organization", &job.org().to_string())],
            );
        }
        if let State::Failed { at, .. } = job.state()
            && at.since(stop.requested) >= STOPPING
        {
            self.write(
                &[(&STOPS_UNCONFIRMED, 1.into())],
                &[("Provider", job.terms().provider().about().metric)],
            );
        }
    }

    /// A provider was asked something. Each exchange counts in all three, so that their sums
    /// divide.
    pub fn exchanged(&self, provider: Provider, took: Duration, how: Exchange) {
        // a bad key, no permission, no money left
        let account_refused = matches!(how, Exchange::AccountRefused(_));
        let error = matches!(how, Exchange::Unanswered | Exchange::Answered(408 | 429 | 500..));
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let values = [
            (&PROVIDER_LATENCY, milliseconds.into()),
            (&PROVIDER_ERRORS, u8::from(error).into()),
            (&PROVIDER_ACCOUNT_REFUSED, u8::from(account_refused).into()),
        ];
        self.write(&values, &[("Provider", provider.about().metric)]);
    }

    /// A provider's secret was read, or could not be, and nothing can be made of it: its models are
    /// not available.
    pub fn provider_secret_unusable(&self, provider: Provider) {
        self.write(
            &[(&PROVIDER_SECRET_UNUSABLE, 1.into())],
            &[("Provider", provider.about().metric)],
        );
    }

    /// A request was refused with this code.
    pub fn refused(&self, code: &str) {
        self.write(&[(&REFUSALS, 1.into())], &[("Code", code)]);
    }

    /// A sweep found this many jobs that no worker had looked at in time.
    pub fn overdue(&self, jobs: usize) {
        self.write(&[(&OVERDUE, jobs.into())], &[]);
    }

    /// A finished video could not be stored and is tried again.
    pub fn storage_retried(&self) {
        self.write(&[(&STORAGE_RETRIES, 1.into())], &[]);
    }

    /// Counts the accounts that an audit read to the end, and those among them that differ from
    /// their ledger and jobs. `unjudged` are accounts where money moved during every look.
    pub fn audited(&self, accounts: usize, differing: usize, unjudged: usize) {
        let values = [
            (&ACCOUNTS_AUDITED, accounts.into()),
            (&ACCOUNTS_DIFFERING, differing.into()),
            (&ACCOUNTS_UNJUDGED, unjudged.into()),
        ];
        self.write(&values, &[]);
    }

    /// An item of a table cannot be read, and what was asked for was answered without it.
    pub fn unreadable(&self) {
        self.write(&[(&UNREADABLE_ITEMS, 1.into())], &[]);
    }

    fn write(&self, values: &[(&'static Metric, Value)], dimensions: &[(&'static str, &str)]) {
        let dimensions =
            dimensions.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        (self.0)(&Line { values: values.to_vec(), dimensions });
    }
}

impl Line {
    /// One JSON object: the values at its top, and for CloudWatch what they are.
    fn embedded(&self, namespace: &str, now_unix_ms: u64) -> Value {
        let by = self.values.first().map_or(IN_ALL, |(metric, _)| metric.by);
        let metrics: Vec<_> = self
            .values
            .iter()
            .map(|(metric, _)| json!({"Name": metric.name, "Unit": metric.unit}))
            .collect();
        let directive = json!({"Namespace": namespace, "Dimensions": by, "Metrics": metrics});
        let about = json!({"Timestamp": now_unix_ms, "CloudWatchMetrics": [directive]});
        let mut object = Map::from_iter([("_aws".to_owned(), about)]);
        object.extend(
            self.values.iter().map(|(metric, value)| (metric.name.to_owned(), value.clone())),
        );
        object.extend(
            self.dimensions.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())),
        );
        Value::Object(object)
    }
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
            values: vec![(&FAILED, 1.into())],
            dimensions: vec![("Provider", "fal".to_owned()), ("Reason", "timed_out".to_owned())],
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
            (Exchange::Answered(403), 0, 0),
            (Exchange::AccountRefused(403), 0, 1),
            (Exchange::AccountRefused(200), 0, 1),
        ] {
            metrics.exchanged(Provider::Fal, Duration::from_millis(120), how);
            let line = seen.lock().unwrap().pop().unwrap();
            let values: Vec<_> = line.values.iter().map(|(_, value)| value.clone()).collect();
            assert_eq!(values, [json!(120), json!(error), json!(account_refused)], "{how:?}");
        }
    }

    #[test]
    fn pesos_are_a_number() {
        assert_eq!(number(Money::from_micros(4_200_000)), json!(4.2));
    }
}
