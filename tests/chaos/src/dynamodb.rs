//! DynamoDB without a socket: the embedded one, and the conflicts that it never reports by itself.
//! While a transaction is under way, every other write of its items is refused, as in the real
//! service.

use crate::answer::{self, Answer};
use crate::lag::Lag;
use dynoxide::{Database, DynoxideError};
use local::template::Table;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The time of a transaction in the real service.
const TRANSACTION: Duration = Duration::from_millis(12);

/// The key attributes of each table.
type Keys = BTreeMap<String, Vec<String>>;

/// The items of the transactions that are under way, each with the transaction's token.
type Busy = Arc<Mutex<BTreeMap<String, String>>>;

/// The tables. Clones share them.
#[derive(Clone)]
pub struct Dynamo {
    database: Database,
    keys: Arc<Keys>,
    busy: Busy,
    conflicts: Arc<AtomicUsize>,
    lag: Lag,
}

impl Dynamo {
    /// Makes the template's tables, empty, in memory. `lag` is how their index lags.
    pub fn new(tables: &[Table], lag: Lag) -> Result<Self, String> {
        let names = |table: &Table| {
            [Some(&table.partition_key), table.sort_key.as_ref()]
                .into_iter()
                .flatten()
                .map(|key| key.name.clone())
                .collect()
        };
        let keys = tables.iter().map(|table| (table.logical_id.clone(), names(table))).collect();
        Ok(Self {
            database: local::aws::dynamodb::open(None, tables)?,
            keys: Arc::new(keys),
            busy: Busy::default(),
            conflicts: Arc::default(),
            lag,
        })
    }

    /// Answers one request. Transactions take time and exclude each other.
    pub async fn answer(&self, operation: &str, body: &Value) -> Answer {
        let items = self.written(body);
        let mine = body["ClientRequestToken"].as_str().unwrap_or_default().to_owned();
        let taken = |busy: &BTreeMap<String, String>| {
            items.iter().map(|item| busy.get(item).cloned()).collect::<Vec<_>>()
        };
        let taken = taken(&self.busy());
        if taken.iter().flatten().any(|other| *other == mine) {
            return answer::aws(
                400,
                "TransactionInProgressException",
                "The transaction is in progress.",
            );
        } else if taken.iter().any(Option::is_some) {
            self.conflicts.fetch_add(1, Ordering::SeqCst);
            return answer::conflict(
                operation,
                &taken.iter().map(Option::is_some).collect::<Vec<_>>(),
            );
        }
        if operation != "TransactWriteItems" {
            return self.lag.answer(body, self.act(operation, body));
        }
        self.busy().extend(items.iter().map(|item| (item.clone(), mine.clone())));
        tokio::time::sleep(TRANSACTION).await;
        self.busy().retain(|item, _| !items.contains(item));
        self.act(operation, body)
    }

    /// How many writes have met a transaction so far.
    pub fn conflicts(&self) -> usize {
        self.conflicts.load(Ordering::SeqCst)
    }

    /// How many answers of the index were outdated.
    pub fn outdated(&self) -> usize {
        self.lag.outdated()
    }

    /// Every item of a table but void items, for the checks. It is not a step.
    pub fn items(&self, table: &str) -> Vec<Map<String, Value>> {
        let answer = self.act("Scan", &serde_json::json!({"TableName": table}));
        let found: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        assert!(found.get("LastEvaluatedKey").is_none(), "a run's table fits into one page");
        let items = found["Items"].as_array().cloned().unwrap_or_default();
        items
            .into_iter()
            .filter(|item| item.get("void").is_none())
            .filter_map(|item| {
                Some(
                    item.as_object()?
                        .iter()
                        .map(|(name, value)| (name.clone(), plain(value)))
                        .collect(),
                )
            })
            .collect()
    }

    /// The items that a request writes, as table and key.
    fn written(&self, body: &Value) -> Vec<String> {
        let of = |write: &Value| {
            let table = write["TableName"].as_str()?;
            let item = write.get("Key").or_else(|| write.get("Item"))?;
            let key: Vec<String> =
                self.keys.get(table)?.iter().map(|name| item[name].to_string()).collect();
            Some(format!("{table} {}", key.join(" ")))
        };
        match body["TransactItems"].as_array() {
            Some(writes) => writes
                .iter()
                .filter_map(|write| of(write.as_object()?.values().find(|one| !one.is_null())?))
                .collect(),
            None if body.get("Item").is_some() || body.get("UpdateExpression").is_some() => {
                of(body).into_iter().collect()
            }
            None => Vec::new(),
        }
    }

    fn act(&self, operation: &str, body: &Value) -> Answer {
        let db = &self.database;
        let done = match operation {
            "GetItem" => call(body, |request| db.get_item(request)),
            "PutItem" => call(body, |request| db.put_item(request)),
            "UpdateItem" => call(body, |request| db.update_item(request)),
            "DeleteItem" => call(body, |request| db.delete_item(request)),
            "Query" => call(body, |request| db.query(request)),
            "Scan" => call(body, |request| db.scan(request)),
            "BatchGetItem" => call(body, |request| db.batch_get_item(request)),
            "TransactWriteItems" => call(body, |request| db.transact_write_items(request)),
            "TransactGetItems" => call(body, |request| db.transact_get_items(request)),
            unknown => {
                panic!(
                    "the functions use DynamoDB's {unknown}, which the harness does not pass on: add it here"
                )
            }
        };
        match done {
            Ok(body) => Answer::json(200, body),
            Err(error) => Answer::json(error.status_code(), error.to_json()),
        }
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn call<Q: DeserializeOwned, A: Serialize>(
    body: &Value,
    act: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request = Q::deserialize(body)
        .map_err(|error| DynoxideError::ValidationException(error.to_string()))?;
    let answer = act(request)?;
    serde_json::to_string(&answer)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// An attribute's value without its type.
fn plain(value: &Value) -> Value {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else {
        return Value::Null;
    };
    match (kind.as_str(), value) {
        ("N", Value::String(number)) => number.parse::<i64>().map_or(Value::Null, Value::from),
        ("M", Value::Object(map)) => map
            .iter()
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect::<Map<_, _>>()
            .into(),
        (_, value) => value.clone(),
    }
}
