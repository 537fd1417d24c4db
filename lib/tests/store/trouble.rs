//! Which errors are retried, and for how long.

use crate::dynamo::Fault;
use crate::stage::Stage;
use ghub::store::StoreError;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

fn answer(status: u16, kind: &str) -> Fault {
    Fault::Answer(
        status,
        json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "no"}),
    )
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    for fault in [
        answer(400, "TransactionConflictException"),
        answer(400, "TransactionInProgressException"),
        answer(400, "ThrottlingException"),
        answer(400, "ProvisionedThroughputExceededException"),
        answer(400, "RequestLimitExceeded"),
        answer(400, "InternalServerError"),
        answer(500, "SomethingNew"),
        Fault::Answer(503, Value::Null),
        Fault::NotSent,
        Fault::AnswerLost,
    ] {
        stage.dynamo.meets("GetItem", [fault]);
        let before = stage.dynamo.asked("GetItem");
        assert!(stage.store.account(org).await.unwrap().is_some());
        assert_eq!(stage.dynamo.asked("GetItem"), before + 2);
    }
}

#[tokio::test]
async fn what_will_fail_again_is_not() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    for kind in ["ValidationException", "ResourceNotFoundException", "AccessDeniedException"] {
        stage.dynamo.meets("GetItem", [answer(400, kind)]);
        let before = stage.dynamo.asked("GetItem");
        assert!(matches!(stage.store.account(org).await, Err(StoreError::Broken(_))), "{kind}");
        assert_eq!(stage.dynamo.asked("GetItem"), before + 1, "{kind}");
    }
}

#[tokio::test]
async fn a_transaction_that_is_wrong_in_itself_is_not_taken_for_a_refused_condition() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let cancelled = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "Transaction cancelled",
        "CancellationReasons": [{"Code": "None"}, {"Code": "ValidationError", "Message": "too large an item"}],
    });
    stage.dynamo.meets("TransactWriteItems", [Fault::Answer(400, cancelled)]);
    let before = stage.dynamo.asked("TransactWriteItems");
    let Err(StoreError::Broken(error)) = stage.store.accept(&stage.job(org), None).await else {
        panic!("not refused")
    };
    assert!(
        format!("{error:?}").contains("too large an item"),
        "it is told what DynamoDB said: {error:?}"
    );
    assert_eq!(stage.dynamo.asked("TransactWriteItems"), before + 1);
}

/// Tokio's clock moves only in waits, so these times are exact.
#[tokio::test(start_paused = true)]
async fn it_is_tried_for_as_long_as_the_budget_lasts() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    stage.dynamo.meets("GetItem", (0..1_000).map(|_| Fault::NotSent));
    let started = Instant::now();
    assert!(matches!(stage.store.account(org).await, Err(StoreError::Unavailable(_))));
    let (took, asked) = (started.elapsed(), stage.dynamo.asked("GetItem"));
    let (budget, longest_wait) = (Duration::from_secs(4), Duration::from_millis(400));
    assert!(
        (budget - longest_wait..=budget).contains(&took),
        "it gives up before a wait that might not fit: {took:?}"
    );
    // The waits are at most 20, 40, … and then 400 ms, on average half of that.
    assert!((14..=60).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn the_first_waits_are_short() {
    for _ in 0..20 {
        let stage = Stage::new();
        let org = stage.org("10.00").await;
        stage.dynamo.meets("GetItem", (0..4).map(|_| Fault::NotSent));
        let started = Instant::now();
        assert!(stage.store.account(org).await.unwrap().is_some());
        assert!(
            started.elapsed() <= Duration::from_millis(20 + 40 + 80 + 160 + 4),
            "{:?}",
            started.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_not_answered_ends_with_the_budget() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    stage.dynamo.meets("GetItem", [Fault::After(Box::pin(std::future::pending()))]);
    let budget = Duration::from_secs(2);
    let started = Instant::now();
    assert!(matches!(
        stage.store.trying_for(budget).account(org).await,
        Err(StoreError::Unavailable(_))
    ));
    assert_eq!(started.elapsed(), budget);
}
