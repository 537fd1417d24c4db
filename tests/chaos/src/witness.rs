//! Watches every write as it arrives at the tables: money adds up after each, and what is final
//! stays as it is.

use crate::answer::Answer;
use crate::network::{Network, Peer, Sent};
use crate::record::Record;
use crate::{invariants, lambda::order_named_in};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The tables' names, which are the template's logical ids.
pub const JOBS: &str = "JobsTable";
/// See [`JOBS`].
pub const ACCOUNTS: &str = "AccountsTable";
/// See [`JOBS`].
pub const LEDGER: &str = "LedgerTable";

/// An item without DynamoDB's types.
pub type Item = Map<String, Value>;

/// The witness of one run. Clones share what they saw.
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
    /// Has seen nothing yet.
    pub fn new(record: Record) -> Self {
        Self { record, seen: Arc::default() }
    }

    /// Looks at a request that was answered.
    pub fn saw(&self, network: &Network, sent: &Sent, answer: &Answer) {
        if sent.peer != Peer::DynamoDb || answer.status != 200 {
            return;
        }
        match sent.operation() {
            "TransactWriteItems" => {
                let (body, accounts, jobs) =
                    (sent.json(), network.dynamo.items(ACCOUNTS), network.dynamo.items(JOBS));
                // A repeat that comes late is answered as what it repeats, and holds nothing.
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
                // An open job that is written again moves no money.
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

    /// How many jobs are open.
    pub fn open(&self) -> usize {
        self.seen().open.len()
    }

    /// Whether a job was ever written as taken by its provider.
    pub fn was_taken(&self, job: &str) -> bool {
        self.seen().taken.contains(job)
    }

    /// The jobs that have ended.
    pub fn ended(&self) -> BTreeMap<String, Item> {
        self.seen().ended.clone()
    }

    /// Whether a job that is written is known and was open so far, and stays so. One that its
    /// provider has taken is remembered as such.
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
