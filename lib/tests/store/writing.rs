//! A job is written over the revision that was read, and its money moves when it ends.

use crate::dynamo::Fault;
use crate::fixtures::{at, handle};
use crate::stage::{Stage, completed, failed, money, moved};
use ghub::id::OrgId;
use ghub::job::Job;
use ghub::status::Status;
use ghub::store::{Accepted, Entry, EntryKind, StoreError, Written};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_job_is_written_over_the_revision_that_was_read() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let job = stage.accept_job(org).await;
    let taken = moved(job.clone().accepted(handle("r-1"), at(1)));
    assert_eq!(stage.store.write(&taken).await.unwrap(), Written::Done);
    assert_eq!(stage.store.job(org, job.id()).await.unwrap().as_ref(), Some(&taken));
    let late = failed(&job);
    for stale in [&taken, &moved(job.clone().leased(at(0))), &late] {
        assert_eq!(stage.store.write(stale).await.unwrap(), Written::Overtaken);
    }
    assert_eq!(
        stage.store.job(org, job.id()).await.unwrap(),
        Some(taken),
        "the same content by another is another's"
    );
    assert_eq!(stage.account(org).await.held, money("4.20"));
}

#[tokio::test]
async fn a_job_that_is_not_there_is_not_written() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    for nowhere in [moved(stage.job(org).leased(at(0))), failed(&stage.job(org))] {
        assert_eq!(stage.store.write(&nowhere).await.unwrap(), Written::Overtaken);
        assert_eq!(stage.store.job(org, nowhere.id()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_completed_job_is_charged_once() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let done = completed(&stage.accept_job_until_found(org).await);
    assert_eq!(stage.store.write(&done).await.unwrap(), Written::Done);
    assert_eq!(stage.store.write(&done).await.unwrap(), Written::Overtaken);
    assert_eq!(stage.store.job(org, done.id()).await.unwrap().unwrap().status(), Status::Completed);
    assert_charged_once(&stage, &done).await;
    assert_eq!(stage.counted("Completed"), 1, "what was overtaken is not counted");
}

#[tokio::test]
async fn each_job_has_a_charge_of_its_own() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let jobs = [
        completed(&stage.accept_job_until_found(org).await),
        completed(&stage.accept_job_until_found(org).await),
    ];
    for job in &jobs {
        assert_eq!(stage.store.write(job).await.unwrap(), Written::Done);
    }
    let causes: Vec<_> =
        consumptions(&stage, org).await.into_iter().map(|entry| entry.cause).collect();
    assert_eq!(causes, jobs.map(|job| format!("job#{}", job.id())));
    assert_eq!(stage.account(org).await.balance, money("1.60"));
}

#[tokio::test]
async fn a_job_that_costs_nothing_is_completed_without_an_entry() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let free = stage.free_job(org);
    assert!(matches!(stage.store.accept(&free, None).await.unwrap(), Accepted::Stored));
    let done = completed(&stage.until_found(free).await);
    assert_eq!(stage.store.write(&done).await.unwrap(), Written::Done);
    assert_eq!(stage.store.job(org, done.id()).await.unwrap(), Some(done));
    assert_eq!(consumptions(&stage, org).await, []);
    let account = stage.account(org).await;
    assert_eq!((account.balance, account.open_jobs, account.entries), (money("10.00"), 0, 1));
}

#[tokio::test]
async fn a_deleted_job_has_ended_before_and_moves_no_money() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let done = completed(&stage.accept_job_until_found(org).await);
    stage.store.write(&done).await.unwrap();
    let deleted = done.clone().deleted(at(100)).applied().unwrap();
    for job in [deleted.clone(), deleted.file_gone().applied().unwrap()] {
        assert_eq!(stage.store.write(&job).await.unwrap(), Written::Done);
        assert_eq!(stage.store.job(org, done.id()).await.unwrap(), Some(job));
    }
    assert_charged_once(&stage, &done).await;
    assert_eq!(stage.counted("Completed"), 1, "it ended once");
}

#[tokio::test]
async fn a_failed_job_is_released_uncharged() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let job = stage.accept_job_until_found(org).await;
    let lost = failed(&job);
    assert_eq!(stage.store.write(&lost).await.unwrap(), Written::Done);
    assert_eq!(
        stage.store.write(&completed(&job)).await.unwrap(),
        Written::Overtaken,
        "whoever ends it first"
    );
    assert_eq!(stage.store.write(&lost).await.unwrap(), Written::Overtaken);
    assert_eq!(stage.store.job(org, job.id()).await.unwrap(), Some(lost));
    let account = stage.account(org).await;
    assert_eq!(
        (account.balance, account.held, account.open_jobs),
        (money("10.00"), money("0.00"), 0)
    );
    assert_eq!(consumptions(&stage, org).await.len(), 0);
    assert_eq!((stage.counted("Failed"), stage.counted("Completed")), (1, 0));
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_done() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let job = stage.accept_job(org).await;
    stage.dynamo.meets("UpdateItem", [Fault::AnswerLost]);
    let taken = moved(job.accepted(handle("r-1"), at(1)));
    assert_eq!(stage.store.write(&taken).await.unwrap(), Written::Done);
    let found =
        moved(taken.file_found("https://v3b.fal.media/files/a/output.mp4".to_owned(), at(60)));
    assert_eq!(stage.store.write(&found).await.unwrap(), Written::Done);
    let done = completed(&found);
    stage.dynamo.meets("TransactWriteItems", [Fault::AnswerLost, Fault::AnswerLost]);
    assert_eq!(stage.store.write(&done).await.unwrap(), Written::Done);
    assert_charged_once(&stage, &done).await;
    assert_eq!(stage.counted("Completed"), 1);
}

/// 10 ms are less than the first wait, so there is one attempt.
#[tokio::test(start_paused = true)]
async fn a_write_whose_answers_were_all_lost_is_looked_for() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let hasty = stage.store.trying_for(Duration::from_millis(10));
    let job = stage.accept_job(org).await;
    let taken = moved(job.accepted(handle("r-1"), at(1)));
    stage.dynamo.meets("UpdateItem", [Fault::NotSent]);
    assert!(
        matches!(hasty.write(&taken).await, Err(StoreError::Unavailable(_))),
        "it never arrived"
    );
    stage.dynamo.meets("UpdateItem", [Fault::AnswerLost]);
    assert_eq!(hasty.write(&taken).await.unwrap(), Written::Done);
    let lost = failed(&taken);
    stage.dynamo.meets("TransactWriteItems", [Fault::NotSent, Fault::AnswerLost]);
    assert!(matches!(hasty.write(&lost).await, Err(StoreError::Unavailable(_))), "nor did this");
    assert_eq!(hasty.write(&lost).await.unwrap(), Written::Done);
    assert_eq!(stage.account(org).await.open_jobs, 0);
}

#[tokio::test]
async fn what_was_refused_for_good_is_not_looked_for() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let taken = moved(stage.accept_job(org).await.leased(at(0)));
    let refusal =
        json!({"__type": "com.amazon.coral.validate#ValidationException", "message": "no"});
    stage.dynamo.meets("UpdateItem", [Fault::Answer(400, refusal)]);
    let looks = stage.dynamo.asked("GetItem");
    assert!(matches!(stage.store.write(&taken).await, Err(StoreError::Broken(_))));
    assert_eq!(stage.dynamo.asked("GetItem"), looks);
}

#[tokio::test]
async fn a_job_whose_account_is_gone_does_not_end() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let job = stage.accept_job_until_found(org).await;
    let key = json!({"TableName": "TABLE_ACCOUNTS", "Key": {"org": {"S": org.to_string()}}});
    stage.dynamo.act("DeleteItem", &key);
    for end in [completed(&job), failed(&job)] {
        assert!(
            matches!(stage.store.write(&end).await, Err(StoreError::Broken(_))),
            "that is not somebody else's write"
        );
    }
    assert_eq!(stage.store.job(org, job.id()).await.unwrap(), Some(job));
    assert_eq!(consumptions(&stage, org).await.len(), 0);
}

async fn consumptions(stage: &Stage, org: OrgId) -> Vec<Entry> {
    let ledger = stage.store.ledger(org).await.unwrap();
    ledger
        .into_iter()
        .map(|line| line.entry)
        .filter(|entry| entry.kind == EntryKind::Consumption)
        .collect()
}

async fn assert_charged_once(stage: &Stage, job: &Job) {
    let account = stage.account(job.org()).await;
    let entries = consumptions(stage, job.org()).await;
    assert_eq!((account.held, account.open_jobs), (money("0.00"), 0));
    assert_eq!(
        entries.iter().map(|entry| (entry.amount, entry.job)).collect::<Vec<_>>(),
        [(money("-4.20"), Some(job.id()))]
    );
    assert_eq!(entries[0].posted_at(), at(90), "when it completed");
    let ledger = stage.store.ledger(job.org()).await.unwrap();
    let sum =
        ledger.iter().try_fold(money("0.00"), |sum, line| sum.plus(line.entry.amount)).unwrap();
    assert_eq!((account.balance, ledger.last().map(|line| line.balance_after)), (sum, Some(sum)));
}
