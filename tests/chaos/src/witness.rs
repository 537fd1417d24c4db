//! Watches every write when it arrives at the tables. After each, the money must add up, and final
//! jobs must not change.

use crate::answer::Answer;
use crate::network::{Network, Peer, Sent};
use crate::record::Record;
use crate::{invariants, lambda::order_named_in};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The table of jobs, by its logical id in the template.
pub const JOBS: &str = "JobsTable";
/// The table of accounts, likewise.
pub const ACCOUNTS: &str = "AccountsTable";
/// The table of the ledger, likewise.
pub const LEDGER: &str = "LedgerTable";

/// An item without DynamoDB's types.
pub type Item = Map<String, Value>;

/// The witness of one run. Clones share its memory.
#[derive(Clone)]
pub struct Witness {
    record: Record,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    open: BTreeSet<String>,
    taken: BTreeSet<String>,
    ended: BTreeMap<String, Item>,
}

impl Witness {
    /// A witness that has seen nothing yet.
    pub fn new(record: Record) -> Self {
        Self { record, seen: Arc::default() }
    }

    /// Looks at a request and its answer.
    pub fn saw(&self, network: &Network, sent: &Sent, answer: &Answer) {
        if sent.peer != Peer::DynamoDb || answer.status != 200 {
            return;
        }
        match sent.operation() {
            "TransactWriteItems" => {
                let (body, accounts, jobs) =
                    (sent.json(), network.dynamo.items(ACCOUNTS), network.dynamo.items(JOBS));
                // A late repeat gets the answer of the first, and holds nothing.
                let holds = invariants::hold(&body, &accounts, |job| !self.knows(job));
                self.look(&jobs);
                let money = invariants::money(&jobs, &accounts, &network.dynamo.items(LEDGER));
                money.into_iter().chain(holds).for_each(|wrong| self.record.wrong(wrong));
            }
            "UpdateItem" => {
                let body = sent.json();
                let text = |value: &Value| value["S"].as_str().unwrap_or_default().to_owned();
                let (job, status) =
                    (&body["Key"]["job"], &body["ExpressionAttributeValues"][":status"]);
                // An open job that stays open moves no money.
                if !self.stays_open(&text(job), &text(status)) {
                    self.look(&network.dynamo.items(JOBS));
                }
            }
            "PutItem" | "DeleteItem" => self.look(&network.dynamo.items(JOBS)),
            _ => {}
        }
    }

    fn knows(&self, job: &str) -> bool {
        let seen = self.seen();
        seen.open.contains(job) || seen.ended.contains_key(job)
    }

    /// The number of open jobs.
    pub fn open(&self) -> usize {
        self.seen().open.len()
    }

    /// Whether a job was ever written as taken by its provider.
    pub fn was_taken(&self, job: &str) -> bool {
        self.seen().taken.contains(job)
    }

    /// The final jobs, by id.
    pub fn ended(&self) -> BTreeMap<String, Item> {
        self.seen().ended.clone()
    }

    /// Whether a written job is known, was open, and stays open. Remembers a job that its provider
    /// has taken.
    fn stays_open(&self, job: &str, status: &str) -> bool {
        let mut seen = self.seen();
        if status == "processing" {
            seen.taken.insert(job.to_owned());
        }
        seen.open.contains(job) && matches!(status, "pending" | "processing")
    }

    fn look(&self, jobs: &[Item]) {
        let mut seen = self.seen();
        for job in jobs {
            let text = |name: &str| job.get(name).and_then(Value::as_str).unwrap_or_default();
            let id = text("job").to_owned();
            if self.record.order_of(&id).is_none()
                && let Some(order) = order_named_in(text("prompt"))
            {
                self.record.learn(&id, order);
            }
            if let Some(before) = seen.ended.get(&id) {
                if before != job {
                    self.record.wrong(format!(
                        "the job {id} was {} and is {}: a final state changed",
                        before["status"], job["status"]
                    ));
                }
            } else if matches!(text("status"), "completed" | "failed") {
                seen.open.remove(&id);
                seen.ended.insert(id, job.clone());
            } else {
                seen.open.insert(id);
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
