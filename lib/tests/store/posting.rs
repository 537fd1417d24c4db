//! Postings: to the ledger and the balance, once for each cause.

use crate::dynamo::Fault;
use crate::stage::{Stage, completed, failed, money};
use ghub::id::JobId;
use ghub::status::Status;
use ghub::store::{Entry, EntryKind, Posted, Refund};

#[tokio::test]
async fn a_cause_posts_once() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let entry = Entry::recharge(org, "payment", money("5.00"), 2_000);
    for _ in 0..2 {
        assert!(
            matches!(stage.store.post(&entry).await.unwrap(), Posted::Now),
            "a repeat is the same posting"
        );
    }
    let other = Entry::recharge(org, "payment", money("6.00"), 3_000);
    let Posted::Before(found) = stage.store.post(&other).await.unwrap() else {
        panic!("it was posted before")
    };
    assert_eq!((found.cause.as_str(), found.amount), ("recharge#payment", money("5.00")));
    assert_eq!(stage.account(org).await.balance, money("15.00"));
    assert_eq!(stage.store.ledger(org).await.unwrap().len(), 2);
    let kept = stage.store.entry(org, "recharge#payment").await.unwrap().unwrap();
    assert_eq!(
        (kept.kind, kept.amount, kept.posted_at().unix_s()),
        (EntryKind::Recharge, money("5.00"), 2)
    );
    assert_eq!(stage.store.entry(org, "recharge#other").await.unwrap(), None);
}

#[tokio::test]
async fn a_posting_whose_answer_was_lost_is_one_posting() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    stage.dynamo.meets("TransactWriteItems", [Fault::AnswerLost]);
    let entry = Entry::adjustment(org, "a-1", money("-3.00"), "a mistake", 2);
    assert!(matches!(stage.store.post(&entry).await.unwrap(), Posted::Now));
    assert_eq!(stage.account(org).await.balance, money("7.00"));
    let kept = stage.store.entry(org, "adjustment#a-1").await.unwrap().unwrap();
    assert_eq!((kept.reason.as_deref(), kept.reference()), (Some("a mistake"), "a-1"));
}

#[tokio::test]
async fn nobody_is_not_paid() {
    let stage = Stage::new();
    let org = stage.ambient.org_id();
    let posted = stage.store.post(&Entry::bonus(org, money("50.00"), 1)).await.unwrap();
    assert!(matches!(posted, Posted::NoSuchOrganization), "{posted:?}");
    assert_eq!(stage.store.ledger(org).await.unwrap().len(), 0);
    assert_eq!(stage.store.account(org).await.unwrap(), None);
}

#[tokio::test]
async fn a_new_account_leaves_an_old_one_as_it_is() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let before = stage.account(org).await;
    stage.store.create_account(&ghub::account::Account::new(org)).await.unwrap();
    assert_eq!(stage.account(org).await, before);
}

#[tokio::test]
async fn the_ledger_is_in_the_order_of_posting() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    for (reference, ms) in [("b", 300), ("a", 200), ("c", 100)] {
        stage.store.post(&Entry::recharge(org, reference, money("1.00"), ms)).await.unwrap();
    }
    let ledger = stage.store.ledger(org).await.unwrap();
    let lines: Vec<_> = ledger.iter().map(|line| (line.sequence, line.entry.reference())).collect();
    assert_eq!(lines, [(1, "first"), (2, "b"), (3, "a"), (4, "c")], "whatever their clocks said");
    let balances: Vec<_> = ledger.iter().map(|line| line.balance_after).collect();
    assert_eq!(balances, ["10.00", "11.00", "12.00", "13.00"].map(money));
}

#[tokio::test]
async fn a_completed_job_is_refunded_once() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let job = completed(&stage.accept_job_until_found(org).await);
    let refund =
        async |id: JobId| stage.store.refund(org, id, Some("it is black"), 9_000).await.unwrap();
    assert_eq!(refund(job.id()).await, Refund::NotCharged(Status::Processing));
    assert_eq!(refund(stage.ambient.job_id()).await, Refund::NoSuchJob);
    stage.store.write(&job).await.unwrap();
    let Refund::Due(entry) = refund(job.id()).await else { panic!("it was charged") };
    assert_eq!(
        (entry.kind, entry.amount, entry.job),
        (EntryKind::Refund, money("4.20"), Some(job.id()))
    );
    assert_eq!(entry.reason.as_deref(), Some("it is black"));
    assert_eq!(stage.account(org).await.balance, money("5.80"), "nothing is posted yet");
    assert!(matches!(stage.store.post(&entry).await.unwrap(), Posted::Now));
    assert_eq!(stage.account(org).await.balance, money("10.00"));
    assert!(
        matches!(refund(job.id()).await, Refund::Before(before) if before.amount == money("4.20"))
    );
    let both = stage.store.entries_of(org, job.id()).await.unwrap();
    assert_eq!(
        both.iter().map(|entry| entry.kind).collect::<Vec<_>>(),
        [EntryKind::Consumption, EntryKind::Refund]
    );
}

#[tokio::test]
async fn a_failed_job_has_nothing_to_refund() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let job = failed(&stage.accept_job(org).await);
    stage.store.write(&job).await.unwrap();
    assert_eq!(
        stage.store.refund(org, job.id(), None, 9).await.unwrap(),
        Refund::NotCharged(Status::Failed)
    );
    assert_eq!(stage.store.entries_of(org, job.id()).await.unwrap().len(), 0);
}

/// DynamoDB treats a second transaction with a known token as a repeat, and refuses it if its
/// content differs. A token has at most 36 characters.
#[tokio::test]
async fn each_transaction_has_a_token_of_its_own() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    for (reference, ms) in [("a", 1), ("b", 1), ("c", 2)] {
        stage.store.post(&Entry::recharge(org, reference, money("1.00"), ms)).await.unwrap();
    }
    stage.store.write(&failed(&stage.accept_job(org).await)).await.unwrap();
    let mut tokens = stage.dynamo.tokens();
    assert!(tokens.iter().all(|token| (1..=36).contains(&token.len())), "{tokens:?}");
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 6);
}

#[test]
fn a_kind_is_called_as_it_is_stored() {
    use EntryKind::{Adjustment, Bonus, Consumption, Recharge, Refund};
    for kind in [Bonus, Recharge, Consumption, Adjustment, Refund] {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
}
