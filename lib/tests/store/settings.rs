//! The operator's settings, while jobs and payments change the same account.

use crate::dynamo::Fault;
use crate::stage::{Stage, money};
use ghub::money::Money;
use ghub::store::{Entry, Setting, StoreError};
use serde_json::json;

#[tokio::test]
async fn a_setting_changes_what_it_names() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    for setting in
        [Setting::Suspended(true), Setting::OpenJobsLimit(7), Setting::CreditLimit(money("3.00"))]
    {
        let read = stage.account(org).await;
        let (before, after) = stage.store.set(org, setting).await.unwrap().unwrap();
        assert_eq!(before, read);
        assert_eq!(
            (setting.applied(&read), after.revision),
            (
                ghub::account::Account { revision: read.revision, ..after.clone() },
                read.revision + 1
            )
        );
        assert_eq!(stage.account(org).await, after);
        assert_eq!(
            stage.store.set(org, setting).await.unwrap(),
            Some((after.clone(), after)),
            "it is set already"
        );
    }
    assert_eq!(stage.dynamo.asked("UpdateItem"), 3);
    let account = stage.account(org).await;
    assert_eq!(
        (account.suspended, account.open_jobs_limit, account.credit_limit),
        (true, 7, money("3.00"))
    );
    assert_eq!(account.available().unwrap(), money("13.00"));
}

#[tokio::test]
async fn nobody_has_no_settings() {
    let stage = Stage::new();
    assert_eq!(
        stage.store.set(stage.ambient.org_id(), Setting::Suspended(true)).await.unwrap(),
        None
    );
    let org = stage.org("10.00").await;
    let dynamo = stage.dynamo.clone();
    let gone = Fault::After(Box::pin(async move {
        let key = json!({"TableName": "TABLE_ACCOUNTS", "Key": {"org": {"S": org.to_string()}}});
        dynamo.act("DeleteItem", &key);
    }));
    stage.dynamo.meets("UpdateItem", [gone]);
    assert_eq!(stage.store.set(org, Setting::Suspended(true)).await.unwrap(), None);
}

#[tokio::test]
async fn two_credit_limits_at_once_leave_the_later_one_and_what_is_available_right() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let other = stage.store.clone();
    let meanwhile = Fault::After(Box::pin(async move {
        other.set(org, Setting::CreditLimit(money("100.00"))).await.unwrap();
        other.post(&Entry::recharge(org, "payment", money("1.00"), 2)).await.unwrap();
    }));
    stage.dynamo.meets("UpdateItem", [meanwhile]);
    let (before, after) =
        stage.store.set(org, Setting::CreditLimit(money("3.00"))).await.unwrap().unwrap();
    assert_eq!((before.credit_limit, after.credit_limit), (money("0.00"), money("3.00")));
    assert_eq!(stage.account(org).await.available().unwrap(), money("14.00"));
}

#[tokio::test]
async fn what_somebody_else_set_meanwhile_is_set_already() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let other = stage.store.clone();
    let meanwhile = Fault::After(Box::pin(async move {
        other.set(org, Setting::OpenJobsLimit(7)).await.unwrap();
    }));
    stage.dynamo.meets("UpdateItem", [meanwhile]);
    let (before, after) = stage.store.set(org, Setting::OpenJobsLimit(7)).await.unwrap().unwrap();
    assert_eq!((before.open_jobs_limit, after.open_jobs_limit), (50, 7));
    assert_eq!(stage.account(org).await, after);
}

#[tokio::test]
async fn a_setting_whose_answer_was_lost_is_set_once() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    stage.dynamo.meets("UpdateItem", [Fault::AnswerLost]);
    stage.store.set(org, Setting::CreditLimit(money("3.00"))).await.unwrap().unwrap();
    assert_eq!(stage.account(org).await.available().unwrap(), money("13.00"));
}

#[tokio::test]
async fn a_credit_limit_that_does_not_fit_is_refused() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let most = Setting::CreditLimit(Money::from_micros(i64::MAX));
    assert!(matches!(stage.store.set(org, most).await, Err(StoreError::Broken(_))));
    assert_eq!(stage.account(org).await.credit_limit, money("0.00"));
}
