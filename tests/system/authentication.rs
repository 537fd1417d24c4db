//! Every route asks for a key. A bad one is refused in the same words everywhere, costs one lookup
//! at most, and is told nothing.

use crate::asking::Ask;
use crate::routes::Route;
use crate::stage::Stage;
use crate::traces::Call;
use ghub::store::KeyHash;
use local::options::{Options, Pace};
use reqwest::header::AUTHORIZATION;
use std::time::Duration;

/// How much of a refused request reaches the database.
#[derive(Clone, Copy, PartialEq)]
enum Reaches {
    Nothing,
    TheKeys,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_every_bad_key() {
    // At the usual pace, with no message delivered, nothing but the requests below makes a call.
    let (stage, calls) = Stage::watch(Options { pace: Pace::Usual, ..Options::test() }).await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    let caller = stage.caller();
    let job = caller.accept("somebody's").await;
    let (live, revoked) = (stage.system.identity.live_key.clone(), stage.key_of(&caller).await);
    revoke(&stage, &revoked).await;

    let before = stage.traces().await;
    calls.take();
    for route in Route::guarded() {
        for (name, authorization, code, reaches) in bad_keys(&live, &revoked) {
            let case = format!("{} {} with {name}", route.method, route.path);
            let reply = stage.ask(with(route.ask(&job), authorization.as_deref())).await;
            let found = (reply.status, reply.body["error"]["code"].as_str());
            assert_eq!(found, (401, Some(code)), "{case}: {}", reply.body);
            reply.refused(401, code);
            assert_eq!((reply.balance(), reply.retry_after_s()), (None, None), "{case}");
            let calls: Vec<Call> = calls.take();
            match reaches {
                Reaches::Nothing => assert_eq!(calls, [], "{case}"),
                Reaches::TheKeys => assert!(is_key_lookup(&stage, &calls), "{case}: {calls:?}"),
            }
        }
    }
    stage.expect_nothing_left(&before, "a request with a bad key").await;
}

/// A name, the header, the code of the refusal, and what the request reaches.
type BadKey = (&'static str, Option<String>, &'static str, Reaches);

fn bad_keys(live: &str, revoked: &str) -> [BadKey; 15] {
    use Reaches::{Nothing, TheKeys};
    let random = "a".repeat(32);
    let bearer = |key: &str| Some(format!("Bearer {key}"));
    [
        ("no header", None, "missing_api_key", Nothing),
        ("another scheme", Some("Basic dXNlcjpwYXNz".to_owned()), "missing_api_key", Nothing),
        (
            "a good key under another scheme",
            Some(format!("Basic {live}")),
            "missing_api_key",
            Nothing,
        ),
        ("a good key without a scheme", Some(live.to_owned()), "missing_api_key", Nothing),
        ("no key", Some("Bearer".to_owned()), "missing_api_key", Nothing),
        (
            "a character too few",
            bearer(&format!("ghub_sk_live_{}", &random[1..])),
            "invalid_api_key",
            Nothing,
        ),
        ("a character too many", bearer(&format!("{live}a")), "invalid_api_key", Nothing),
        (
            "another alphabet",
            bearer(&format!("ghub_sk_live_-{}", &random[1..])),
            "invalid_api_key",
            Nothing,
        ),
        (
            "bytes for characters",
            bearer(&format!("ghub_sk_live_{}", "ñ".repeat(16))),
            "invalid_api_key",
            Nothing,
        ),
        ("another prefix", bearer(&format!("ghub-sk-live-{random}")), "invalid_api_key", Nothing),
        ("somebody else's key", bearer(&format!("sk-{random}")), "invalid_api_key", Nothing),
        ("two keys", bearer(&format!("{live}, Bearer {live}")), "invalid_api_key", Nothing),
        (
            "a key that never was",
            bearer(&format!("ghub_sk_live_{random}")),
            "invalid_api_key",
            TheKeys,
        ),
        ("a key in other letters", bearer(&other_case(live)), "invalid_api_key", TheKeys),
        ("a revoked key", bearer(revoked), "key_revoked", TheKeys),
    ]
}

/// A found key is remembered for a minute, so a revocation takes a minute to hold. It takes no
/// longer, on any route.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_holds_after_a_minute() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    let (job, key) = (caller.accept("before").await, stage.key_of(&caller).await);
    for route in Route::guarded() {
        assert_ne!(
            stage.ask(route.ask(&job).key(&key)).await.status,
            401,
            "{} {}",
            route.method,
            route.path
        );
    }
    revoke(&stage, &key).await;
    stage.later(Duration::from_secs(60));
    for route in Route::guarded() {
        stage.ask(route.ask(&job).key(&key)).await.refused(401, "key_revoked");
    }
}

async fn revoke(stage: &Stage, key: &str) {
    let now = stage.system.world().ambient.now();
    assert!(stage.store.revoke_key(&KeyHash::of(key), now).await.unwrap());
}

fn with(ask: Ask, authorization: Option<&str>) -> Ask {
    match authorization {
        Some(value) => ask.header(AUTHORIZATION, value),
        None => ask,
    }
}

/// Capitals for small letters and the other way round, after the prefix.
fn other_case(key: &str) -> String {
    let swap = |letter: char| {
        if letter.is_ascii_lowercase() {
            letter.to_ascii_uppercase()
        } else {
            letter.to_ascii_lowercase()
        }
    };
    let (prefix, random) = key.split_at("ghub_sk_live_".len());
    prefix.to_owned() + &random.chars().map(swap).collect::<String>()
}

fn is_key_lookup(stage: &Stage, calls: &[Call]) -> bool {
    match calls {
        [call] => {
            call.what == "DynamoDB_20120810.GetItem"
                && call.body["TableName"] == stage.system.variables["TABLE_KEYS"]
        }
        _ => false,
    }
}
