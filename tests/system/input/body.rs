//! The body as a whole: what is no JSON object, what is in another coding, and what is too long.

use super::{Case, expect_refusal, kling, start_unpolled};
use crate::asking::Ask;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_leaves_nothing() {
    let form = "the body is a form; send a JSON object, such as {";
    let cases = [
        (&b"a hummingbird"[..], "line 1, column 1: a value is expected"),
        (b"{", "the body ends too early"),
        (br#"{"model":"fal/kling-2","prompt":"x"} and more"#, "line 1, column 38; send one object"),
        (
            br#"{"model":"fal/kling-2"}{"model":"fal/kling-2"}"#,
            "line 1, column 24; send one object",
        ),
        (
            br#"{'model':'fal/kling-2','prompt':'x'}"#,
            "line 1, column 2: texts and names of fields stand in",
        ),
        (
            br#"{"model":"fal/kling-2","prompt":"x",}"#,
            "line 1, column 37: remove the comma before it",
        ),
        (
            b"{\"model\":\"fal/kling-2\",\n \"seed\":NaN}",
            "line 2, column 9: NaN and Infinity are no numbers",
        ),
        (b"{\"model\":\"fal/kling-2\", // the best\n}", "line 1, column 25: JSON has no comments"),
        (
            br#"{"model":"fal/kling-2","prompt":"x","model":"fal/veo-3.1"}"#,
            "\"model\" stands twice",
        ),
        (b"model=fal%2Fkling-2&prompt=x", form),
        (b"", "the body is empty"),
        (b" \n", "the body is empty"),
    ];
    expect_refusal(400, "invalid_request_error", cases.map(owned)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_object_or_too_deep_leaves_nothing() {
    let deep = "stand in each other more than 127 deep";
    let order = r#"{"model":"fal/kling-2","prompt":"x","seed":"#;
    let [opened, closed] = ["[", "]"].map(|bracket| bracket.repeat(25_000));
    let cases = [
        ("[]", "the body is a list"),
        (r#"[{"model":"fal/kling-2","prompt":"x"}]"#, "the body is a list"),
        ("null", "the body is null"),
        ("true", "the body is true or false"),
        ("7", "the body is a number"),
        (r#""fal/kling-2""#, "the body is a string"),
        (&"[".repeat(50_000), "the body ends too early"),
        (&[opened, closed].concat(), "the body is a list"),
        (&[order, &"[".repeat(50_000)].concat(), deep),
        (&r#"{"a":"#.repeat(10_000), deep),
    ];
    let cases = cases.map(|(body, says)| owned((body.as_bytes(), says)));
    expect_refusal(400, "invalid_request_error", cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_utf_8_leaves_nothing() {
    let utf16 = "the body is UTF-16; send UTF-8";
    let wide: Vec<u8> = "{\"model\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases = [
        (&b"\xff\xfe"[..], utf16),
        (&wide, utf16),
        (b"\x1f\x8b\x08\x00\x00\x00", "the body is compressed (gzip); send it plain"),
        (
            b"{\"model\":\"fal/kling-2\",\"prompt\":\"pi\xf1ata\"}",
            "line 1, column 36: byte 0xF1 looks like Latin-1",
        ),
        (b"{\"model\":\"fal/kling-2\",\"prompt\":\"\xed\xa0\xbd\"}", "half of a surrogate pair"),
        (
            br#"{"model":"fal/kling-2","prompt":"\ud83d"}"#,
            "an escape is half of a surrogate pair; write both halves",
        ),
    ];
    expect_refusal(400, "invalid_request_error", cases.map(owned)).await;
}

/// A header names what the bytes do not show, and a mark that means nothing is passed over.
#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_is_refused_and_a_byte_order_mark_is_not() {
    let stage = start_unpolled().await;
    let before = stage.traces().await;
    let ask = |body: &[u8]| Ask::submit(&stage.system.identity.live_key, &Value::Null).body(body);
    for encoding in ["br", "gzip", "zstd", "deflate"] {
        let reply = stage.ask(ask(b"\x0b\x02\x80{}").header(CONTENT_ENCODING, encoding)).await;
        let told = format!("the body is compressed (Content-Encoding: {encoding}); send it plain");
        assert_eq!(reply.refused(400, "invalid_request_error"), told);
        stage.expect_nothing_left(&before, encoding).await;
    }
    let marked = b"\xef\xbb\xbf{\"model\":\"fal/kling-2\",\"prompt\":\"x\"}";
    assert_eq!(stage.ask(ask(marked)).await.status, 200);
    assert_eq!(stage.ask(ask(&marked[3..]).header(CONTENT_ENCODING, "identity")).await.status, 200);
}

/// What `curl -d` sends is a form by its content type, and reaches a function in base64.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_json_whatever_its_content_type_says() {
    let stage = start_unpolled().await;
    let order = json!({"model": "fal/kling-2", "prompt": "un colibrí"});
    for content_type in
        ["application/x-www-form-urlencoded", "application/octet-stream", "text/plain", "x", ""]
    {
        let ask =
            Ask::submit(&stage.system.identity.live_key, &order).header(CONTENT_TYPE, content_type);
        assert_eq!(stage.ask(ask).await.body["prompt"], "un colibrí", "{content_type}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_64_kib_leaves_nothing() {
    let limit = "65536 bytes";
    expect_refusal(
        413,
        "request_too_large",
        [
            (kling("prompt", json!("x".repeat(80 << 10))), limit),
            (kling("seed", json!("x".repeat(80 << 10))), limit),
            (b" ".repeat((64 << 10) + 1), limit),
            (b"\xff".repeat(80 << 10), limit),
            (b"[".repeat(9 << 20), limit),
        ],
    )
    .await;
}

fn owned((body, says): (&[u8], &'static str)) -> Case {
    (body.to_vec(), says)
}
