//! A sandbox's jobs of a day are counted in the transaction that takes the hold, so a burst cannot
//! pass the limit.

use crate::dynamo::Fault;
use crate::fixtures::{CREATED, at, with};
use crate::stage::{Stage, failed};
use futures::future::join_all;
use ghub::account::{Account, Daily, HoldRefused, SANDBOX_JOBS_PER_DAY};
use ghub::id::OrgId;
use ghub::job::Job;
use ghub::store::{Accepted, Setting};
use serde_json::json;

async fn sandbox(stage: &Stage, limit: Option<u32>) -> OrgId {
    let org = stage.ambient.org_id().sandbox();
    stage.store.create_account(&Account::new(org)).await.unwrap();
    stage.store.set(org, Setting::OpenJobsLimit(10_000)).await.unwrap();
    if let Some(limit) = limit {
        stage.store.set(org, Setting::JobsPerDay(limit)).await.unwrap();
    }
    org
}

fn is_refused(accepted: &Accepted, most: u32) -> bool {
    matches!(accepted, Accepted::Refused(HoldRefused::TooManyJobsToday { limit, .. }) if *limit == most)
}

#[tokio::test]
async fn so_many_jobs_are_accepted_in_a_day_and_the_next_day_begins_anew() {
    let stage = Stage::new();
    let org = sandbox(&stage, Some(3)).await;
    let day = 24 * 60 * 60;
    for (today, later_s) in
        [(CREATED.day(), 0), (CREATED.day() + 1, day), (CREATED.day() + 9, 9 * day)]
    {
        for jobs in 1..=3 {
            let job = with(stage.free_job(org), |job| job.created = at(later_s));
            assert!(matches!(stage.store.accept(&job, None).await.unwrap(), Accepted::Stored));
            assert_eq!(stage.account(org).await.daily, Some(Daily { day: today, jobs }));
            stage.store.write(&failed(&job)).await.unwrap(); // a final job counts too
        }
        let fourth = with(stage.free_job(org), |job| job.created = at(later_s));
        let refused = stage.store.accept(&fourth, None).await.unwrap();
        assert!(is_refused(&refused, 3), "{refused:?}");
    }
}

/// Around midnight two clocks may differ, and a job may have waited. It counts for the day that the
/// account has begun.
#[tokio::test]
async fn a_job_of_the_day_before_counts_for_the_day_that_has_begun() {
    let stage = Stage::new();
    let org = sandbox(&stage, Some(3)).await;
    let day = 24 * 60 * 60;
    for created in [day, 0, day - 1] {
        let job = with(stage.free_job(org), |job| job.created = at(created));
        assert!(
            matches!(stage.store.accept(&job, None).await.unwrap(), Accepted::Stored),
            "{created}"
        );
    }
    assert_eq!(stage.account(org).await.daily, Some(Daily { day: CREATED.day() + 1, jobs: 3 }));
    let refused = stage.store.accept(&stage.free_job(org), None).await.unwrap();
    assert!(is_refused(&refused, 3), "{refused:?}");
}

#[tokio::test]
async fn a_burst_does_not_pass_the_limit() {
    let stage = Stage::new();
    for limit in [1, 7] {
        let org = sandbox(&stage, Some(limit)).await;
        let jobs: Vec<Job> = (0..20).map(|_| stage.free_job(org)).collect();
        let told = join_all(jobs.iter().map(|job| stage.store.accept(job, None))).await;
        let told: Vec<Accepted> = told.into_iter().map(Result::unwrap).collect();
        let stored = told.iter().filter(|accepted| matches!(accepted, Accepted::Stored)).count();
        assert_eq!(u32::try_from(stored).unwrap(), limit);
        assert!(told.iter().all(|accepted| matches!(accepted, Accepted::Stored) || is_refused(accepted, limit)));
        assert_eq!(stage.account(org).await.open_jobs, limit);
    }
}

/// An account of the version before has no limit and no count.
#[tokio::test]
async fn without_a_number_of_the_operators_the_usual_one_counts() {
    let stage = Stage::new();
    let org = sandbox(&stage, None).await;
    let key = json!({"org": {"S": org.to_string()}});
    let nearly = (SANDBOX_JOBS_PER_DAY - 1).to_string();
    assert!(matches!(
        stage.store.accept(&stage.free_job(org), None).await.unwrap(),
        Accepted::Stored
    ));
    let update = json!({
        "TableName": "TABLE_ACCOUNTS", "Key": key, "UpdateExpression": "SET day_jobs = :jobs",
        "ExpressionAttributeValues": {":jobs": {"N": nearly}},
    });
    assert_eq!(stage.dynamo.act("UpdateItem", &update).0, 200);
    assert!(matches!(
        stage.store.accept(&stage.free_job(org), None).await.unwrap(),
        Accepted::Stored
    ));
    let refused = stage.store.accept(&stage.free_job(org), None).await.unwrap();
    assert!(is_refused(&refused, SANDBOX_JOBS_PER_DAY), "{refused:?}");
    stage.store.set(org, Setting::JobsPerDay(SANDBOX_JOBS_PER_DAY + 1)).await.unwrap();
    assert!(matches!(
        stage.store.accept(&stage.free_job(org), None).await.unwrap(),
        Accepted::Stored
    ));
    stage.store.set(org, Setting::JobsPerDay(0)).await.unwrap();
    assert!(is_refused(&stage.store.accept(&stage.free_job(org), None).await.unwrap(), 0));
}

#[tokio::test]
async fn the_first_job_of_a_day_whose_answer_was_lost_is_counted_once() {
    let stage = Stage::new();
    let org = sandbox(&stage, Some(3)).await;
    stage
        .dynamo
        .meets("TransactWriteItems", [Fault::AnswerLost, Fault::AnswerLost, Fault::AnswerLost]);
    assert!(matches!(
        stage.store.accept(&stage.free_job(org), None).await.unwrap(),
        Accepted::Stored
    ));
    let account = stage.account(org).await;
    assert_eq!(
        (account.daily, account.open_jobs),
        (Some(Daily { day: CREATED.day(), jobs: 1 }), 1)
    );
}

#[tokio::test]
async fn a_live_job_is_paid_for_and_not_counted() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    stage.store.set(org, Setting::JobsPerDay(1)).await.unwrap();
    stage.accept_job(org).await;
    stage.accept_job(org).await;
    assert_eq!(stage.account(org).await.daily, None);
}
