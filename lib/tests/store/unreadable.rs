//! An item that our code did not write. A list leaves it out and counts it. A read of that item
//! alone is an error.

use crate::fixtures::at;
use crate::stage::Stage;
use ghub::id::OrgId;
use ghub::job::Job;
use ghub::onboarding::create_key;
use ghub::store::{Audited, SHARDS, StoreError, Wanted};
use serde_json::{Value, json};

/// What a later version, a restore or a manual change may leave of an item.
fn spoilt() -> [(&'static str, Option<Value>); 5] {
    [
        ("v", Some(json!({"N": "99"}))),
        ("cost", None),
        ("status", Some(json!({"S": "dreaming"}))),
        ("created", Some(json!({"S": "yesterday"}))),
        ("provider", Some(json!({"L": []}))),
    ]
}

fn change(stage: &Stage, table: &str, key: Value, name: &str, value: Option<Value>) {
    let mut update = json!({
        "TableName": table, "Key": key, "UpdateExpression": "REMOVE #name", "ExpressionAttributeNames": {"#name": name},
    });
    if let Some(value) = value {
        update["UpdateExpression"] = json!("SET #name = :value");
        update["ExpressionAttributeValues"] = json!({":value": value});
    }
    stage.dynamo.act("UpdateItem", &update);
}

fn key_of(job: &Job) -> Value {
    json!({"org": {"S": job.org().to_string()}, "job": {"S": job.id().to_string()}})
}

/// How many items were counted as unreadable since the last call.
fn counted(stage: &Stage) -> usize {
    let counted = std::mem::take(&mut *stage.counted.lock().unwrap());
    counted.iter().filter(|name| **name == "UnreadableItems").count()
}

#[tokio::test]
async fn a_list_of_jobs_leaves_it_out_and_it_alone_is_an_error() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let mut good = vec![stage.accept_job(org).await];
    let mut bad = Vec::new();
    for (name, value) in spoilt() {
        let job = stage.accept_job(org).await;
        change(&stage, "TABLE_JOBS", key_of(&job), name, value);
        bad.push(job);
        good.push(stage.accept_job(org).await);
    }
    good.sort_by_key(|job| std::cmp::Reverse(job.id()));
    counted(&stage);
    let found = stage.store.jobs(org, Wanted::default(), 50).await.unwrap();
    assert_eq!((found.jobs, found.reached), (good.clone(), None));
    assert_eq!(counted(&stage), bad.len());

    // No other item is missed on any page, and none comes twice.
    let (mut paged, mut older_than) = (Vec::new(), None);
    loop {
        let page =
            stage.store.jobs(org, Wanted { older_than, ..Wanted::default() }, 2).await.unwrap();
        paged.extend(page.jobs);
        older_than = page.reached;
        if older_than.is_none() {
            break;
        }
    }
    assert_eq!(paged, good);
    for job in &bad {
        assert!(
            matches!(stage.store.job(org, job.id()).await, Err(StoreError::Broken(_))),
            "{}",
            job.id()
        );
    }
}

#[tokio::test]
async fn the_sweep_finds_all_others() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let (good, bad) = (stage.accept_job(org).await, stage.accept_job(org).await);
    // The index holds only keys, so a spoilt attribute does not hide a job from it.
    for (name, value) in spoilt() {
        change(&stage, "TABLE_JOBS", key_of(&bad), name, value);
    }
    let stranger = json!({"org": {"S": "nobody's"}, "job": {"S": "none"}, "open": {"S": "a"}, "due": {"N": "1"}});
    stage.dynamo.act("PutItem", &json!({"TableName": "TABLE_JOBS", "Item": stranger}));
    counted(&stage);
    let mut found = Vec::new();
    for shard in SHARDS {
        found.extend(stage.store.overdue(shard, at(1_000_000), 9).await.unwrap());
    }
    let mut expected = [good.key(), bad.key()];
    found.sort_by_key(|message| message.job);
    expected.sort_by_key(|message| message.job);
    assert_eq!((found.as_slice(), counted(&stage)), (expected.as_slice(), 1));
}

#[tokio::test]
async fn an_audit_judges_the_other_accounts_and_not_that_one() {
    let stage = Stage::new();
    let (sound, spoilt, ledger) =
        (stage.org("100.00").await, stage.org("100.00").await, stage.org("100.00").await);
    for org in [sound, spoilt, ledger] {
        stage.accept_job(org).await;
    }
    let jobs = [stage.accept_job(spoilt).await, stage.accept_job(spoilt).await];
    for job in &jobs {
        change(&stage, "TABLE_JOBS", key_of(job), "cost", None);
    }
    let entry = stage.store.ledger(ledger).await.unwrap().remove(0).entry.id;
    let entry = json!({"org": {"S": ledger.to_string()}, "id": {"S": entry.to_string()}});
    change(&stage, "TABLE_LEDGER", entry, "amount", Some(json!({"S": "much"})));
    let stranger = json!({"TableName": "TABLE_ACCOUNTS", "Item": {"org": {"S": "nobody's"}}});
    stage.dynamo.act("PutItem", &stranger);
    counted(&stage);

    let mut told: Vec<(OrgId, Result<Audited, String>)> = Vec::new();
    let tell = |org, audited: Result<_, StoreError>| {
        told.push((org, audited.map_err(|error| ghub::error::causes(&error))));
    };
    stage.store.audit_all(tell).await.unwrap();
    let of = |org| told.iter().find(|(found, _)| *found == org).unwrap().1.clone();
    let why = "of its items cannot be read; the log says which and why";
    let unread = |count: u32| Err(format!("the store refused: {count} {why}"));
    assert_eq!((of(sound), of(spoilt), of(ledger)), (Ok(Audited::Agrees), unread(2), unread(1)));
    assert_eq!(
        (told.len(), counted(&stage)),
        (3, 4),
        "each is told once, the account that is nobody's too"
    );
}

#[tokio::test]
async fn what_an_operator_lists_leaves_it_out() {
    let stage = Stage::new();
    let org = stage.org("1.00").await;
    create_key(&stage.store, &stage.ambient, org, "good").await.unwrap();
    let key = json!({"hash": {"S": "0"}, "org": {"S": org.to_string()}, "name": {"S": "spoilt"}});
    stage.dynamo.act("PutItem", &json!({"TableName": "TABLE_KEYS", "Item": key}));
    let account =
        json!({"org": {"S": stage.ambient.org_id().to_string()}, "balance": {"S": "much"}});
    stage.dynamo.act("PutItem", &json!({"TableName": "TABLE_ACCOUNTS", "Item": account}));
    let keys = stage.store.keys(org).await.unwrap();
    assert_eq!(keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["good"]);
    let accounts = stage.store.accounts().await.unwrap();
    assert_eq!(accounts.iter().map(|account| account.org).collect::<Vec<_>>(), [org]);
    assert_eq!(counted(&stage), 2);
}
