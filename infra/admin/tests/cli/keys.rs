//! `cargo admin key create` and `key revoke`.

use crate::ORG;
use crate::deployment::{Deployment, Done};
use ghub::store::KeyHash;
use serde_json::json;
use std::io::Write;
use std::process::Stdio;

#[test]
fn a_key_is_shown_once_and_kept_as_a_hash() {
    let here = Deployment::start();
    here.json(&format!("org create --id {ORG}"));
    let done = here.run(&format!("key create --org {ORG} --name prod-web"));
    assert!(done.stdout.contains("it cannot be shown again"), "{done:?}");
    let key = done.stdout.split_whitespace().nth(1).unwrap();
    assert!(key.starts_with("ghub_sk_live_") && key.len() == 45, "{key}");

    let kept = here.items("KeysTable");
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].to_string().contains(&key[13..]), "the key itself is nowhere");
    assert_eq!(kept[0]["hash"]["S"], KeyHash::of(key).to_string());
    assert_eq!((&kept[0]["org"]["S"], &kept[0]["name"]["S"]), (&json!(ORG), &json!("prod-web")));
    assert_eq!(kept[0]["last4"]["S"], key[41..]);

    let other = here.json(&format!("key create --org {ORG} --name prod-web"));
    assert_ne!(other["key"], key, "every call makes another");
    assert_eq!(other["hash"], KeyHash::of(other["key"].as_str().unwrap()).to_string());
}

#[test]
fn a_key_is_revoked_by_itself_by_its_hash_and_from_standard_input() {
    let here = Deployment::start();
    here.json(&format!("org create --id {ORG}"));
    let new = || {
        let made = here.json(&format!("key create --org {ORG} --name prod-web"));
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("key"), text("hash"))
    };
    let revoked = |hash: &str| {
        let found =
            here.items("KeysTable").into_iter().find(|item| item["hash"]["S"] == hash).unwrap();
        found["revoked"]["N"].as_str().map(str::to_owned)
    };

    let (key, hash) = new();
    let done = here.run(&format!("key revoke {key}"));
    assert!(
        done.stdout.contains("notice within 60 s") && done.stdout.contains("prod-web"),
        "{done:?}"
    );
    assert!(!done.stdout.contains(&key), "it is not shown again");
    let when = revoked(&hash).unwrap();

    let again = here.run(&format!("key revoke --hash {hash}"));
    assert!(again.code == 0 && again.stdout.contains("It had been revoked before"), "{again:?}");
    assert_eq!(revoked(&hash), Some(when.clone()), "the first revocation's time stays");
    let again = here.json(&format!("key revoke {hash}"));
    assert_eq!(
        again,
        json!({"hash": hash, "org": ORG, "name": "prod-web", "last4": key[41..], "revoked_before": true,
            "revoked": when.parse::<i64>().unwrap()})
    );

    let (key, hash) = new();
    let mut child =
        here.command("key revoke -").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{key}\n").as_bytes()).unwrap();
    assert_eq!(Done::of(child.wait_with_output().unwrap()).code, 0);
    assert!(revoked(&hash).is_some());

    let unknown = format!("ghub_sk_live_{}", "a".repeat(32));
    let refused = here.run(&format!("key revoke {unknown}"));
    refused.failed_with(1, &format!("there is no key with the hash {}", KeyHash::of(&unknown)));
    here.run(&format!("key revoke --hash {unknown}")).failed_with(2, "64 digits");
    here.run("key revoke -").failed_with(2, "no key came on standard input");
    here.run(&format!("key revoke {hash} --hash {hash}")).failed_with(2, "cannot be used with");
    assert_eq!(here.items("KeysTable").len(), 2, "a refused revocation makes no item");
}
