//! How many messages a submission sends, and which errors it logs. Fal, DynamoDB and SQS are
//! answered by hand.

use super::*;
use crate::aws::sdk_config;
use crate::fixtures::{CREATED, at, kling};
use crate::job::State;
use crate::metrics::Metrics;
use crate::outbound::{Exchange, Gate, Network, Outbound};
use crate::store::Table;
use crate::world::World;
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

const TAKEN: (u16, &str) = (200, r#"{"request_id": "r-1"}"#);
const ANSWER_IS_NONSENSE: (u16, &str) = (500, "");
const WRITTEN: (u16, &str) = (200, "{}");
const REFUSED: (u16, &str) = (400, r#"{"__type": "ValidationException", "message": "no"}"#);

/// Answers in place of fal, DynamoDB and SQS.
#[derive(Debug)]
struct Outside {
    fal: (u16, &'static str),
    dynamo: (u16, &'static str),
    /// The delay in seconds of each message that was sent.
    delays: Mutex<Vec<u64>>,
}

impl Gate for Outside {
    fn exchange<'a>(&'a self, request: reqwest::Request, _: Network<'a>) -> Exchange<'a> {
        let target = request.headers().get("x-amz-target").map(|to| to.to_str().unwrap());
        let (status, body) = match target {
            None => self.fal,
            Some("AmazonSQS.SendMessage") => {
                let body = request.body().unwrap().as_bytes().unwrap();
                let message: Value = serde_json::from_slice(body).unwrap();
                self.delays.lock().unwrap().push(message["DelaySeconds"].as_u64().unwrap());
                (200, r#"{"MessageId": "m-1"}"#)
            }
            Some(_) => self.dynamo,
        };
        let response = lambda_http::http::Response::builder().status(status);
        let response = response.header("content-type", "application/x-amz-json-1.0");
        Box::pin(async move { Ok(response.body(body).unwrap().into()) })
    }
}

/// The texts of the errors that are logged.
#[derive(Debug, Clone, Default)]
struct Errors(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Errors {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            event.record(&mut self.clone());
        }
    }
}

impl Visit for Errors {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0.lock().unwrap().push(format!("{value:?}"));
        }
    }
}

struct Stage {
    submitter: Submitter,
    outside: Arc<Outside>,
    errors: Errors,
}

impl Stage {
    async fn new(fal: (u16, &'static str), dynamo: (u16, &'static str)) -> Self {
        let outside = Arc::new(Outside { fal, dynamo, delays: Mutex::default() });
        let now = UNIX_EPOCH + Duration::from_secs(CREATED.unix_s().unsigned_abs());
        let ambient = Ambient::with_clock(Arc::new(move || -> SystemTime { now }));
        let names = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "FAL_KEY"];
        let tables = [Table::Jobs, Table::Accounts];
        let names = names.into_iter().chain(tables.map(Table::variable));
        let queue = ("POLL_QUEUE_URL".to_owned(), "https://sqs.test/poll".to_owned());
        let world = World {
            env: names.map(|name| (name.to_owned(), "test".to_owned())).chain([queue]).collect(),
            ambient: ambient.clone(),
            outbound: Outbound::gated(outside.clone()),
            metrics: Metrics::to(|_| {}),
        };
        let aws = sdk_config(&world).unwrap();
        let store = Store::new(&world, &aws, &tables).unwrap();
        let sender = ProviderSender::new(&world, &aws).await.unwrap();
        let queue = Queue::new(&world, &aws, "POLL_QUEUE_URL").unwrap();
        let providers = world.env.providers().unwrap();
        let submitter = Submitter::new(&providers, &sender, &store, &queue, &ambient);
        Self { submitter, outside, errors: Errors::default() }
    }

    /// Runs `meanwhile`, and returns its value with the delays of the messages that it sent and the
    /// errors that it logged.
    async fn watch<T>(&self, meanwhile: impl Future<Output = T>) -> (T, Vec<u64>, Vec<String>) {
        let subscriber = tracing_subscriber::registry().with(self.errors.clone());
        let logging = tracing::subscriber::set_default(subscriber);
        let value = meanwhile.await;
        drop(logging);
        let delays = self.outside.delays.lock().unwrap().clone();
        (value, delays, self.errors.0.lock().unwrap().clone())
    }
}

/// A job that was just accepted: its lease is ours.
fn leased() -> Job {
    kling().leased(CREATED).applied().unwrap()
}

fn lifetime() -> Lifetime {
    Lifetime::of(Duration::from_secs(28))
}

/// The seconds until the lease ends, and until the first look at a render of Kling.
const LEASE: u64 = 60;
const CADENCE: u64 = 15;

#[tokio::test]
async fn a_submission_that_is_recorded_sends_one_message() {
    for is_new in [true, false] {
        let stage = Stage::new(TAKEN, WRITTEN).await;
        let submitter = &stage.submitter;
        let job = async {
            match is_new {
                true => submitter.hand_over_new(leased(), lifetime()).await,
                false => submitter.hand_over(leased(), lifetime()).await.job,
            }
        };
        let (job, delays, errors) = stage.watch(job).await;
        assert!(matches!(job.state(), State::Processing(_)), "{job:?}");
        assert_eq!((job.due(), delays), (at(CADENCE), vec![CADENCE]));
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[tokio::test]
async fn an_unknown_outcome_queues_a_look_only_where_none_is_queued() {
    let unknown = "it is unknown whether the provider took the job";
    let stage = Stage::new(ANSWER_IS_NONSENSE, WRITTEN).await;
    let new = stage.submitter.hand_over_new(leased(), lifetime());
    let (job, delays, errors) = stage.watch(new).await;
    assert_eq!((job, delays, errors), (leased(), vec![LEASE], vec![unknown.to_owned()]));

    let stage = Stage::new(ANSWER_IS_NONSENSE, WRITTEN).await;
    let (handed, delays, errors) =
        stage.watch(stage.submitter.hand_over(leased(), lifetime())).await;
    assert!(matches!(handed.recorded, Ok(Written::Overtaken)), "{handed:?}");
    assert_eq!((handed.job, delays, errors), (leased(), vec![], vec![unknown.to_owned()]));
}

/// The message for the next look went out beside the record. It finds a job that is not due.
#[tokio::test]
async fn a_record_that_failed_is_logged_once_and_queues_a_look_only_where_none_is_queued() {
    let stage = Stage::new(TAKEN, REFUSED).await;
    let new = stage.submitter.hand_over_new(leased(), lifetime());
    let (job, delays, errors) = stage.watch(new).await;
    assert_eq!((job, delays), (leased(), vec![CADENCE, LEASE]));
    assert_eq!(errors, ["the job was accepted, and its submission was not recorded"]);

    let stage = Stage::new(TAKEN, REFUSED).await;
    let (handed, delays, errors) =
        stage.watch(stage.submitter.hand_over(leased(), lifetime())).await;
    assert_eq!((handed.job, delays), (leased(), vec![CADENCE]));
    assert!(errors.is_empty(), "the poller logs the message that failed: {errors:?}");
    let error = handed.recorded.unwrap_err().to_string();
    assert!(error.contains(&leased().id().to_string()), "{error}");
}
