//! What an audit finds in items that no code of ours writes, whether money moves meanwhile or not.

use crate::dynamo::Fault;
use crate::fixtures::{at, with};
use crate::stage::{Stage, completed};
use ghub::audit::Difference;
use ghub::id::OrgId;
use ghub::job::{Job, LONGEST_OPEN};
use ghub::money::Money;
use ghub::store::{Accepted, Audited, Entry, Refund};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn an_audit_reads_of_each_job_what_it_judges() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let (open, done) =
        (stage.accept_job(org).await, completed(&stage.accept_job_until_found(org).await));
    stage.store.write(&done).await.unwrap();
    let Refund::Due(refund) = stage.store.refund(org, done.id(), None, 2).await.unwrap() else {
        panic!("it is charged")
    };
    stage.store.post(&refund).await.unwrap();
    let old = with(stage.job(org), |job| job.created = at(0).before(LONGEST_OPEN));
    assert!(matches!(stage.store.accept(&old, None).await.unwrap(), Accepted::Stored));
    assert_eq!(stage.store.audit(org).await.unwrap(), Some(Audited::Agrees));

    let second = Duration::from_secs(1);
    put_by_hand(&stage, &open, "open", None);
    put_by_hand(&stage, &done, "open", Some(json!({"S": "a"})));
    put_by_hand(
        &stage,
        &old,
        "created",
        Some(json!({"N": old.created().before(second).unix_s().to_string()})),
    );
    let mut expected = vec![
        Difference::Index { job: open.id(), status: open.status(), indexed: false },
        Difference::Index { job: done.id(), status: done.status(), indexed: true },
        Difference::OpenTooLong { job: old.id(), since: LONGEST_OPEN + second },
    ];
    let Some(Audited::Differs(mut found)) = stage.store.audit(org).await.unwrap() else {
        panic!("three are off")
    };
    found.sort_by_key(Difference::to_string);
    expected.sort_by_key(Difference::to_string);
    assert_eq!(found, expected);
}

/// A busy account does not hide a difference that no movement explains.
#[tokio::test(start_paused = true)]
async fn what_no_movement_explains_is_found_while_money_moves() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    busy(&stage, org);
    assert_eq!(stage.store.audit(org).await.unwrap(), Some(Audited::Moved));

    let key = json!({"org": {"S": org.to_string()}});
    let by_hand = json!({
        "TableName": "TABLE_ACCOUNTS", "Key": key, "UpdateExpression": "ADD held :one, available :two",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":two": {"N": "2"}},
    });
    stage.dynamo.act("UpdateItem", &by_hand);
    busy(&stage, org);
    let Some(Audited::Differs(found)) = stage.store.audit(org).await.unwrap() else {
        panic!("available is off")
    };
    let [Difference::Available { account, sum }] = found[..] else {
        panic!("one item says it, {found:?}")
    };
    assert_eq!(
        account.minus(sum),
        Ok(Money::from_micros(3)),
        "by the numbers of the last look: each had others"
    );

    let org = stage.org("100.00").await;
    let job = stage.accept_job(org).await;
    put_by_hand(&stage, &job, "open", None);
    busy(&stage, org);
    let index = Difference::Index { job: job.id(), status: job.status(), indexed: false };
    assert_eq!(stage.store.audit(org).await.unwrap(), Some(Audited::Differs(vec![index])));
}

/// Money moves during each of the next five reads, before ledger and jobs are read.
fn busy(stage: &Stage, org: OrgId) {
    let pay = |_| {
        let (store, reference) = (stage.store.clone(), stage.ambient.job_id().to_string());
        Fault::After(Box::pin(async move {
            let entry = Entry::recharge(org, &reference, Money::from_micros(1), 1);
            store.post(&entry).await.unwrap();
        }))
    };
    stage.dynamo.meets("Query", (0..10).map(pay));
}

/// Changes or removes an attribute of a job, past all conditions.
fn put_by_hand(stage: &Stage, job: &Job, name: &str, value: Option<Value>) {
    let mut update = json!({
        "TableName": "TABLE_JOBS", "Key": {"org": {"S": job.org().to_string()}, "job": {"S": job.id().to_string()}},
        "UpdateExpression": "REMOVE #name", "ExpressionAttributeNames": {"#name": name},
    });
    if let Some(value) = value {
        update["UpdateExpression"] = json!("SET #name = :value");
        update["ExpressionAttributeValues"] = json!({":value": value});
    }
    stage.dynamo.act("UpdateItem", &update);
}
