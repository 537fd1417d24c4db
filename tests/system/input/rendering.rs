//! Lengths and shapes that no provider renders.

use super::{expect_refusal, kling, order};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_duration_or_ratio_leaves_nothing() {
    let (lengths, whole) = (
        "duration: fal/kling-2 renders 5 or 10 seconds, not ",
        "duration: it must be a whole number of seconds, not ",
    );
    let range = "is out of range; send a whole number of seconds";
    let ratios = "aspect_ratio: fal/kling-2 renders 16:9, 9:16 or 1:1, not ";
    expect_refusal(
        400,
        "invalid_request_error",
        [
            (kling("duration", json!(0)), lengths),
            (kling("duration", json!(-1)), lengths),
            (kling("duration", json!(7)), lengths),
            (kling("duration", json!(11)), lengths),
            (kling("duration", json!(4_294_967_301_u64)), lengths), // 5, if cut to 32 bits
            (kling("duration", json!(u64::MAX)), lengths),
            (kling("duration", json!(i64::MIN)), lengths),
            (raw_duration("5.5"), whole),
            (raw_duration("5.0"), whole),
            (raw_duration("1e30"), range),
            (raw_duration("-1e30"), range),
            (raw_duration("1e1"), whole),
            (raw_duration("-0"), whole),
            (raw_duration("18446744073709551621"), range), // 5, if cut to 64 bits
            (kling("duration", json!("5")), whole),
            (kling("duration", json!("5s")), whole),
            (kling("duration", json!(true)), whole),
            (kling("duration", json!([5])), whole),
            (kling("duration", json!({"seconds": 5})), whole),
            (kling("aspect_ratio", json!("4:3")), ratios),
            (kling("aspect_ratio", json!("16x9")), ratios),
            (kling("aspect_ratio", json!("16:9 ")), ratios),
            (kling("aspect_ratio", json!("")), ratios),
            (kling("aspect_ratio", json!("x".repeat(60_000))), ratios),
            (kling("aspect_ratio", json!(1)), "aspect_ratio: it must be a string, not a number"),
            (
                kling("aspect_ratio", json!(["16:9"])),
                "aspect_ratio: it must be a string, not a list",
            ),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_another_model_renders_leaves_nothing() {
    expect_refusal(
        400,
        "invalid_request_error",
        [
            (
                order("fal/hailuo-02", "aspect_ratio", json!("9:16")),
                "aspect_ratio: fal/hailuo-02 renders 16:9, not ",
            ),
            (
                order("fal/luma-ray-2", "aspect_ratio", json!("1:1")),
                "aspect_ratio: fal/luma-ray-2 renders 16:9, 9:16, 4:3, 3:4, 21:9 or 9:21, not ",
            ),
            (
                order("fal/hailuo-02", "duration", json!(5)),
                "duration: fal/hailuo-02 renders 6 or 10 seconds, not 5",
            ),
            (
                order("fal/luma-ray-2", "duration", json!(10)),
                "duration: fal/luma-ray-2 renders 5 or 9 seconds, not 10",
            ),
            (
                order("google/veo-3.1", "duration", json!(5)),
                "duration: google/veo-3.1 renders 4, 6 or 8 seconds, not 5",
            ),
        ],
    )
    .await;
}

/// A number in a spelling of its own.
fn raw_duration(number: &str) -> Vec<u8> {
    format!(r#"{{"model":"fal/kling-2","prompt":"a hummingbird","duration":{number}}}"#)
        .into_bytes()
}
