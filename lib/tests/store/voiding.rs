//! A submit whose answer was lost: the void item keeps a late transaction from being committed.

use crate::dynamo::Fault;
use crate::stage::{Stage, key_for, with_key};
use ghub::store::{Accepted, Audited, Setting, StoreError, Wanted};
use serde_json::json;
use std::time::Duration;

/// A late transaction fails on the void item under its job's id. It stores no job, holds nothing
/// and uses no key.
#[tokio::test(start_paused = true)]
async fn what_was_refused_after_a_lost_answer_cannot_be_accepted_late() {
    let unavailable =
        || Fault::Answer(400, json!({"__type": "a#ThrottlingException", "message": "no"}));
    for refused_by in ["the store", "the account", "the key"] {
        let stage = Stage::new();
        let org = stage.org("100.00").await;
        let (job, key) = with_key(&stage, org, "k");
        let mut faults = vec![Fault::Late];
        match refused_by {
            "the store" => faults.extend((0..1_000).map(|_| unavailable())),
            "the account" => drop(stage.store.set(org, Setting::OpenJobsLimit(0)).await.unwrap()),
            _ => {
                let other = key_for("k", &json!({"prompt": "another"}));
                assert!(matches!(
                    stage.store.accept(&stage.job(org), Some(&other)).await,
                    Ok(Accepted::Stored)
                ));
            }
        }
        stage.dynamo.meets("TransactWriteItems", faults);
        let accepted = stage.store.accept(&job, Some(&key)).await;
        match refused_by {
            "the store" => {
                assert!(matches!(accepted, Err(StoreError::Unavailable(_))), "{accepted:?}")
            }
            "the account" => assert!(matches!(accepted, Ok(Accepted::Refused(_))), "{accepted:?}"),
            _ => assert!(matches!(accepted, Ok(Accepted::KeyReused)), "{accepted:?}"),
        }
        stage.store.set(org, Setting::OpenJobsLimit(50)).await.unwrap();
        let before = stage.account(org).await;
        assert_eq!(stage.dynamo.deliver_late(), [400], "{refused_by}: it fails on the void item");
        assert_eq!(stage.store.job(org, job.id()).await.unwrap(), None, "{refused_by}");
        assert_eq!(
            stage.store.job_and_account(org, job.id()).await.unwrap().0,
            None,
            "{refused_by}"
        );
        assert_eq!(stage.account(org).await, before, "{refused_by}: nothing is held");
        let listed = stage
            .store
            .jobs(org, Wanted { deleted_too: true, ..Wanted::default() }, 10)
            .await
            .unwrap();
        assert!(
            listed.jobs.iter().all(|other| other.id() != job.id()),
            "{refused_by}: it is in no list"
        );
        assert_eq!(stage.store.audit(org).await.unwrap(), Some(Audited::Agrees), "{refused_by}");
        assert_eq!(stage.store.owner(job.id()).await.unwrap(), None, "{refused_by}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_key_of_a_submit_that_was_answered_with_an_error_is_free() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let hasty = stage.store.trying_for(Duration::from_millis(10));
    let (job, key) = with_key(&stage, org, "k");
    stage.dynamo.meets("TransactWriteItems", [Fault::Late]);
    assert!(matches!(hasty.accept(&job, Some(&key)).await, Err(StoreError::Unavailable(_))));
    stage.dynamo.deliver_late();
    let again = stage.job(org);
    assert!(matches!(stage.store.accept(&again, Some(&key)).await.unwrap(), Accepted::Stored));
    let replayed = stage.store.accept(&stage.job(org), Some(&key)).await.unwrap();
    assert!(matches!(replayed, Accepted::Replayed(found) if found == again.id()), "{replayed:?}");
}

/// After a refusal, or a request that was never sent, no void item is needed and none is written.
#[tokio::test(start_paused = true)]
async fn a_void_item_is_written_only_after_a_lost_answer() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let hasty = stage.store.trying_for(Duration::from_millis(10));
    let throttled = json!({"__type": "a#ThrottlingException", "message": "no"});
    for fault in [Fault::NotSent, Fault::Answer(400, throttled)] {
        stage.dynamo.meets("TransactWriteItems", [fault]);
        assert!(matches!(
            hasty.accept(&stage.job(org), None).await,
            Err(StoreError::Unavailable(_))
        ));
    }
    stage.accept_job(org).await;
    assert_eq!(stage.dynamo.asked("PutItem"), 1, "the account's alone");
    for fault in [Fault::AnswerLost, Fault::Late, Fault::Answer(500, json!({}))] {
        stage.dynamo.meets("TransactWriteItems", [fault]);
        drop(hasty.accept(&stage.job(org), None).await);
    }
    assert_eq!(stage.dynamo.asked("PutItem"), 1 + 3);
}

/// The answer to the void item may be lost too.
#[tokio::test(start_paused = true)]
async fn a_void_item_whose_answer_was_lost_is_tried_again() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let hasty = stage.store.trying_for(Duration::from_millis(10));
    let job = stage.job(org);
    stage.dynamo.meets("TransactWriteItems", [Fault::Late]);
    stage.dynamo.meets("PutItem", [Fault::AnswerLost, Fault::NotSent, Fault::AnswerLost]);
    assert!(matches!(hasty.accept(&job, None).await, Err(StoreError::Unavailable(_))));
    assert_eq!(stage.dynamo.deliver_late(), [400]);
    assert_eq!(stage.account(org).await.open_jobs, 0);
    // The version before does not know void items and could not read one as a job. Its lists leave
    // out items with `deleted`.
    let list = json!({
        "TableName": "TABLE_JOBS", "KeyConditionExpression": "org = :org",
        "FilterExpression": "attribute_not_exists(deleted)",
        "ExpressionAttributeValues": {":org": {"S": org.to_string()}},
    });
    let (status, answer) = stage.dynamo.act("Query", &list);
    assert!(
        status == 200 && answer.contains("\"Count\":0") && answer.contains("\"ScannedCount\":1"),
        "{answer}"
    );
}
