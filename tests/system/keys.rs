//! The day of a key's last use, which an operator looks at before they revoke it. Every kind of
//! request keeps it, once a day, and no caller waits for that.

use crate::asking::Ask;
use crate::stage::{Stage, until};
use crate::traces::{Call, Calls};
use ghub::error::BoxError;
use ghub::onboarding::create_key;
use ghub::outbound::{Exchange, Gate, Network, WireError};
use ghub::store::KeyHash;
use ghub::time::Timestamp;
use local::options::Options;
use reqwest::{Method, Request};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A found key is looked up again after 60 s.
const LOOKED_UP_AGAIN: Duration = Duration::from_secs(61);

fn is_a_use(call: &Call) -> bool {
    call.what == "DynamoDB_20120810.UpdateItem" && call.body["TableName"] == "KeysTable"
}

fn uses(calls: &Calls) -> usize {
    calls.seen().iter().filter(|call| is_a_use(call)).count()
}

async fn last_used(stage: &Stage, key: &str) -> Option<Timestamp> {
    stage.store.key(&KeyHash::of(key)).await.unwrap().expect("the key is there").last_used
}

/// Asks what the organization has left, which only reads.
async fn reads(stage: &Stage, key: &str) {
    assert_eq!(stage.ask(Ask::new(Method::GET, "/v1/credits").key(key)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_of_a_keys_last_use_is_kept_once_a_day() {
    let (stage, calls) = Stage::watch(Options::test()).await;
    stage.stop_the_clock();
    let ambient = stage.system.world().ambient;
    let key = create_key(&stage.store, &ambient, stage.caller().org, "unused").await.unwrap();
    assert_eq!(last_used(&stage, &key).await, None, "it was not used yet");

    reads(&stage, &key).await;
    let today = ambient.now().midnight();
    until(async || (last_used(&stage, &key).await == Some(today)).then_some(())).await;
    for _ in 0..3 {
        stage.later(LOOKED_UP_AGAIN);
        reads(&stage, &key).await;
    }
    // The clock may have stopped three minutes before a midnight: that would be another day's first
    // use.
    let more = usize::from(ambient.now().midnight() != today);
    until(async || (uses(&calls) > more).then_some(())).await;
    assert_eq!(uses(&calls), 1 + more, "a look-up that finds today writes nothing");

    stage.later(A_DAY);
    reads(&stage, &key).await;
    let tomorrow = ambient.now().midnight();
    until(async || (last_used(&stage, &key).await == Some(tomorrow)).then_some(())).await;
}

/// The table takes no writes: requests are answered as ever, and the next look-up tries again.
#[tokio::test(flavor = "multi_thread")]
async fn no_request_waits_for_it_or_fails_by_it() {
    let refusing = Arc::new(Refusing::default());
    let stage = Stage::with(Options { gate: Some(refusing.clone()), ..Options::test() }).await;
    let key = stage.system.identity.live_key.clone();
    reads(&stage, &key).await;
    until(async || (refusing.0.load(Ordering::SeqCst) > 0).then_some(())).await;
    let job = stage.caller().accept("while no use is kept").await;
    stage.caller().finish(&job).await;
    assert_eq!(last_used(&stage, &key).await, None);
}

/// The table of keys cannot be written.
#[derive(Debug, Default)]
struct Refusing(AtomicUsize);

impl Gate for Refusing {
    fn exchange<'a>(&'a self, request: Request, send: Network<'a>) -> Exchange<'a> {
        if !is_a_use(&Call::of(&request)) {
            return send(request);
        }
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Err(WireError::Lost(BoxError::from("the table takes no writes"))) })
    }
}
