//! Reads of jobs and accounts: overdue jobs, an organization's jobs, a job with its account, and
//! the audit.

use crate::dynamo::Fault;
use crate::fixtures::at;
use crate::stage::{Stage, failed, moved};
use ghub::id::JobId;
use ghub::job::Job;
use ghub::status::Status;
use ghub::store::{Audited, SHARDS, Setting, StoreError, Wanted};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn open_jobs_that_were_due_before_a_moment_are_overdue_the_most_overdue_first() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let mut due = Vec::new();
    for seconds in [30, 10, 20] {
        let job = moved(stage.accept_job(org).await.turn(at(0), Duration::from_secs(seconds)));
        stage.store.write(&job).await.unwrap();
        due.push(job);
    }
    let over = failed(&due[0]);
    let overdue = async |before: u64, most: i32| {
        let mut found = Vec::new();
        for shard in SHARDS {
            found.extend(stage.store.overdue(shard, at(before), most).await.unwrap());
        }
        found
    };
    assert_eq!(overdue(10, 9).await, [], "due at that moment is not before it");
    let mut all = overdue(31, 9).await;
    all.sort_by_key(|message| message.job);
    let mut expected: Vec<_> = due.iter().map(Job::key).collect();
    expected.sort_by_key(|message| message.job);
    assert_eq!(all, expected);
    stage.store.write(&over).await.unwrap();
    assert!(!overdue(31, 9).await.contains(&over.key()), "what is over is nobody's turn");
}

#[tokio::test]
async fn a_shard_gives_no_more_than_is_asked_for_and_the_most_overdue_first() {
    let stage = Stage::new();
    let org = stage.org("1000.00").await;
    let mut by_shard: std::collections::BTreeMap<String, Vec<Job>> = Default::default();
    for seconds in 1..40 {
        let job = moved(stage.accept_job(org).await.turn(at(0), Duration::from_secs(60 - seconds)));
        stage.store.write(&job).await.unwrap();
        let id = job.id().to_string();
        by_shard.entry(id[id.len() - 1..].to_owned()).or_default().push(job);
    }
    for (shard, mut jobs) in by_shard {
        jobs.sort_by_key(|job| job.due());
        let expected: Vec<_> = jobs.iter().take(2).map(Job::key).collect();
        assert_eq!(stage.store.overdue(&shard, at(100), 2).await.unwrap(), expected, "{shard}");
    }
}

#[tokio::test]
async fn a_job_and_its_account_come_together() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let job = stage.accept_job(org).await;
    let account = stage.account(org).await;
    let both = (Some(job.clone()), Some(account.clone()));
    assert_eq!(stage.store.job_and_account(org, job.id()).await.unwrap(), both);
    assert_eq!(
        stage.store.job_and_account(org, stage.ambient.job_id()).await.unwrap(),
        (None, Some(account))
    );
    let stranger = stage.ambient.org_id();
    assert_eq!(stage.store.job_and_account(stranger, job.id()).await.unwrap(), (None, None));
    let unprocessed = json!({"Responses": {}, "UnprocessedKeys": {"TABLE_JOBS": {"Keys": [{
        "org": {"S": org.to_string()}, "job": {"S": job.id().to_string()},
    }]}}});
    stage.dynamo.meets("BatchGetItem", [Fault::Answer(200, unprocessed)]);
    assert_eq!(
        stage.store.job_and_account(org, job.id()).await.unwrap(),
        both,
        "it is asked for again"
    );
}

#[tokio::test]
async fn an_organizations_jobs_come_the_newest_first() {
    let stage = Stage::new();
    let (org, stranger) = (stage.org("100.00").await, stage.org("100.00").await);
    let mut jobs = Vec::new();
    for _ in 0..4 {
        jobs.push(stage.accept_job(org).await.id());
    }
    jobs.sort();
    jobs.reverse();
    let theirs = stage.accept_job(stranger).await;
    let over = stage.store.job(org, jobs[1]).await.unwrap().unwrap();
    stage.store.write(&failed(&over)).await.unwrap();
    let ids = async |status, older_than, most| {
        let wanted = Wanted { status, older_than, ..Wanted::default() };
        let found = stage.store.jobs(org, wanted, most).await.unwrap();
        found.jobs.into_iter().map(|job| job.id()).collect::<Vec<JobId>>()
    };
    assert_eq!(ids(None, None, 9).await, jobs);
    assert_eq!(ids(None, None, 2).await, jobs[..2]);
    assert_eq!(ids(None, Some(jobs[1]), 9).await, jobs[2..]);
    assert_eq!(ids(Some(Status::Failed), None, 9).await, jobs[1..2]);
    assert_eq!(ids(Some(Status::Pending), Some(jobs[0]), 1).await, jobs[2..3]);
    assert_eq!(stage.store.owner(theirs.id()).await.unwrap(), Some(stranger));
    assert_eq!(stage.store.owner(stage.ambient.job_id()).await.unwrap(), None);
}

#[tokio::test]
async fn every_account_is_listed_and_agrees_with_its_books() {
    let stage = Stage::new();
    let mut orgs = [stage.org("100.00").await, stage.org("100.00").await];
    orgs.sort();
    stage.accept_job_until_found(orgs[0]).await;
    let accounts = stage.store.accounts().await.unwrap();
    assert_eq!(accounts.iter().map(|account| account.org).collect::<Vec<_>>(), orgs);
    let mut told = Vec::new();
    stage.store.audit_all(|org, audited| told.push((org, audited.unwrap()))).await.unwrap();
    told.sort_by_key(|(org, _)| *org);
    assert_eq!(told, orgs.map(|org| (org, Audited::Agrees)));
    let raise = json!({
        "TableName": "TABLE_ACCOUNTS", "Key": {"org": {"S": orgs[0].to_string()}},
        "UpdateExpression": "ADD held :one", "ExpressionAttributeValues": {":one": {"N": "1"}},
    });
    stage.dynamo.act("UpdateItem", &raise);
    assert!(matches!(stage.store.audit(orgs[0]).await.unwrap(), Some(Audited::Differs(_))));
    assert!(
        stage.store.account(orgs[0]).await.is_err(),
        "an account whose numbers contradict each other is not read"
    );
    assert_eq!(stage.store.audit(stage.ambient.org_id()).await.unwrap(), None);
    assert!(stage.store.set(orgs[1], Setting::Suspended(true)).await.unwrap().is_some());
    assert_eq!(stage.store.audit(orgs[1]).await.unwrap(), Some(Audited::Agrees));
}

/// A long search that is throttled still makes progress.
#[tokio::test(start_paused = true)]
async fn a_search_that_runs_out_of_time_says_how_far_it_came() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let mut jobs = Vec::new();
    for _ in 0..4 {
        jobs.push(stage.accept_job(org).await.id());
    }
    jobs.sort();
    jobs.reverse();
    let first_alone = || {
        std::iter::once(Fault::After(Box::pin(async {}))).chain((0..200).map(|_| Fault::NotSent))
    };
    stage.dynamo.meets("Query", first_alone());
    let failed = Wanted { status: Some(Status::Failed), ..Wanted::default() };
    let found = stage.store.jobs(org, failed, 1).await.unwrap();
    assert_eq!(
        (found.jobs.len(), found.reached),
        (0, Some(jobs[1])),
        "one page of two was looked through"
    );
    stage.dynamo.meets("Query", (0..200).map(|_| Fault::NotSent));
    assert!(
        matches!(stage.store.jobs(org, failed, 1).await, Err(StoreError::Unavailable(_))),
        "nothing was"
    );
}
