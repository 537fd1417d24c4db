//! What one caller may take of a warm function: so many requests with a key, and so many keys that
//! are none.

use crate::asking::Ask;
use crate::stage::Stage;
use ghub::auth::{REQUESTS, UNKNOWN_KEYS};
use ghub::store::KeyHash;
use local::options::{Options, Pace};
use std::time::Duration;

const UNKNOWN_JOB: &str = "e8c96506-72a1-429f-a7ed-4bb0a42541be";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_asks_too_often_waits_and_other_keys_do_not() {
    let stage = Stage::new().await;
    let (greedy, modest) = (stage.caller(), stage.caller_with("1").await);
    let (greedy, modest) = (stage.key_of(&greedy).await, stage.key_of(&modest).await);
    stage.stop_the_clock();
    for _ in 0..REQUESTS.at_once {
        stage.ask(Ask::video(&greedy, UNKNOWN_JOB)).await.refused(404, "job_not_found");
    }
    let reply = stage.ask(Ask::video(&greedy, UNKNOWN_JOB)).await;
    let told = "more than 50 requests a second came with this API key; wait, and ask less often";
    assert_eq!((reply.refused(429, "rate_limit_exceeded"), reply.retry_after_s()), (told, Some(1)));
    stage.ask(Ask::video(&modest, UNKNOWN_JOB)).await.refused(404, "job_not_found");

    stage.later(Duration::from_secs(1));
    for _ in 0..REQUESTS.per_second {
        stage.ask(Ask::video(&greedy, UNKNOWN_JOB)).await.refused(404, "job_not_found");
    }
    stage.ask(Ask::video(&greedy, UNKNOWN_JOB)).await.refused(429, "rate_limit_exceeded");
}

/// Made-up keys cost a read each, until they cost nothing. Keys that are known by then go on.
#[tokio::test(flavor = "multi_thread")]
async fn made_up_keys_are_looked_up_for_a_while_only() {
    let (stage, calls) = Stage::watch(Options { pace: Pace::Usual, ..Options::test() }).await;
    let (known, seldom) =
        (stage.system.identity.live_key.clone(), stage.key_of(&stage.caller()).await);
    stage.stop_the_clock();
    stage.ask(Ask::video(&known, UNKNOWN_JOB)).await.refused(404, "job_not_found");
    for number in 0..UNKNOWN_KEYS.at_once {
        let made_up = format!("ghub_sk_live_{number:032}");
        stage.ask(Ask::video(&made_up, UNKNOWN_JOB)).await.refused(401, "invalid_api_key");
    }
    calls.take();
    for number in 0..20 {
        let reply = stage.ask(Ask::video(&format!("ghub_sk_test_{number:032}"), UNKNOWN_JOB)).await;
        let told =
            "too many API keys that do not exist came from your address; wait, and check your key";
        assert_eq!(
            (reply.refused(429, "rate_limit_exceeded"), reply.retry_after_s()),
            (told, Some(1))
        );
    }
    assert_eq!(calls.take(), [], "nothing is read for them");
    stage.ask(Ask::video("no-key", UNKNOWN_JOB)).await.refused(401, "invalid_api_key");
    stage.ask(Ask::video(&known, UNKNOWN_JOB)).await.refused(404, "job_not_found");

    stage.later(Duration::from_secs(1));
    stage.ask(Ask::video(&seldom, UNKNOWN_JOB)).await.refused(404, "job_not_found");
}

/// Several organizations may call from one address, such as that of an office or of a cloud's
/// gateway. What one of them sends by mistake holds up no key that is known to exist, however long
/// ago it was read.
#[tokio::test(flavor = "multi_thread")]
async fn made_up_keys_hold_up_no_key_that_was_seen_before() {
    let stage = Stage::with(Options { pace: Pace::Usual, ..Options::test() }).await;
    let known = stage.system.identity.live_key.clone();
    stage.stop_the_clock();
    for _ in 0..3 {
        stage.ask(Ask::video(&known, UNKNOWN_JOB)).await.refused(404, "job_not_found");
        stage.later(Duration::from_secs(61));
        for number in 0..UNKNOWN_KEYS.at_once {
            let made_up = format!("ghub_sk_live_{number:032}");
            stage.ask(Ask::video(&made_up, UNKNOWN_JOB)).await.refused(401, "invalid_api_key");
        }
    }
    stage.ask(Ask::video(&known, UNKNOWN_JOB)).await.refused(404, "job_not_found");
}

/// A program that goes on with a revoked key costs one read a minute, and takes no room from its
/// address.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_holds_up_no_other() {
    let (stage, calls) = Stage::watch(Options { pace: Pace::Usual, ..Options::test() }).await;
    let (revoked, unseen) =
        (stage.key_of(&stage.caller()).await, stage.key_of(&stage.caller()).await);
    stage.stop_the_clock();
    let now = stage.system.world().ambient.now();
    assert!(stage.store.revoke_key(&KeyHash::of(&revoked), now).await.unwrap());
    calls.take();
    for minute in 0..2 {
        for _ in 0..UNKNOWN_KEYS.at_once * 2 {
            stage.ask(Ask::video(&revoked, UNKNOWN_JOB)).await.refused(401, "key_revoked");
        }
        assert_eq!(calls.take().len(), 1, "minute {minute}");
        stage.later(Duration::from_secs(60));
    }
    stage.ask(Ask::video(&unseen, UNKNOWN_JOB)).await.refused(404, "job_not_found");
}
