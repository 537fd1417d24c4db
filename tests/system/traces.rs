//! What a request leaves behind: what is stored, what is queued, what was asked of others.

use crate::stage::Stage;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use ghub::aws::sdk_config;
use ghub::outbound::{Exchange, Gate, Network};
use local::options::Options;
use reqwest::Request;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const TABLES: [&str; 4] = ["TABLE_ACCOUNTS", "TABLE_IDEMPOTENCY", "TABLE_JOBS", "TABLE_LEDGER"];
/// The queues that carry jobs.
pub(crate) const QUEUES: [&str; 3] = ["PollQueue", "StoreQueue", "StoreAgainQueue"];

/// Everything that moves when a job is accepted, a line for each.
pub(crate) struct Traces(BTreeSet<String>);

impl Traces {
    /// Whether this text stands anywhere in a table.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        self.0.iter().any(|line| line.contains(text))
    }

    /// All items of a table.
    pub(crate) fn of(&self, table: &str) -> Vec<String> {
        self.0.iter().filter(|line| line.starts_with(table)).cloned().collect()
    }
}

impl Stage {
    pub(crate) async fn traces(&self) -> Traces {
        let mut lines: BTreeSet<_> = join_all(TABLES.map(|table| self.items_of(table)))
            .await
            .into_iter()
            .flatten()
            .collect();
        for queue in QUEUES {
            lines.insert(format!(
                "{queue} took {} messages",
                self.system.sqs.accepted(queue).unwrap()
            ));
        }
        let google =
            self.system.google.as_ref().map_or(0, |google| google.simulator.requests().len());
        let fal = self.system.fal.as_ref().map_or(0, |fal| fal.simulator.requests().len());
        lines.insert(format!("the providers got {} requests", fal + google));
        Traces(lines)
    }

    /// Nothing has been stored, held, queued or asked of a provider since then.
    pub(crate) async fn expect_nothing_left(&self, since: &Traces, case: &str) {
        let now = self.traces().await;
        let changed: Vec<_> = now.0.symmetric_difference(&since.0).collect();
        assert!(changed.is_empty(), "{case} left something: {changed:#?}");
    }

    /// The database itself, for what the store does not offer.
    pub(crate) fn dynamodb(&self) -> Client {
        let config =
            aws_sdk_dynamodb::config::Builder::from(&sdk_config(&self.system.world()).unwrap());
        Client::from_conf(config.endpoint_url(&self.system.dynamodb).build())
    }

    async fn items_of(&self, table: &str) -> Vec<String> {
        let scan = self.dynamodb().scan().table_name(&self.system.variables[table]);
        let items =
            scan.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.unwrap();
        items
            .into_iter()
            .map(|item| format!("{table}: {}", text(&AttributeValue::M(item))))
            .collect()
    }

    /// A stage whose functions are watched while they call others.
    pub(crate) async fn watch(options: Options) -> (Self, Arc<Calls>) {
        let calls = Arc::new(Calls::default());
        (Self::with(Options { gate: Some(calls.clone()), ..options }).await, calls)
    }
}

/// The same text for the same value, in whatever order its fields come.
fn text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(fields) => {
            format!(
                "{:?}",
                fields.iter().map(|(name, value)| (name, text(value))).collect::<BTreeMap<_, _>>()
            )
        }
        other => format!("{other:?}"),
    }
}

/// What the functions asked of others, but for the sweep's own look at its index.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<Vec<Call>>);

/// One request to another service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// DynamoDB's or SQS's name for it; of others the method and path.
    pub(crate) what: String,
    /// The access key that signed it, which is the name of the function; none if it did not go to
    /// AWS.
    pub(crate) by: Option<String>,
    pub(crate) bytes: usize,
    /// Null, if it is not JSON.
    pub(crate) body: Value,
}

impl Calls {
    /// The calls so far, or since they were last taken.
    pub(crate) fn seen(&self) -> Vec<Call> {
        self.0.lock().unwrap().clone()
    }

    /// The calls since this was last asked.
    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Gate for Calls {
    fn exchange<'a>(&'a self, request: Request, send: Network<'a>) -> Exchange<'a> {
        let call = Call::of(&request);
        if call.body["IndexName"] != "open-by-due" {
            self.0.lock().unwrap().push(call);
        }
        send(request)
    }
}

impl Call {
    pub(crate) fn of(request: &Request) -> Self {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let target = header("x-amz-target");
        let key = |signature: &str| {
            Some(signature.split_once("Credential=")?.1.split_once('/')?.0.to_owned())
        };
        let what = target.map_or_else(
            || format!("{} {}", request.method(), request.url().path()),
            str::to_owned,
        );
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        Self {
            what,
            by: header("authorization").and_then(key),
            bytes: body.len(),
            body: serde_json::from_slice(body).unwrap_or_default(),
        }
    }
}
