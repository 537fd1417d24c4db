//! What a person does through the store carries that person's name. It erases no attribute of a
//! later version.

use crate::fixtures::at;
use crate::stage::{Stage, money};
use ghub::account::{About, Account};
use ghub::actor::{Actor, Deed};
use ghub::id::OrgId;
use ghub::store::{ApiKey, Description, Entry, KeyHash, Posted, Setting, Store};
use serde_json::{Value, json};

fn name(text: &str) -> Actor {
    text.parse().unwrap()
}

fn acting(stage: &Stage, text: &str) -> Store {
    stage.store.acting_as(&name(text))
}

fn deed(by: &str) -> Option<Deed> {
    Some(Deed { by: name(by), at: at(0) })
}

fn new_key(org: OrgId) -> ApiKey {
    ApiKey {
        hash: KeyHash::of("ghub_sk_live_one"),
        org,
        name: "one".to_owned(),
        last4: "abcd".to_owned(),
        created: at(1),
        revoked: None,
        created_by: None,
        revoked_by: None,
        last_used: None,
    }
}

#[tokio::test]
async fn each_setting_says_who_set_it_last() {
    let stage = Stage::new();
    let org = stage.ambient.org_id();
    acting(&stage, "ana").create_account(&Account::new(org)).await.unwrap();
    let set =
        async |by: &str, setting| acting(&stage, by).set(org, setting).await.unwrap().unwrap().1;
    set("bea", Setting::Suspended(true)).await;
    set("cleo", Setting::OpenJobsLimit(7)).await;
    set("dora", Setting::CreditLimit(money("3.00"))).await;
    set("fay", Setting::JobsPerDay(9)).await;
    let about = About {
        created_by: deed("ana"),
        suspended_by: deed("bea"),
        open_jobs_limit_by: deed("cleo"),
        credit_limit_by: deed("dora"),
        jobs_per_day_by: deed("fay"),
        ..About::NOTHING
    };
    assert_eq!(stage.account(org).await.about, about);

    assert_eq!(
        set("eva", Setting::Suspended(true)).await.about,
        about,
        "what was so before was not set by her"
    );
    let after = stage.store.set(org, Setting::Suspended(false)).await.unwrap().unwrap().1;
    assert_eq!(
        after.about,
        About { suspended_by: None, ..about },
        "no person did that, so nobody is said to have"
    );
}

#[tokio::test]
async fn a_description_is_set_in_parts_and_taken_away() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let before = stage.account(org).await;
    let description = |name: Option<&str>, contact: Option<&str>| Description {
        name: name.map(str::to_owned),
        contact: contact.map(str::to_owned),
    };
    let described = async |by: &str, description: Description| {
        acting(&stage, by).describe(org, &description).await.unwrap().unwrap()
    };
    let after = described("ana", description(Some("Cine Ñandú"), Some("ana@cine.example"))).await;
    let about = About {
        name: Some("Cine Ñandú".to_owned()),
        contact: Some("ana@cine.example".to_owned()),
        described_by: deed("ana"),
        ..About::NOTHING
    };
    assert_eq!(
        after,
        Account { about: about.clone(), revision: before.revision + 1, ..before.clone() }
    );
    assert_eq!(stage.account(org).await, after);

    let after = described("bea", description(None, Some(""))).await;
    assert_eq!(after.about, About { contact: None, described_by: deed("bea"), ..about.clone() });
    let after = described("bea", description(Some(""), None)).await;
    assert_eq!(after.about, About { described_by: deed("bea"), ..About::NOTHING });
    let after = stage.store.describe(org, &description(Some("Cine"), None)).await.unwrap().unwrap();
    assert_eq!(after.about, About { name: Some("Cine".to_owned()), ..About::NOTHING });

    let nobody = stage.ambient.org_id();
    assert_eq!(stage.store.describe(nobody, &description(Some("x"), None)).await.unwrap(), None);
    assert_eq!(stage.store.account(nobody).await.unwrap(), None, "a description makes no account");
}

#[tokio::test]
async fn an_entry_says_who_posted_it_and_is_the_same_for_who_repeats_it() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let entry = Entry::recharge(org, "payment", money("5.00"), 1);
    let ana = acting(&stage, "ana");
    assert_eq!(ana.post(&entry).await.unwrap(), Posted::Now);
    assert_eq!(ana.post(&entry).await.unwrap(), Posted::Now, "a repeat of the same is the same");
    let by_ana = Entry { actor: Some(name("ana")), ..entry.clone() };
    assert_eq!(acting(&stage, "bea").post(&entry).await.unwrap(), Posted::Before(by_ana.clone()));
    assert_eq!(stage.store.entry(org, &entry.cause).await.unwrap(), Some(by_ana));
    assert_eq!(stage.account(org).await.balance, money("15.00"));
}

#[tokio::test]
async fn a_key_says_who_made_it_who_revoked_it_and_when_it_was_last_used() {
    let stage = Stage::new();
    let key = new_key(stage.ambient.org_id());
    let kept = async || stage.store.key(&key.hash).await.unwrap().unwrap();
    acting(&stage, "ana").create_key(&key).await.unwrap();
    let made = ApiKey { created_by: Some(name("ana")), ..key.clone() };
    assert_eq!(kept().await, made);

    let (first, later) = (at(0).midnight(), at(86_400).midnight());
    for day in [first, first, later, first] {
        stage.store.keep_day_of_use(&key.hash, day).await.unwrap();
    }
    let used = ApiKey { last_used: Some(later), ..made };
    assert_eq!(kept().await, used, "a day that is over does not come back");

    assert!(acting(&stage, "bea").revoke_key(&key.hash, at(5)).await.unwrap());
    assert!(
        acting(&stage, "cleo").revoke_key(&key.hash, at(9)).await.unwrap(),
        "it is revoked already"
    );
    assert_eq!(
        kept().await,
        ApiKey { revoked: Some(at(5)), revoked_by: Some(name("bea")), ..used }
    );

    let unknown = KeyHash::of("ghub_sk_live_unknown");
    stage.store.keep_day_of_use(&unknown, first).await.unwrap();
    assert_eq!(stage.store.key(&unknown).await.unwrap(), None, "a use makes no key");
}

/// Two versions write the same items during a deployment.
#[tokio::test]
async fn what_a_later_version_wrote_survives_every_write_by_hand() {
    let stage = Stage::new();
    let org = stage.org("10.00").await;
    let key = new_key(org);
    stage.store.create_key(&key).await.unwrap();
    let (account_key, key_key) =
        (json!({"org": {"S": org.to_string()}}), json!({"hash": {"S": key.hash.to_string()}}));
    let later = |table: &str, key: &Value| {
        let (set, value) = ("SET later = :later", json!({":later": {"S": "kept"}}));
        let update = json!({
            "TableName": table, "Key": key, "UpdateExpression": set, "ExpressionAttributeValues": value,
        });
        assert_eq!(stage.dynamo.act("UpdateItem", &update).0, 200);
    };
    let kept = |table: &str, key: &Value| {
        let (_, item) = stage.dynamo.act("GetItem", &json!({"TableName": table, "Key": key}));
        serde_json::from_str::<Value>(&item).unwrap()["Item"]["later"]["S"].clone()
    };
    later("TABLE_ACCOUNTS", &account_key);
    later("TABLE_KEYS", &key_key);

    let ana = acting(&stage, "ana");
    ana.create_account(&Account::new(org)).await.unwrap();
    ana.set(org, Setting::Suspended(true)).await.unwrap().unwrap();
    ana.set(org, Setting::Suspended(false)).await.unwrap().unwrap();
    ana.set(org, Setting::OpenJobsLimit(7)).await.unwrap().unwrap();
    ana.set(org, Setting::CreditLimit(money("3.00"))).await.unwrap().unwrap();
    ana.set(org, Setting::JobsPerDay(9)).await.unwrap().unwrap();
    let description = Description { name: Some("Cine".to_owned()), contact: Some(String::new()) };
    ana.describe(org, &description).await.unwrap().unwrap();
    assert_eq!(
        ana.post(&Entry::recharge(org, "payment", money("5.00"), 1)).await.unwrap(),
        Posted::Now
    );
    ana.keep_day_of_use(&key.hash, at(0).midnight()).await.unwrap();
    assert!(ana.revoke_key(&key.hash, at(5)).await.unwrap());

    assert_eq!(kept("TABLE_ACCOUNTS", &account_key), "kept");
    assert_eq!(kept("TABLE_KEYS", &key_key), "kept");
    assert_eq!(stage.account(org).await.balance, money("15.00"), "and it is read");
    assert_eq!(stage.store.key(&key.hash).await.unwrap().unwrap().revoked, Some(at(5)));
}
