//! Tests the harness by taking a defence of the system out. That happens on the wire: a condition,
//! a query, a word that is read back, or a length is changed. The functions then send and get what
//! they would without the defence.

use crate::answer::{self, Answer};
use crate::network::{Peer, Sent};
use crate::witness::{ACCOUNTS, JOBS, LEDGER};
use futures::StreamExt;
use futures::executor::block_on;
use ghub::mp4::Walker;
use local::video::padded;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A defence of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defence {
    /// An open job is written only over the revision that was read.
    TurnCondition,
    /// A job is ended only over the revision that was read.
    SettleCondition,
    /// A cause posts to the ledger once.
    LedgerUniqueness,
    /// An entry is posted only in the place after those that were there when it was made.
    LedgerOrder,
    /// A job is accepted only while something is available.
    Hold,
    /// Overdue jobs are found.
    Sweep,
    /// A function writes the lease on a job before it sends the job.
    Lease,
    /// A write whose answer was lost is recognised by its write id.
    LostAnswer,
    /// A transaction that met another one is retried.
    ConflictRetry,
    /// A file that was cut is not accepted as a video.
    WholeFile,
}

impl Defence {
    /// All defences that can be taken out on the wire.
    pub const ALL: [Self; 10] = [
        Self::TurnCondition,
        Self::SettleCondition,
        Self::LedgerUniqueness,
        Self::LedgerOrder,
        Self::Hold,
        Self::Sweep,
        Self::Lease,
        Self::LostAnswer,
        Self::ConflictRetry,
        Self::WholeFile,
    ];
}

/// A defence that is taken out.
#[derive(Debug)]
pub struct Sabotage {
    pub defence: Defence,
    refused: Mutex<BTreeSet<String>>,
}

impl Sabotage {
    /// Takes a defence out.
    pub fn of(defence: Defence) -> Self {
        Self { defence, refused: Mutex::default() }
    }

    /// The request as it would be without the defence.
    pub fn bend_request(&self, sent: &mut Sent) {
        if sent.peer != Peer::DynamoDb {
            return;
        }
        let mut body = sent.json();
        match (self.defence, sent.operation()) {
            (Defence::TurnCondition, "UpdateItem") if body["TableName"] == JOBS => {
                over_any_revision(&mut body)
            }
            (Defence::SettleCondition, "TransactWriteItems") => {
                updates(&mut body, JOBS).for_each(over_any_revision)
            }
            (Defence::LedgerUniqueness, "TransactWriteItems") => {
                puts(&mut body, LEDGER).for_each(unconditional)
            }
            (Defence::LedgerOrder, "TransactWriteItems") => {
                updates(&mut body, ACCOUNTS).for_each(without_order)
            }
            (Defence::Hold, "TransactWriteItems") => {
                updates(&mut body, ACCOUNTS).for_each(without_hold)
            }
            (Defence::Sweep, "Query") => {
                body["ExpressionAttributeValues"][":before"] = json!({"N": "0"})
            }
            (Defence::Lease, "TransactWriteItems") => puts(&mut body, JOBS).for_each(without_lease),
            (Defence::Lease, "UpdateItem") if body["TableName"] == JOBS => {
                without_new_lease(&mut body)
            }
            _ => return,
        }
        sent.body = body.to_string().into();
    }

    /// The answer to a request that would not have been sent again.
    pub fn answer_instead(&self, sent: &Sent) -> Option<Answer> {
        let body = (self.defence == Defence::ConflictRetry).then(|| sent.json())?;
        let given_up = self.refused().contains(body["ClientRequestToken"].as_str()?);
        given_up.then(|| {
            answer::conflict(
                sent.operation(),
                &vec![true; body["TransactItems"].as_array().map_or(0, Vec::len)],
            )
        })
    }

    /// The answer as it would be without the defence.
    pub fn bend_answer(&self, sent: &Sent, answer: &mut Answer) {
        match self.defence {
            Defence::WholeFile if sent.peer.is_provider() => {
                answer.body = seemingly_whole(&answer.body).into()
            }
            _ if sent.peer != Peer::DynamoDb => {}
            Defence::LostAnswer => {
                let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                nameless(&mut body);
                answer.body = body.to_string().into();
            }
            Defence::ConflictRetry
                if String::from_utf8_lossy(&answer.body).contains("TransactionConflict") =>
            {
                let token = sent.json()["ClientRequestToken"].as_str().map(str::to_owned);
                self.refused().extend(token);
            }
            _ => {}
        }
    }

    fn refused(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn writes<'b>(
    body: &'b mut Value,
    kind: &'static str,
    table: &'static str,
) -> impl Iterator<Item = &'b mut Value> {
    let all = body["TransactItems"].as_array_mut().into_iter().flatten();
    all.filter_map(move |write| write.get_mut(kind))
        .filter(move |write| write["TableName"] == table)
}

fn puts<'b>(body: &'b mut Value, table: &'static str) -> impl Iterator<Item = &'b mut Value> {
    writes(body, "Put", table)
}

fn updates<'b>(body: &'b mut Value, table: &'static str) -> impl Iterator<Item = &'b mut Value> {
    writes(body, "Update", table)
}

fn unconditional(write: &mut Value) {
    if let Some(write) = write.as_object_mut() {
        for part in ["ConditionExpression", "ExpressionAttributeValues", "ExpressionAttributeNames"]
        {
            write.remove(part);
        }
    }
}

/// Lets the update of a job succeed over any revision.
fn over_any_revision(update: &mut Value) {
    update["ConditionExpression"] = json!("attribute_exists(job)");
    if let Some(values) = update["ExpressionAttributeValues"].as_object_mut() {
        values.remove(":read");
    }
}

fn without_hold(update: &mut Value) {
    without(update, &[":zero", ":no"]);
}

fn without_order(update: &mut Value) {
    without(update, &[":before"]);
}

/// Takes the condition on these values out of an update that has it.
fn without(update: &mut Value, compared: &[&str]) {
    if update["ConditionExpression"]
        .as_str()
        .is_some_and(|condition| condition.contains(compared[0]))
    {
        update["ConditionExpression"] = json!("attribute_exists(org)");
        if let Some(values) = update["ExpressionAttributeValues"].as_object_mut() {
            compared.iter().for_each(|name| drop(values.remove(*name)));
        }
    }
}

fn without_lease(put: &mut Value) {
    if let Some(item) = put["Item"].as_object_mut() {
        item.remove("lease_until");
    }
}

fn without_new_lease(update: &mut Value) {
    let Some(expression) = update["UpdateExpression"].as_str() else { return };
    if expression.contains(":lease_until") {
        update["UpdateExpression"] = json!(expression.replace("#lease_until = :lease_until, ", ""));
        if let Some(values) = update["ExpressionAttributeValues"].as_object_mut() {
            values.remove(":lease_until");
        }
        if let Some(names) = update["ExpressionAttributeNames"].as_object_mut() {
            names.remove("#lease_until");
        }
    }
}

/// Replaces an MP4 that was cut by another one of the same length, so that the check of its boxes
/// and samples passes. Other files stay as they are.
fn seemingly_whole(file: &[u8]) -> Vec<u8> {
    let mut walker = Walker::default();
    let whole = walker.pass(file).and_then(|()| walker.finish()).is_ok();
    if whole || file.get(4..8) != Some(b"ftyp") {
        return file.to_vec();
    }
    let other = padded(1, "21:9", u64::try_from(file.len()).unwrap_or(u64::MAX));
    let pieces = other.read(0..other.len());
    block_on(pieces.fold(Vec::new(), |all, piece| ready([all.as_slice(), &piece].concat())))
}

/// Replaces the write ids of all items.
fn nameless(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(name) = map.get_mut("write") {
                *name = json!({"S": "somebody"});
            }
            map.values_mut().for_each(nameless);
        }
        Value::Array(list) => list.iter_mut().for_each(nameless),
        _ => {}
    }
}
