//! Bad input: each refusal names the field and what it accepts, and leaves no job, hold, message or
//! provider call behind. What a caller sees of the commonest ones is in `http`, which also runs
//! against other APIs than the stage's.

mod body;
mod further;
mod rendering;

use crate::asking::Ask;
use crate::stage::Stage;
use local::options::{Options, Pace};
use serde_json::{Value, json};

/// A body, and what the message says.
type Case = (Vec<u8>, &'static str);

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_model_leaves_nothing() {
    let required = "model: it is required, a string such as \"fal/kling-2\"";
    expect_refusal(
        400,
        "invalid_request_error",
        [
            (b"{}".to_vec(), required),
            (br#"{"prompt":"x"}"#.to_vec(), required),
            (
                br#"{"Model":"fal/kling-2","prompt":"x"}"#.to_vec(),
                "Model: there is no such field; did you mean model?",
            ),
            (kling("model", Value::Null), required),
            (kling("model", json!(2)), "model: it must be a string, not a number"),
            (kling("model", json!(true)), "model: it must be a string, not true or false"),
            (kling("model", json!(["fal/kling-2"])), "model: it must be a string, not a list"),
            (
                kling("model", json!({"id": "fal/kling-2"})),
                "model: it must be a string, not an object",
            ),
        ],
    )
    .await;
    let list = "GET /v1/models";
    expect_refusal(
        404,
        "model_not_found",
        [
            (kling("model", json!("fal/kling-9")), list),
            (kling("model", json!("kling-2")), list),
            (kling("model", json!("FAL/KLING-2")), list),
            (kling("model", json!("fal/kling-2 ")), list),
            (kling("model", json!("")), list),
            (kling("model", json!("fal-ai/kling-video/v2/master/text-to-video")), list),
            (kling("model", json!("../kling-2\u{0}\r\n")), list),
            (kling("model", json!("m".repeat(60_000))), list),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_prompt_leaves_nothing() {
    let (required, blank) = (
        "prompt: it is required, a text of 1 to 2500 characters",
        "prompt: it is blank; send a text of 1 to 2500 characters",
    );
    expect_refusal(
        400,
        "invalid_request_error",
        [
            (br#"{"model":"fal/kling-2"}"#.to_vec(), required),
            (kling("prompt", Value::Null), required),
            (kling("prompt", json!("")), blank),
            (kling("prompt", json!(" \t\r\n\u{a0}\u{3000}")), blank),
            (
                order("google/veo-3.1", "prompt", json!("x".repeat(4001))),
                "prompt: it has 4001 characters; google/veo-3.1 takes 1 to 4000",
            ),
            (
                kling("prompt", json!("🦜".repeat(2501))),
                "prompt: it has 2501 characters; fal/kling-2 takes 1 to 2500",
            ),
            (
                order("fal/hailuo-02", "prompt", json!("x".repeat(2001))),
                "fal/hailuo-02 takes 1 to 2000",
            ),
            (
                order("fal/luma-ray-2", "prompt", json!("ab")),
                "prompt: it has 2 characters; fal/luma-ray-2 takes 3 to 4000",
            ),
            (
                kling("prompt", json!("a\0b")),
                "prompt: character 2 is the control character U+0000; remove it",
            ),
            (
                kling("prompt", json!("\u{1b}[2J")),
                "prompt: character 1 is the control character U+001B; remove it",
            ),
            (
                kling("prompt", json!("\u{200b}\u{feff} ")),
                "prompt: nothing of it can be seen: it has characters such as U+200B",
            ),
            (
                kling("prompt", json!("pi\u{fffd}ata")),
                "prompt: character 3 is U+FFFD, which stands for bytes that were no UTF-8",
            ),
            (kling("prompt", json!(7)), "prompt: it must be a string, not a number"),
            (kling("prompt", json!(["x"])), "prompt: it must be a string, not a list"),
            (kling("prompt", json!({"text": "x"})), "prompt: it must be a string, not an object"),
        ],
    )
    .await;
}

/// The longest prompt in its longest spelling fits, and arrives as it was meant.
#[tokio::test(flavor = "multi_thread")]
async fn four_thousand_characters_are_accepted_in_their_longest_spelling() {
    let stage = start_unpolled().await;
    let escaped = format!(
        r#"{{"model":"google/veo-3.1","duration":4,"prompt":"{}"}}"#,
        r"\ud83e\udd9c".repeat(4000)
    );
    let reply =
        stage.ask(Ask::submit(&stage.system.identity.live_key, &Value::Null).body(escaped)).await;
    let prompt = "🦜".repeat(4000);
    assert_eq!(
        stage.read_job(stage.system.identity.org, reply.job()).await.terms().prompt(),
        prompt
    );
    assert_eq!(reply.body["prompt"], prompt);
    assert_eq!((stage.jobs_stored().await, &reply.body["status"]), (1, &json!("processing")));
    stage.audit().await;
}

/// Sends each body and looks that it was refused so, and that nothing at all has changed by it.
async fn expect_refusal<const N: usize>(status: u16, code: &str, cases: [Case; N]) {
    let stage = start_unpolled().await;
    let before = stage.traces().await;
    for (body, says) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let reply =
            stage.ask(Ask::submit(&stage.system.identity.live_key, &Value::Null).body(body)).await;
        let found = (reply.status, reply.body["error"]["code"].as_str());
        assert_eq!(found, (status, Some(code)), "{shown}: {}", reply.body);
        let message = reply.refused(status, code);
        assert!(message.contains(says), "{shown}: {message}");
        assert!(message.len() < 300, "{shown}: what was sent is not sent back whole");
        assert_eq!(
            (reply.balance(), reply.retry_after_s()),
            (Some("50".parse().unwrap()), None),
            "{shown}"
        );
        stage.expect_nothing_left(&before, &shown).await;
    }
}

/// A system in which nothing moves by itself.
async fn start_unpolled() -> Stage {
    let stage = Stage::with(Options { pace: Pace::Usual, ..Options::test() }).await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    stage
}

fn kling(field: &str, value: Value) -> Vec<u8> {
    order("fal/kling-2", field, value)
}

fn order(model: &str, field: &str, value: Value) -> Vec<u8> {
    let mut body = json!({"model": model, "prompt": "a hummingbird"});
    body[field] = value;
    body.to_string().into_bytes()
}
