//! During a deployment old and new functions write the same items. Attributes of a later version
//! survive every write of this one.

use crate::fixtures::{at, handle};
use crate::stage::{Stage, completed, failed, moved};
use ghub::failure::Failure;
use ghub::id::OrgId;
use ghub::job::{Job, Moved, Seen};
use ghub::store::{Setting, Written};
use ghub::time::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// The maps that this version writes. A handle is one map per provider, under the provider's name.
const MAPS: [&str; 4] = ["/price/M", "/handle/M/fal/M", "/failure/M", "/stop_failure/M"];

type Move = fn(Job) -> Moved;

/// Attributes of a later version: one of each type that DynamoDB has.
fn later() -> Value {
    json!({
        "later_text": {"S": "kept"},
        "later_number": {"N": "7.25"},
        "later_flag": {"BOOL": true},
        "later_nothing": {"NULL": true},
        "later_bytes": {"B": "AAEC"},
        "later_texts": {"SS": ["a", "b"]},
        "later_numbers": {"NS": ["1", "2"]},
        "later_list": {"L": [{"S": "a"}, {"M": {"deep": {"N": "1"}}}]},
        "later_map": {"M": {"deep": {"M": {"deeper": {"S": "kept"}}}}},
    })
}

/// Adds the attributes of a later version to an item and to each map that this version writes.
fn plant(stage: &Stage, table: &str, key: &Value) {
    let mut item = item(stage, table, key);
    item.as_object_mut().unwrap().extend(later().as_object().unwrap().clone());
    for map in MAPS {
        if let Some(map) = item.pointer_mut(map) {
            map["later_in_a_map"] = json!({"S": "kept"});
        }
    }
    let (status, body) = stage.dynamo.act("PutItem", &json!({"TableName": table, "Item": item}));
    assert_eq!(status, 200, "{body}");
}

fn item(stage: &Stage, table: &str, key: &Value) -> Value {
    let (_, body) = stage.dynamo.act("GetItem", &json!({"TableName": table, "Key": key}));
    serde_json::from_str::<Value>(&body).unwrap()["Item"].take()
}

/// Checks that the planted attributes have not changed.
fn assert_kept(stage: &Stage, table: &str, key: &Value, when: &str) {
    let item = item(stage, table, key);
    for (name, value) in later().as_object().unwrap() {
        assert_eq!(&item[name], value, "{when}: {name}");
    }
    for map in MAPS {
        if let Some(map_now) = item.pointer(map) {
            assert_eq!(map_now["later_in_a_map"], json!({"S": "kept"}), "{when}: in {map}");
        }
    }
}

fn job_key(job: &Job) -> Value {
    json!({"org": {"S": job.org().to_string()}, "job": {"S": job.id().to_string()}})
}

/// Every path of a job, as a list of moves. After each write the attributes must be there. They are
/// planted in each new map.
#[tokio::test]
async fn an_attribute_of_a_later_version_survives_every_write_of_a_job() {
    let lease: Move = |job| job.leased(at(0));
    let not_taken: Move = |job| job.not_taken("no", at(1), Duration::from_secs(1));
    let take: Move = |job| job.accepted(handle("r-1"), at(2));
    let turn: Move = |job| job.turn(at(3_000), Duration::from_secs(15));
    let early: Move = |job| job.early_turn(at(3_000), Duration::from_secs(15));
    let rendering: Move = |job| job.looked_at(&Seen::Rendering, at(3_001));
    let over: Move = |job| job.looked_at(&Seen::Over("503".to_owned()), at(3_001));
    let stop: Move = |job| job.stopping(Failure::cancelled(), at(3_001));
    let find: Move =
        |job| job.file_found("https://v3b.fal.media/files/a/output.mp4".to_owned(), at(3_002));
    let begin: Move = |job| job.uploading(Some("https://storage.test/1".to_owned()));
    let give_up: Move = |job| job.uploading(None);
    let again: Move = |job| job.again_in(at(3_003), Duration::from_secs(15));
    let complete: Move = |job| Moved::Applied(completed(&job));
    let fail: Move = |job| Moved::Applied(failed(&job));
    let delete: Move = |job| job.deleted(at(9_000));
    let gone: Move = |job| job.file_gone();
    for way in [
        &[
            lease, not_taken, lease, take, turn, early, rendering, find, begin, give_up, again,
            complete, delete, gone,
        ][..],
        &[lease, fail, delete, gone],
        &[lease, take, rendering, stop, over, fail, delete, gone],
        &[lease, take, stop, find, complete, delete, gone],
        &[fail, delete],
    ] {
        let stage = Stage::new();
        let org = stage.org("100.00").await;
        let mut job = stage.accept_job(org).await;
        let key = job_key(&job);
        for (step, go) in way.iter().enumerate() {
            plant(&stage, "TABLE_JOBS", &key);
            let before = item(&stage, "TABLE_JOBS", &key);
            let read = stage.store.job(org, job.id()).await.unwrap().unwrap();
            assert_eq!(read, job, "what is not known does not disturb the reader");
            job = moved(go(read));
            assert_eq!(stage.store.write(&job).await.unwrap(), Written::Done);
            let new_maps = item(&stage, "TABLE_JOBS", &key);
            // A map that this write has made has no attributes of a later version yet.
            let is_new =
                |map: &&str| new_maps.pointer(map).is_some() && before.pointer(map).is_none();
            if MAPS.iter().any(is_new) {
                plant(&stage, "TABLE_JOBS", &key);
            }
            assert_kept(&stage, "TABLE_JOBS", &key, &format!("step {step}"));
        }
    }
}

#[tokio::test]
async fn an_attribute_of_a_later_version_survives_every_write_of_an_account_and_of_a_key() {
    let stage = Stage::new();
    let org = stage.org("100.00").await;
    let account = json!({"org": {"S": org.to_string()}});
    plant(&stage, "TABLE_ACCOUNTS", &account);
    let first = stage.accept_job_until_found(org).await;
    assert_kept(&stage, "TABLE_ACCOUNTS", &account, "a hold");
    stage.store.write(&completed(&first)).await.unwrap();
    assert_kept(&stage, "TABLE_ACCOUNTS", &account, "a charge");
    stage.store.write(&failed(&stage.accept_job(org).await)).await.unwrap();
    assert_kept(&stage, "TABLE_ACCOUNTS", &account, "a release");
    for setting in [
        Setting::Suspended(true),
        Setting::OpenJobsLimit(7),
        Setting::CreditLimit("5.00".parse().unwrap()),
    ] {
        stage.store.set(org, setting).await.unwrap();
        assert_kept(&stage, "TABLE_ACCOUNTS", &account, &format!("{setting:?}"));
    }
    stage.store.create_account(&ghub::account::Account::new(org)).await.unwrap();
    assert_kept(&stage, "TABLE_ACCOUNTS", &account, "a sign-up that is repeated");
    assert_kept_by_a_revocation(&stage, org).await;
}

async fn assert_kept_by_a_revocation(stage: &Stage, org: OrgId) {
    let text =
        ghub::onboarding::create_key(&stage.store, &stage.ambient, org, "prod").await.unwrap();
    let hash = ghub::store::KeyHash::of(&text);
    let key = json!({"hash": {"S": hash.to_string()}});
    plant(stage, "TABLE_KEYS", &key);
    assert!(stage.store.revoke_key(&hash, Timestamp::from_unix_s(1)).await.unwrap());
    assert_kept(stage, "TABLE_KEYS", &key, "a revocation");
}
