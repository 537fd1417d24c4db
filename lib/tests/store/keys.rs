//! API keys: found by their hash, revoked for good, never deleted.

use crate::dynamo::Fault;
use crate::fixtures::at;
use crate::stage::Stage;
use ghub::id::OrgId;
use ghub::store::{ApiKey, KeyHash};

#[tokio::test]
async fn a_key_is_found_by_its_hash_until_and_after_it_is_revoked() {
    let stage = Stage::new();
    let key = key(stage.ambient.org_id(), "one", 1);
    stage.store.create_key(&key).await.unwrap();
    stage.store.create_key(&key).await.unwrap();
    assert_eq!(stage.store.key(&key.hash).await.unwrap(), Some(key.clone()));
    assert!(stage.store.revoke_key(&key.hash, at(5)).await.unwrap());
    assert!(stage.store.revoke_key(&key.hash, at(9)).await.unwrap(), "it is revoked already");
    assert_eq!(
        stage.store.key(&key.hash).await.unwrap(),
        Some(ApiKey { revoked: Some(at(5)), ..key })
    );
}

#[tokio::test]
async fn a_key_that_never_was_is_neither_found_nor_revoked() {
    let stage = Stage::new();
    let unknown = KeyHash::of("ghub_sk_live_unknown");
    assert_eq!(stage.store.key(&unknown).await.unwrap(), None);
    assert!(!stage.store.revoke_key(&unknown, at(5)).await.unwrap());
    assert_eq!(stage.store.key(&unknown).await.unwrap(), None, "a revocation makes no key");
}

#[tokio::test]
async fn a_revocation_whose_answer_was_lost_is_one() {
    let stage = Stage::new();
    let key = key(stage.ambient.org_id(), "one", 1);
    stage.store.create_key(&key).await.unwrap();
    stage.dynamo.meets("UpdateItem", [Fault::AnswerLost]);
    assert!(stage.store.revoke_key(&key.hash, at(5)).await.unwrap());
}

#[tokio::test]
async fn an_organizations_keys_are_its_own_the_oldest_first() {
    let stage = Stage::new();
    let (org, stranger) = (stage.ambient.org_id(), stage.ambient.org_id());
    for (org, name, created) in
        [(org, "b", 20), (stranger, "x", 15), (org, "a", 10), (org, "c", 30)]
    {
        stage.store.create_key(&key(org, name, created)).await.unwrap();
    }
    let names = async |org| {
        stage.store.keys(org).await.unwrap().into_iter().map(|key| key.name).collect::<Vec<_>>()
    };
    assert_eq!(
        (names(org).await, names(stranger).await),
        (vec!["a".into(), "b".into(), "c".into()], vec!["x".into()])
    );
}

fn key(org: OrgId, name: &str, created: u64) -> ApiKey {
    let hash = KeyHash::of(&format!("ghub_sk_live_{org}_{name}"));
    ApiKey {
        hash,
        org,
        name: name.to_owned(),
        last4: "abcd".to_owned(),
        created: at(created),
        revoked: None,
        created_by: None,
        revoked_by: None,
        last_used: None,
    }
}
