//! Stands before the services that the functions call, and records what passes.
//!
//! While it counts, it holds every request until no other comes, and then lets all of them go at
//! once. So each round is what a function sends without waiting for an answer. The number of rounds
//! is the number of exchanges in series, whatever the speed of the machine.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use ghub::error::causes;
use ghub::outbound::Outbound;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;

/// A function needs a few milliseconds between two requests that do not wait for each other.
const QUIET: Duration = Duration::from_millis(300);

/// An exchange that has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// `Dynamodb.TransactWriteItems`, or `GET fal/requests/…`.
    pub(crate) name: String,
    /// In which round it was sent.
    pub(crate) round: usize,
    /// What DynamoDB charges for it, if it writes.
    pub(crate) write_units: u64,
}

/// Clones record into one list.
#[derive(Clone)]
pub(crate) struct Recorder(Arc<Inner>);

struct Inner {
    outbound: Outbound,
    log: Mutex<Log>,
    arrived: Notify,
}

#[derive(Default)]
struct Log {
    counts: bool,
    round: usize,
    passed: Vec<Exchange>,
    held: Vec<oneshot::Sender<()>>,
    underway: usize,
}

/// One service behind the recorder.
#[derive(Clone)]
struct Door {
    recorder: Recorder,
    service: &'static str,
    origin: String,
}

impl Recorder {
    /// One that lets everything pass at once.
    pub(crate) fn new() -> Self {
        let (outbound, log, arrived) = (Outbound::network(), Mutex::default(), Notify::new());
        Self(Arc::new(Inner { outbound, log, arrived }))
    }

    /// Listens on loopback in place of a service, and returns where.
    pub(crate) async fn stand_before(
        &self,
        service: &'static str,
        origin: &str,
        tasks: &mut JoinSet<()>,
    ) -> Result<String, String> {
        let listener =
            TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let door = Door {
            recorder: self.clone(),
            service,
            origin: origin.trim_end_matches('/').to_owned(),
        };
        let router = Router::new().fallback(pass).with_state(door);
        tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the recorder before {service} ended: {error}");
            }
        });
        Ok(format!("http://{address}"))
    }

    /// Lets go what is held, round by round; never returns.
    pub(crate) async fn release(self) {
        loop {
            self.0.arrived.notified().await;
            while tokio::time::timeout(QUIET, self.0.arrived.notified()).await.is_ok() {}
            let mut log = self.log();
            log.round += 1;
            for held in log.held.drain(..) {
                _ = held.send(()); // the receiver is gone if the function has ended
            }
        }
    }

    /// Begins a new count, or lets everything pass at once.
    pub(crate) fn counting(&self, counts: bool) {
        *self.log() = Log { counts, ..Log::default() };
    }

    /// Waits until nothing is under way any more, and returns what has passed since the last time.
    pub(crate) async fn wait_for_quiet(&self) -> Vec<Exchange> {
        loop {
            tokio::time::sleep(2 * QUIET).await;
            let mut log = self.log();
            if log.underway == 0 && log.held.is_empty() {
                log.round = 0;
                return std::mem::take(&mut log.passed);
            }
        }
    }

    /// Records a request, and holds it until its round goes. Says whether it is counted.
    async fn enter(&self, name: String) -> Option<usize> {
        let (place, released) = {
            let mut log = self.log();
            if !log.counts {
                return None;
            }
            let (send, released) = oneshot::channel();
            log.held.push(send);
            log.underway += 1;
            let round = log.round;
            log.passed.push(Exchange { name, round, write_units: 0 });
            (log.passed.len() - 1, released)
        };
        self.0.arrived.notify_one();
        drop(released.await); // an error is a count that ended
        Some(place)
    }

    fn leave(&self, place: usize, write_units: u64) {
        let mut log = self.log();
        log.underway = log.underway.saturating_sub(1);
        if let Some(exchange) = log.passed.get_mut(place) {
            exchange.write_units = write_units;
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn pass(
    State(door): State<Door>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    let operation = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation =
        operation.map_or_else(|| format!("{method} {}", uri.path()), |name| name.to_owned());
    let writes = ["PutItem", "UpdateItem", "DeleteItem", "WriteItem"];
    let writes = writes.iter().any(|word| operation.contains(word));
    let place = door.recorder.enter(format!("{} {operation}", door.service)).await;
    headers.remove(HOST);
    let priced = place.is_some() && writes;
    if priced {
        headers.remove(CONTENT_LENGTH);
    }
    let body = if priced { asking_for_its_price(&body) } else { body };
    let answer = door.answer(method, &uri, headers, body).await;
    let (status, headers, body) = match answer {
        Ok(answer) => answer,
        Err(error) => return (StatusCode::BAD_GATEWAY, error).into_response(),
    };
    if let Some(place) = place {
        door.recorder.leave(place, if priced { price(&body) } else { 0 });
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

impl Door {
    /// What the service behind this door answers.
    async fn answer(
        &self,
        method: Method,
        uri: &Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap, Bytes), String> {
        let url =
            format!("{}{uri}", self.origin).parse().map_err(|_| format!("{uri} is no path"))?;
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        *request.body_mut() = Some(body.into());
        let answer = self.recorder.0.outbound.exchange(request).await;
        let answer = answer.map_err(|error| causes(&error))?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        for of_the_wire in [TRANSFER_ENCODING, CONTENT_LENGTH] {
            headers.remove(of_the_wire);
        }
        Ok((status, headers, answer.bytes().await.map_err(|error| error.to_string())?))
    }
}

/// DynamoDB says what a request costs if it is asked to. Signatures are not checked here.
fn asking_for_its_price(body: &Bytes) -> Bytes {
    let Ok(Value::Object(mut request)) = serde_json::from_slice(body) else { return body.clone() };
    request.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
    Value::Object(request).to_string().into()
}

/// The units of all tables that a write has touched, with their indexes.
fn price(answer: &Bytes) -> u64 {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let tables = match &answer["ConsumedCapacity"] {
        Value::Array(tables) => tables.clone(),
        one => vec![one.clone()],
    };
    tables.iter().filter_map(|table| whole(&table["CapacityUnits"])).sum()
}

/// Units of writes are whole numbers, and come as `2.0`.
fn whole(units: &Value) -> Option<u64> {
    units.to_string().trim_end_matches(".0").parse().ok()
}
