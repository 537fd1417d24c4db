//! A step: one outbound call of one invocation, by who makes it, the how-manieth it is, and what it
//! asks.

use crate::lambda::order_named_in;
use crate::network::{Peer, Sent};
use crate::record::Record;
use serde_json::Value;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::sync::Notify;

tokio::task_local! {
    /// The invocation that the current task works for. A task that has none, such as the
    /// operator's, is never disturbed.
    pub static INVOCATION: std::sync::Arc<Invocation>;
}

/// One call of one function.
#[derive(Debug)]
pub struct Invocation {
    /// Counts all invocations of a run.
    pub number: u32,
    pub function: String,
    /// The orders whose jobs it is about.
    pub orders: Vec<usize>,
    steps: AtomicU32,
    dead: AtomicBool,
    death: Notify,
}

impl Invocation {
    pub fn new(number: u32, function: &str, orders: Vec<usize>) -> Self {
        let (steps, dead, death) = (AtomicU32::new(0), AtomicBool::new(false), Notify::new());
        Self { number, function: function.to_owned(), orders, steps, dead, death }
    }

    /// Numbers the next step.
    pub fn next_step(&self) -> u32 {
        self.steps.fetch_add(1, Ordering::SeqCst)
    }

    /// Ends it here: nothing of it runs after.
    pub async fn die(&self) -> ! {
        self.dead.store(true, Ordering::SeqCst);
        self.death.notify_one();
        std::future::pending::<()>().await;
        unreachable!("nothing runs after a death")
    }

    /// Whether it has died.
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Waits until it dies.
    pub async fn wait_for_death(&self) {
        self.death.notified().await;
    }
}

/// Where a step is: the same in every run with the same seed and the same faults before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub invocation: u32,
    /// The step's number within it.
    pub step: u32,
}

/// How a write says that it sets a lease: on a new item, and over one that is there.
const LEASES: [&str; 2] = [r#""lease_until":{"#, r#"":lease_until":{"#];

/// One outbound call of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub place: Place,
    /// The function that makes it.
    pub function: String,
    /// The service that it goes to.
    pub peer: Peer,
    /// What it asks, such as `PutItem JobsTable` or `submit`.
    pub asks: String,
    /// The attributes that its writes set and remove, as DynamoDB's expressions name them.
    pub sets: String,
    /// The orders it may be about.
    pub orders: Vec<usize>,
    /// The one that it is about, if that can be told.
    pub about: Option<usize>,
    /// Whether it writes a lease, under which a job is handed to its provider.
    pub leases: bool,
}

impl Step {
    /// The next step of an invocation.
    pub fn next(invocation: &Invocation, sent: &Sent, record: &Record) -> Self {
        let text = if sent.peer == Peer::Storage {
            ""
        } else {
            std::str::from_utf8(&sent.body).unwrap_or_default()
        };
        let body = if sent.peer.is_aws() { sent.json() } else { Value::Null };
        let alone = <[usize; 1]>::try_from(invocation.orders.as_slice()).ok().map(|[order]| order);
        Self {
            about: order_named_in(text)
                .or_else(|| record.order_of(job_written_in(&body)?))
                .or(alone),
            leases: sent.peer == Peer::DynamoDb && LEASES.iter().any(|lease| text.contains(lease)),
            place: Place { invocation: invocation.number, step: invocation.next_step() },
            function: invocation.function.clone(),
            peer: sent.peer,
            asks: asks(sent, &body),
            sets: sets(&body),
            orders: invocation.orders.clone(),
        }
    }

    /// Whether it writes to the tables.
    pub fn writes(&self) -> bool {
        ["PutItem", "UpdateItem", "TransactWriteItems"]
            .iter()
            .any(|write| self.asks.starts_with(write))
    }

    /// Whether it leaves everything as it was, at whomever it asks.
    pub fn only_asks(&self) -> bool {
        let words = [
            "connect",
            "GetItem",
            "BatchGetItem",
            "Query",
            "GetSecretValue",
            "status",
            "result",
            "poll",
            "file",
            "offset",
            "info",
            "public",
        ];
        self.asks.split(' ').next().is_some_and(|asks| words.contains(&asks))
    }

    /// Whether it hands a job to its provider.
    pub fn submits(&self) -> bool {
        self.peer.is_provider() && self.asks == "submit"
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place: Place { invocation, step }, function, peer, asks, .. } = self;
        write!(f, "{function} {invocation}.{step} {peer:?} {asks}")
    }
}

/// The job that a request to DynamoDB updates.
fn job_written_in(body: &Value) -> Option<&str> {
    writes_in(body).iter().find_map(|write| write["Key"]["job"]["S"].as_str())
}

/// The writes of a request to DynamoDB, alone or in a transaction.
fn writes_in(body: &Value) -> Vec<&Value> {
    let Some(several) = body["TransactItems"].as_array() else { return vec![body] };
    several
        .iter()
        .filter_map(|write| write.as_object()?.values().find(|one| !one.is_null()))
        .collect()
}

fn sets(body: &Value) -> String {
    let of = |write: &Value| match (write["UpdateExpression"].as_str(), write["Item"].as_object()) {
        (Some(expression), _) => expression.to_owned(),
        (None, Some(item)) => item.keys().map(String::as_str).collect::<Vec<_>>().join(" "),
        (None, None) => String::new(),
    };
    writes_in(body).into_iter().map(of).collect::<Vec<_>>().join("; ")
}

fn asks(sent: &Sent, body: &Value) -> String {
    let path = sent.url.path();
    match sent.peer {
        _ if sent.opens() => "connect".to_owned(),
        Peer::DynamoDb => format!("{} {}", sent.operation(), tables(body).join("+")),
        Peer::Sqs => {
            let queue = body["QueueUrl"]
                .as_str()
                .unwrap_or_default()
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned();
            format!("{} {queue}", sent.operation())
        }
        Peer::Secrets => {
            format!("{} {}", sent.operation(), body["SecretId"].as_str().unwrap_or_default())
        }
        Peer::Fal => match sent.method.as_str() {
            "POST" => "submit",
            "PUT" => "cancel",
            _ if path.starts_with("/files") => "file",
            _ if path.ends_with("/status") => "status",
            _ => "result",
        }
        .to_owned(),
        Peer::Google if path.ends_with(":predictLongRunning") => "submit".to_owned(),
        Peer::Google if path.ends_with(":fetchPredictOperation") => "poll".to_owned(),
        Peer::Google if sent.method == "DELETE" => "remove".to_owned(),
        Peer::Google => "file".to_owned(),
        Peer::Storage => match sent.method.as_str() {
            "POST" if path.contains("/upload/resumable") => "begin",
            "POST" => "upload",
            "PATCH" => "append",
            "HEAD" => "offset",
            "DELETE" => "remove",
            _ if path.contains("/object/info/") => "info",
            _ => "public",
        }
        .to_owned(),
    }
}

fn tables(body: &Value) -> Vec<String> {
    let mut several: Vec<String> = body["RequestItems"]
        .as_object()
        .into_iter()
        .flat_map(|tables| tables.keys().cloned())
        .collect();
    several.sort();
    let names = writes_in(body).into_iter().filter_map(|request| request["TableName"].as_str());
    several.extend(names.map(str::to_owned));
    several
}
