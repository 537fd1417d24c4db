//! A key that is known, and an order that could not be accepted any more.

use super::start_unpolled;
use crate::asking::Ask;
use crate::process::ROOT;
use serde_json::{Value, json};
use std::path::Path;

/// The order was accepted before its model was switched off, and before the price of another one
/// rose. A client that lost the answer sends it again, and gets its job.
#[tokio::test(flavor = "multi_thread")]
async fn a_known_key_is_answered_before_the_catalog_is_asked() {
    let stage = start_unpolled().await;
    let key = stage.key_of(&stage.caller()).await;
    let off = json!({"model": "fal/kling-2", "prompt": "then"});
    let dearer = json!({"model": "fal/hailuo-02", "prompt": "then", "max_cost": "5.04"});
    let mut jobs = Vec::new();
    for order in [&off, &dearer] {
        let name = order["model"].as_str().unwrap();
        let reply = stage.ask(Ask::submit(&key, order).idempotency_key(name)).await;
        jobs.push(reply.job().to_owned());
    }

    let changes =
        json!({"fal/kling-2": {"route": null}, "fal/hailuo-02": {"usd_per_second": "0.05"}});
    let mut world = stage.system.world();
    let changed = [("CATALOG".to_owned(), changes.to_string())];
    world.env = stage.system.variables.clone().into_iter().chain(changed).collect();
    let submit = local::aws::functions::build("submit-video", &world).await.unwrap();
    let event = std::fs::read_to_string(Path::new(ROOT).join("events/submit-video.json")).unwrap();
    let sent = async |order: &Value, under: &str| {
        let mut event: Value = serde_json::from_str(&event.replace("LIVE_KEY", &key)).unwrap();
        event["headers"]["idempotency-key"] = under.into();
        event["body"] = order.to_string().into();
        let answer = submit(event).await.unwrap();
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        (answer["statusCode"].as_i64().unwrap(), body)
    };
    let before = stage.traces().await;
    for (order, job) in [&off, &dearer].into_iter().zip(&jobs) {
        let name = order["model"].as_str().unwrap();
        let (status, body) = sent(order, name).await;
        assert_eq!((status, &body["id"]), (200, &json!(job)), "{body}");
        let (status, body) = sent(order, "not-known").await;
        let code = if *order == off { "model_not_found" } else { "max_cost_exceeded" };
        assert_eq!(body["error"]["code"], code, "{status}");
        let other = json!({"model": name, "prompt": "another", "max_cost": "0.01"});
        assert_eq!(sent(&other, name).await.1["error"]["code"], "idempotency_conflict");
    }
    stage.expect_nothing_left(&before, "replays, conflicts and refusals").await;
}
