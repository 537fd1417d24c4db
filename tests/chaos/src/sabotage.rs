//! The harness is tested by taking a defence out: on the wire, where it is a condition, a query, or a word that is read back. What the
//! functions send and hear is then as if the defence had never been written.

use crate::answer::{self, Answer};
use crate::network::{Peer, Sent};
use crate::witness::{ACCOUNTS, JOBS, LEDGER};
use serde_json::{Value, json};
use std::collections::BTreeSet;
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
    /// Whoever sends a job has said so on the job first.
    Lease,
    /// A write whose answer was lost is recognised by its name.
    LostAnswer,
    /// A transaction that met another one is tried again.
    ConflictRetry,
}

impl Defence {
    /// All that can be taken out on the wire.
    pub const ALL: [Self; 9] = [
        Self::TurnCondition,
        Self::SettleCondition,
        Self::LedgerUniqueness,
        Self::LedgerOrder,
        Self::Hold,
        Self::Sweep,
        Self::Lease,
        Self::LostAnswer,
        Self::ConflictRetry,
    ];
}

/// One defence, taken out.
#[derive(Debug)]
pub struct Sabotage {
    /// Which.
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
            (Defence::TurnCondition, "PutItem") if body["TableName"] == JOBS => unconditional(&mut body),
            (Defence::SettleCondition, "TransactWriteItems") => {
                puts(&mut body, JOBS).filter(|put| put["Item"]["revision"]["N"] != "0").for_each(unconditional);
            }
            (Defence::LedgerUniqueness, "TransactWriteItems") => puts(&mut body, LEDGER).for_each(unconditional),
            (Defence::LedgerOrder, "TransactWriteItems") => updates(&mut body, ACCOUNTS).for_each(without_order),
            (Defence::Hold, "TransactWriteItems") => updates(&mut body, ACCOUNTS).for_each(without_hold),
            (Defence::Sweep, "Query") => body["ExpressionAttributeValues"][":before"] = json!({"N": "0"}),
            (Defence::Lease, "TransactWriteItems") => puts(&mut body, JOBS).for_each(without_lease),
            (Defence::Lease, "PutItem") if body["TableName"] == JOBS => without_lease(&mut body),
            _ => return,
        }
        sent.body = body.to_string().into();
    }

    /// An answer that comes without the request having been tried again.
    pub fn answer_instead(&self, sent: &Sent) -> Option<Answer> {
        let body = (self.defence == Defence::ConflictRetry).then(|| sent.json())?;
        let given_up = self.refused().contains(body["ClientRequestToken"].as_str()?);
        given_up.then(|| {
            answer::conflict(sent.operation(), &vec![true; body["TransactItems"].as_array().map_or(0, Vec::len)])
        })
    }

    /// The answer as it would be without the defence.
    pub fn bend_answer(&self, sent: &Sent, answer: &mut Answer) {
        if sent.peer != Peer::DynamoDb {
            return;
        }
        match self.defence {
            Defence::LostAnswer => {
                let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                nameless(&mut body);
                answer.body = body.to_string().into();
            }
            Defence::ConflictRetry if String::from_utf8_lossy(&answer.body).contains("TransactionConflict") => {
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

fn writes<'b>(body: &'b mut Value, kind: &'static str, table: &'static str) -> impl Iterator<Item = &'b mut Value> {
    let all = body["TransactItems"].as_array_mut().into_iter().flatten();
    all.filter_map(move |write| write.get_mut(kind)).filter(move |write| write["TableName"] == table)
}

fn puts<'b>(body: &'b mut Value, table: &'static str) -> impl Iterator<Item = &'b mut Value> {
    writes(body, "Put", table)
}

fn updates<'b>(body: &'b mut Value, table: &'static str) -> impl Iterator<Item = &'b mut Value> {
    writes(body, "Update", table)
}

fn unconditional(write: &mut Value) {
    if let Some(write) = write.as_object_mut() {
        for part in ["ConditionExpression", "ExpressionAttributeValues", "ExpressionAttributeNames"] {
            write.remove(part);
        }
    }
}

fn without_hold(update: &mut Value) {
    without(update, &[":zero", ":no"]);
}

fn without_order(update: &mut Value) {
    without(update, &[":before"]);
}

/// Takes the condition on these values out, where it is the update's.
fn without(update: &mut Value, compared: &[&str]) {
    if update["ConditionExpression"].as_str().is_some_and(|condition| condition.contains(compared[0])) {
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

/// Takes the writes' names out of all items.
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
