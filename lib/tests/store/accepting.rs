//! A submit: the job, its hold and its idempotency key, all or nothing.

use crate::dynamo::Fault;
use crate::fixtures::{at, with};
use crate::stage::{Stage, failed, key_for, money, with_key};
use ghub::account::HoldRefused;
use ghub::store::{Accepted, Idempotency, Setting, StoreError};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn an_accepted_job_is_stored_and_held_and_nothing_is_charged() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let job = stage.accept_job(org).await;
    assert_eq!(stage.store.job(org, job.id()).await.unwrap(), Some(job));
    let account = stage.account(org).await;
    assert_eq!(
        (account.balance, account.held, account.open_jobs),
        (money("10.00"), money("4.20"), 1)
    );
    assert_eq!(account.available().unwrap(), money("5.80"));
}

#[tokio::test]
async fn a_hold_is_taken_down_to_the_last_millionth() {
    for (balance, refused) in [("0.000001", false), ("0.00", true), ("-0.000001", true)] {
        let stage = Stage::new();
        let org = stage.org(balance).await;
        let accepted = stage.store.accept(&stage.job(org), None).await.unwrap();
        let missing = money("0.000001").minus(money(balance)).unwrap();
        let (balance, held) = (money(balance), money("0.00"));
        match accepted {
            Accepted::Stored => assert!(!refused, "{balance}"),
            Accepted::Refused(why) => {
                assert_eq!(why, HoldRefused::InsufficientBalance { balance, held, missing });
                assert!(refused, "{balance}");
            }
            other => panic!("{other:?}"),
        }
        let account = stage.account(org).await;
        assert_eq!((account.held > held, account.open_jobs), (!refused, u32::from(!refused)));
    }
}

#[tokio::test]
async fn what_open_jobs_hold_counts_as_spent_and_a_credit_limit_moves_the_zero() {
    let stage = Stage::new();
    let org = stage.org("4.20").await;
    let first = stage.accept_job(org).await;
    let job = stage.job(org);
    let refused = stage.store.accept(&job, None).await.unwrap();
    let refusal = HoldRefused::InsufficientBalance {
        balance: money("4.20"),
        held: money("4.20"),
        missing: money("0.000001"),
    };
    assert!(matches!(refused, Accepted::Refused(why) if why == refusal), "{refused:?}");
    assert_eq!(stage.store.job(org, job.id()).await.unwrap(), None, "a refusal writes nothing");
    stage.store.set(org, Setting::CreditLimit(money("0.000001"))).await.unwrap();
    assert!(matches!(stage.store.accept(&job, None).await.unwrap(), Accepted::Stored));
    stage.store.write(&failed(&first)).await.unwrap();
    assert_eq!(stage.account(org).await.open_jobs, 1);
}

#[tokio::test]
async fn so_many_jobs_are_open_as_may_be() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    stage.store.set(org, Setting::OpenJobsLimit(2)).await.unwrap();
    let first = stage.accept_job(org).await;
    stage.accept_job(org).await;
    let third = stage.job(org);
    let refused = stage.store.accept(&third, None).await.unwrap();
    assert!(
        matches!(refused, Accepted::Refused(HoldRefused::TooManyOpenJobs { limit: 2 })),
        "{refused:?}"
    );
    stage.store.write(&failed(&first)).await.unwrap();
    assert!(
        matches!(stage.store.accept(&third, None).await.unwrap(), Accepted::Stored),
        "a place is free again"
    );
}

#[tokio::test]
async fn a_refusal_is_read_in_its_order() {
    let stage = Stage::new();
    let org = stage.org("4.20").await;
    let (job, key) = with_key(&stage, org, "k");
    assert!(matches!(stage.store.accept(&job, Some(&key)).await.unwrap(), Accepted::Stored));
    stage.store.set(org, Setting::OpenJobsLimit(1)).await.unwrap();
    let told =
        async |key: &Idempotency| stage.store.accept(&stage.job(org), Some(key)).await.unwrap();
    let other = key_for("other", &json!({}));
    let refused = told(&other).await;
    assert!(
        matches!(refused, Accepted::Refused(HoldRefused::InsufficientBalance { .. })),
        "{refused:?}"
    );
    stage.store.set(org, Setting::Suspended(true)).await.unwrap();
    let refused = told(&other).await;
    assert!(matches!(refused, Accepted::Refused(HoldRefused::Suspended)), "{refused:?}");
    let replayed = told(&key).await;
    assert!(
        matches!(replayed, Accepted::Replayed(found) if found == job.id()),
        "the key comes first: {replayed:?}"
    );
    let reused = told(&key_for("k", &json!({"prompt": "another"}))).await;
    assert!(matches!(reused, Accepted::KeyReused), "{reused:?}");
    assert_eq!(stage.account(org).await.open_jobs, 1);
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let stage = Stage::new();
    let org = stage.org("0.00").await;
    let (job, key) = with_key(&stage, org, "k");
    assert!(matches!(stage.store.accept(&job, Some(&key)).await.unwrap(), Accepted::Refused(_)));
    stage.store.set(org, Setting::CreditLimit(money("1.00"))).await.unwrap();
    assert!(matches!(stage.store.accept(&job, Some(&key)).await.unwrap(), Accepted::Stored));
}

#[tokio::test]
async fn a_key_stands_for_a_day_and_for_its_organization() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let (first, key) = with_key(&stage, org, "k");
    stage.store.accept(&first, Some(&key)).await.unwrap();
    let day = 24 * 60 * 60;
    let later = with(stage.job(org), |job| job.created = at(day));
    let replayed = stage.store.accept(&later, Some(&key)).await.unwrap();
    assert!(matches!(replayed, Accepted::Replayed(found) if found == first.id()), "{replayed:?}");
    let later = with(later, |job| job.created = at(day + 1));
    assert!(
        matches!(stage.store.accept(&later, Some(&key)).await.unwrap(), Accepted::Stored),
        "it is free again"
    );
    let stranger = stage.org("100.00").await;
    let (theirs, same) = with_key(&stage, stranger, "k");
    assert!(matches!(stage.store.accept(&theirs, Some(&same)).await.unwrap(), Accepted::Stored));
}

#[tokio::test]
async fn an_accept_whose_answer_was_lost_is_one_job_and_one_hold() {
    for with_a_key in [false, true] {
        let stage = Stage::new();
        let org = stage.org("100.00").await;
        let (job, key) = with_key(&stage, org, "k");
        stage.dynamo.meets("TransactWriteItems", [Fault::AnswerLost, Fault::AnswerLost]);
        let accepted = stage.store.accept(&job, with_a_key.then_some(&key)).await.unwrap();
        assert!(matches!(accepted, Accepted::Stored), "{accepted:?}");
        assert_eq!(stage.dynamo.asked("TransactWriteItems"), 1 + 3, "with the recharge");
        let account = stage.account(org).await;
        assert_eq!((account.held, account.open_jobs), (money("4.20"), 1));
    }
}

/// 10 ms are less than the first wait, so there is one attempt.
#[tokio::test(start_paused = true)]
async fn an_accept_whose_answers_were_all_lost_is_looked_for() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let hasty = stage.store.trying_for(Duration::from_millis(10));
    let job = stage.job(org);
    stage.dynamo.meets("TransactWriteItems", [Fault::AnswerLost]);
    assert!(matches!(hasty.accept(&job, None).await.unwrap(), Accepted::Stored));
    let other = stage.job(org);
    stage.dynamo.meets("TransactWriteItems", [Fault::NotSent]);
    assert!(matches!(hasty.accept(&other, None).await, Err(StoreError::Unavailable(_))));
    assert_eq!(stage.account(org).await.open_jobs, 1);
}

#[tokio::test]
async fn an_id_that_is_taken_is_no_job_of_ours_and_nobody_is_no_account() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let job = stage.accept_job(org).await;
    assert!(
        matches!(stage.store.accept(&job, None).await, Err(StoreError::Broken(_))),
        "another write, the same id"
    );
    let nobody = stage.job(stage.ambient.org_id());
    assert!(matches!(stage.store.accept(&nobody, None).await, Err(StoreError::Broken(_))));
    assert_eq!(stage.store.job(nobody.org(), nobody.id()).await.unwrap(), None);
}

#[tokio::test]
async fn a_refusal_beside_a_conflict_is_asked_for_again() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let reasons = json!([{"Code": "None"}, {"Code": "ConditionalCheckFailed"}, {"Code": "TransactionConflict"}]);
    let cancelled = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled", "CancellationReasons": reasons,
    });
    stage.dynamo.meets("TransactWriteItems", [Fault::Answer(400, cancelled)]);
    let (job, key) = with_key(&stage, org, "k");
    assert!(matches!(stage.store.accept(&job, Some(&key)).await.unwrap(), Accepted::Stored));
}

/// A record of the version before has only the hash of the resolved values. That hash is compared.
#[tokio::test]
async fn a_record_of_the_version_before_stands_for_its_request() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let (job, key) = with_key(&stage, org, "k");
    stage.store.accept(&job, Some(&key)).await.unwrap();
    let told = async |changes: Value| {
        let key = key_for("k", &changes);
        stage.store.accept(&stage.job(org), Some(&key)).await.unwrap()
    };
    let spelled_out = json!({"duration": 5});
    assert!(matches!(told(spelled_out.clone()).await, Accepted::KeyReused), "it was not sent so");
    let update = json!({
        "TableName": "TABLE_IDEMPOTENCY", "UpdateExpression": "REMOVE sent_hash",
        "Key": {"org": {"S": org.to_string()}, "key": {"S": "k"}},
    });
    assert_eq!(stage.dynamo.act("UpdateItem", &update).0, 200);
    for (changes, is_replay) in
        [(json!({}), true), (spelled_out, true), (json!({"duration": 10}), false)]
    {
        let accepted = told(changes.clone()).await;
        let replayed = matches!(accepted, Accepted::Replayed(found) if found == job.id());
        assert_eq!(replayed, is_replay, "{changes}: {accepted:?}");
    }
}
