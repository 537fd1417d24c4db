//! What a job would cost, and what it did.

use crate::asking::Ask;
use crate::stage::Stage;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_priced_and_creates_nothing() {
    let stage = Stage::new().await;
    let keys = [stage.system.identity.live_key.clone(), stage.system.identity.sandbox_key.clone()];
    let poor = stage.caller_with("0").await;
    let poor_key = stage.key_of(&poor).await;
    let before = stage.traces().await;
    for key in &keys {
        let order = json!({"model": "fal/kling-2", "prompt": "what would it cost?", "duration": 10, "dry_run": true});
        let reply = stage.ask(Ask::submit(key, &order).idempotency_key("a-dry-run")).await;
        let billing = json!({
            "status": "estimated", "currency": "MXN", "estimate": "8.40", "amount": null, "usd_per_second": "0.04",
            "price_row": "standard", "seconds": 10, "markup": "1.05", "fx_mxn_per_usd": "20.00", "transaction": null,
        });
        let expected = json!({
            "object": "video.dry_run", "model": "fal/kling-2", "duration": 10, "aspect_ratio": "16:9", "resolution": null,
            "generate_audio": null, "billing": billing,
        });
        assert_eq!((reply.status, &reply.body), (200, &expected));
        let invalid =
            json!({"model": "fal/kling-2", "prompt": "x", "duration": 7, "dry_run": true});
        stage.ask(Ask::submit(key, &invalid)).await.refused(400, "invalid_request_error");
        let odd = json!({"model": "fal/kling-2", "prompt": "x", "dry_run": "yes"});
        let message = stage.ask(Ask::submit(key, &odd)).await;
        assert_eq!(
            message.refused(400, "invalid_request_error"),
            "dry_run: it must be true or false, not a string"
        );
    }
    let order = json!({"model": "fal/kling-2", "prompt": "x", "dry_run": true});
    stage.ask(Ask::submit(&poor_key, &order)).await.refused(402, "insufficient_balance");
    stage.expect_nothing_left(&before, "a dry run").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_follows_its_job() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    let held = caller.submit("charged").await.body;
    assert_eq!(
        (&held["billing"]["status"], &held["billing"]["amount"]),
        (&json!("held"), &Value::Null)
    );
    let charged = caller.finish(held["id"].as_str().unwrap()).await.body;
    assert_eq!(
        (&charged["billing"]["status"], &charged["billing"]["amount"]),
        (&json!("charged"), &json!("4.20"))
    );
    assert!(charged["billing"]["transaction"].is_string());
    stage.fal().decide(local::fal::Verdict::for_prompts(
        "released",
        local::fal::Ending::refused("content_policy_violation", "flagged"),
    ));
    let failing = caller.accept("released").await;
    let released = caller.finish(&failing).await.body;
    assert_eq!(
        (&released["billing"]["status"], &released["billing"]["amount"]),
        (&json!("released"), &json!("0.00"))
    );
    assert_eq!(released["error_detail"]["code"], "content_filtered");
}
