//! The embedded DynamoDB. It answers at the gate, so no port is opened. Its answers can be made to
//! fail.

use dynoxide::{Database, DynoxideError};
use futures::future::BoxFuture;
use ghub::outbound::{Exchange, Gate, Network, WireError};
use ghub::store::Table;
use lambda_http::http;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;

/// Each table with the partition key and the sort key that the template gives it.
pub const TABLES: [(Table, &str, Option<&str>); 5] = [
    (Table::Jobs, "org", Some("job")),
    (Table::Accounts, "org", None),
    (Table::Ledger, "org", Some("id")),
    (Table::Keys, "hash", None),
    (Table::Idempotency, "org", Some("key")),
];

/// A fault of one request.
pub enum Fault {
    /// The request is done, and its answer is lost.
    AnswerLost,
    /// The request never leaves, and there is no answer.
    NotSent,
    /// There is no answer, and the request is done when [`Embedded::deliver_late`] is called.
    Late,
    /// The request is not done, and this is the answer.
    Answer(u16, Value),
    /// Another worker's requests are done first.
    After(BoxFuture<'static, ()>),
}

pub struct Embedded {
    database: Database,
    ahead: Mutex<VecDeque<(&'static str, Fault)>>,
    asked: Mutex<Vec<String>>,
    tokens: Mutex<Vec<String>>,
    late: Mutex<Vec<(String, Value)>>,
}

fn declared(table: Table, partition: &str, sort: Option<&str>) -> Value {
    let keys = |partition: &str, sort: Option<&str>| {
        let keys = [(Some(partition), "HASH"), (sort, "RANGE")];
        let keys = keys
            .into_iter()
            .filter_map(|(name, kind)| Some(json!({"AttributeName": name?, "KeyType": kind})));
        keys.collect::<Vec<_>>()
    };
    let attribute = |name: &str, kind: &str| json!({"AttributeName": name, "AttributeType": kind});
    let mut attributes: Vec<_> =
        [Some(partition), sort].into_iter().flatten().map(|name| attribute(name, "S")).collect();
    let index = |name: &str, partition: &str, sort: &str, projection: &str| {
        json!([{
            "IndexName": name, "KeySchema": keys(partition, Some(sort)), "Projection": {"ProjectionType": projection},
        }])
    };
    let (further, kind, indexes): (&[_], _, _) = match table {
        Table::Jobs => {
            let indexes = index("open-by-due", "open", "due", "KEYS_ONLY");
            (&[("open", "S"), ("due", "N")], "GlobalSecondaryIndexes", indexes)
        }
        Table::Ledger => (
            &[("sequence", "N")],
            "LocalSecondaryIndexes",
            index("by-sequence", "org", "sequence", "ALL"),
        ),
        Table::Accounts | Table::Keys | Table::Idempotency => {
            (&[], "GlobalSecondaryIndexes", Value::Null)
        }
    };
    attributes.extend(further.iter().map(|(name, kind)| attribute(name, kind)));
    let mut declared = json!({
        "TableName": table.variable(), "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": keys(partition, sort), "AttributeDefinitions": attributes,
    });
    if !indexes.is_null() {
        declared[kind] = indexes;
    }
    declared
}

impl Gate for Embedded {
    fn exchange<'a>(&'a self, request: reqwest::Request, _: Network<'a>) -> Exchange<'a> {
        Box::pin(async move {
            let target = request.headers()["x-amz-target"].to_str().unwrap();
            let operation = target.rsplit('.').next().unwrap().to_owned();
            let body: Value =
                serde_json::from_slice(request.body().unwrap().as_bytes().unwrap()).unwrap();
            self.asked.lock().unwrap().push(operation.clone());
            self.tokens
                .lock()
                .unwrap()
                .extend(body["ClientRequestToken"].as_str().map(str::to_owned));
            match self.due(&operation) {
                Some(Fault::Late) => {
                    self.late.lock().unwrap().push((operation, body));
                    return Err(WireError::Lost("the answer was lost".into()));
                }
                Some(Fault::NotSent) => return Err(WireError::NotSent("no connection".into())),
                Some(Fault::Answer(status, body)) => return Ok(response(status, body.to_string())),
                Some(Fault::After(others)) => others.await,
                Some(Fault::AnswerLost) => {
                    self.act(&operation, &body);
                    return Err(WireError::Lost("the answer was lost".into()));
                }
                None => {}
            }
            let (status, body) = self.act(&operation, &body);
            Ok(response(status, body))
        })
    }
}

impl Embedded {
    /// Makes the template's tables, all empty.
    pub fn new() -> Self {
        let database = Database::memory().unwrap();
        for (table, partition, sort) in TABLES {
            database
                .create_table(serde_json::from_value(declared(table, partition, sort)).unwrap())
                .unwrap();
        }
        Self {
            database,
            ahead: Mutex::default(),
            asked: Mutex::default(),
            tokens: Mutex::default(),
            late: Mutex::default(),
        }
    }

    /// Gives the next requests of an operation these faults.
    pub fn meets(&self, operation: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.ahead.lock().unwrap().extend(faults.into_iter().map(|fault| (operation, fault)));
    }

    /// How many requests of an operation were sent so far.
    pub fn asked(&self, operation: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == operation).count()
    }

    /// The tokens of all transactions so far.
    pub fn tokens(&self) -> Vec<String> {
        self.tokens.lock().unwrap().clone()
    }

    /// Delivers the late requests, in their order. Returns the status of each answer, which no
    /// caller gets.
    pub fn deliver_late(&self) -> Vec<u16> {
        let late = std::mem::take(&mut *self.late.lock().unwrap());
        late.iter().map(|(operation, body)| self.act(operation, body).0).collect()
    }

    fn due(&self, operation: &str) -> Option<Fault> {
        let mut ahead = self.ahead.lock().unwrap();
        (ahead.front()?.0 == operation).then(|| ahead.pop_front()).flatten().map(|(_, fault)| fault)
    }

    /// Does the operation. It ignores a transaction's token, as DynamoDB does after 10 minutes: the
    /// store alone must recognise a repeat.
    pub fn act(&self, operation: &str, body: &Value) -> (u16, String) {
        let db = &self.database;
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove("ClientRequestToken");
        let done = match operation {
            "GetItem" => call(body, |request| db.get_item(request)),
            "PutItem" => call(body, |request| db.put_item(request)),
            "UpdateItem" => call(body, |request| db.update_item(request)),
            "DeleteItem" => call(body, |request| db.delete_item(request)),
            "Query" => call(body, |request| db.query(request)),
            "Scan" => call(body, |request| db.scan(request)),
            "BatchGetItem" => call(body, |request| db.batch_get_item(request)),
            "TransactWriteItems" => call(body, |request| db.transact_write_items(request)),
            unknown => panic!("the store uses {unknown}: add it here"),
        };
        match done {
            Ok(body) => (200, body),
            Err(error) => (error.status_code(), error.to_json()),
        }
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded")
    }
}

fn call<Q: DeserializeOwned, A: Serialize>(
    body: Value,
    act: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_value(body)
        .map_err(|error| DynoxideError::ValidationException(error.to_string()))?;
    Ok(serde_json::to_string(&act(request)?).unwrap())
}

fn response(status: u16, body: String) -> reqwest::Response {
    http::Response::builder().status(status).body(body).unwrap().into()
}
