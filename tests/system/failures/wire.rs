//! What passes between the functions and everybody else: seen, and bent where a test says so.

use ghub::outbound::{Exchange, Gate, Network, WireError};
use reqwest::{Method, Request, Response, Url};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Barrier;

/// The functions' way to the network.
#[derive(Default)]
pub(super) struct Wire {
    sent: Mutex<Vec<Sent>>,
    tricks: Mutex<BTreeMap<String, Trick>>,
    detour: Mutex<Option<(u16, u16)>>,
    impatient: Mutex<Option<(String, Duration)>>,
    meeting: Mutex<Option<(&'static str, Arc<Barrier>)>>,
    transactions_fail: AtomicBool,
    transaction_lost: AtomicBool,
}

/// A request that the functions sent.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) method: Method,
    pub(super) url: Url,
    /// Whether a credential went with it.
    pub(super) authorized: bool,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Value,
}

/// What happens to the first submission of a prompt.
pub(super) enum Trick {
    /// It is sent to another address.
    Address(Box<dyn Fn(&mut Url) + Send + Sync>),
    /// It arrives and is answered; what comes back is this instead.
    Answer(u16, &'static str),
    /// It arrives; its answer is changed.
    Changed(Box<dyn Fn(&mut Value) + Send + Sync>),
}

impl Wire {
    /// What was sent to this origin, oldest first.
    pub(super) fn sent_to(&self, origin: &str) -> Vec<Sent> {
        self.sent
            .lock()
            .unwrap()
            .iter()
            .filter(|sent| sent.url.as_str().starts_with(origin))
            .cloned()
            .collect()
    }

    /// Everything that was sent.
    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// How often a prompt was sent to its provider.
    pub(super) fn submissions_of(&self, prompt: &str) -> usize {
        self.sent.lock().unwrap().iter().filter(|sent| sent.prompt() == Some(prompt)).count()
    }

    /// Plays a trick on the first submission of a prompt.
    pub(super) fn play(&self, prompt: &str, trick: Trick) {
        self.tricks.lock().unwrap().insert(prompt.to_owned(), trick);
    }

    /// Leads what goes to one port of this machine to another, or everything straight again.
    pub(super) fn lead(&self, from_to: Option<(u16, u16)>) {
        *self.detour.lock().unwrap() = from_to;
    }

    /// Gives the next request whose path contains this text only so long.
    pub(super) fn hurry(&self, path: &str, limit: Duration) {
        *self.impatient.lock().unwrap() = Some((path.to_owned(), limit));
    }

    /// Keeps each answer to a path with this ending until so many have come together.
    pub(super) fn meet(&self, path_ending: &'static str, barrier: Arc<Barrier>) {
        *self.meeting.lock().unwrap() = Some((path_ending, barrier));
    }

    /// Whether DynamoDB takes no transactions.
    pub(super) fn fail_transactions(&self, fail: bool) {
        self.transactions_fail.store(fail, Ordering::SeqCst);
    }

    /// The next transaction is written and its answer is lost.
    pub(super) fn lose_a_transaction(&self) {
        self.transaction_lost.store(true, Ordering::SeqCst);
    }

    async fn bent(&self, mut request: Request, send: Network<'_>) -> Result<Response, WireError> {
        let sent = Sent::read(&request);
        let trick = sent.prompt().and_then(|prompt| self.tricks.lock().unwrap().remove(prompt));
        self.sent.lock().unwrap().push(sent);
        let path = request.url().path().to_owned();

        match *self.detour.lock().unwrap() {
            Some((from, to)) if request.url().port() == Some(from) => {
                request.url_mut().set_port(Some(to)).unwrap()
            }
            _ => {}
        }
        if let Some((_, limit)) =
            self.impatient.lock().unwrap().take_if(|(text, _)| path.contains(text.as_str()))
        {
            *request.timeout_mut() = Some(limit);
        }
        if request
            .headers()
            .get("x-amz-target")
            .is_some_and(|target| target == "DynamoDB_20120810.TransactWriteItems")
        {
            return self.transact(request, send).await;
        }
        match trick {
            Some(Trick::Address(change)) => {
                change(request.url_mut());
                send(request).await
            }
            Some(Trick::Answer(status, body)) => send(request).await.map(|_| answer(status, body)),
            Some(Trick::Changed(change)) => {
                let mut body: Value = send(request).await?.json().await?;
                change(&mut body);
                Ok(answer(200, &body.to_string()))
            }
            None => self.meet_others(&path, send(request).await).await,
        }
    }

    async fn meet_others(
        &self,
        path: &str,
        answer: Result<Response, WireError>,
    ) -> Result<Response, WireError> {
        let meeting = self.meeting.lock().unwrap().clone();
        if let Some((_, barrier)) = meeting.filter(|(ending, _)| path.ends_with(ending)) {
            barrier.wait().await;
        }
        answer
    }

    async fn transact(&self, request: Request, send: Network<'_>) -> Result<Response, WireError> {
        if self.transactions_fail.load(Ordering::SeqCst) {
            return Err(WireError::NotSent("a scripted fault".into()));
        }
        let answer = send(request).await?;
        if self.transaction_lost.swap(false, Ordering::SeqCst) {
            return Err(WireError::Lost("a scripted fault".into()));
        }
        Ok(answer)
    }
}

impl Sent {
    fn read(request: &Request) -> Self {
        let body = request.body().and_then(|body| serde_json::from_slice(body.as_bytes()?).ok());
        let authorized =
            ["authorization", "apikey"].iter().any(|name| request.headers().contains_key(*name));
        let text =
            |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = request.headers().iter().map(|(name, value)| (name.to_string(), text(value)));
        Self {
            method: request.method().clone(),
            url: request.url().clone(),
            authorized,
            headers: headers.collect(),
            body: body.unwrap_or_default(),
        }
    }

    /// The value of a header; empty if it was not sent.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    fn prompt(&self) -> Option<&str> {
        self.body["prompt"].as_str().or_else(|| self.body["instances"][0]["prompt"].as_str())
    }
}

impl Gate for Wire {
    fn exchange<'a>(&'a self, request: Request, send: Network<'a>) -> Exchange<'a> {
        Box::pin(self.bent(request, send))
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

fn answer(status: u16, body: &str) -> Response {
    let answer = lambda_http::http::Response::builder()
        .status(status)
        .header("content-type", "application/json");
    answer.body(body.to_owned()).expect("the answer is well formed").into()
}
