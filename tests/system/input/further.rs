//! The inputs that only some models have, and the fields that are the caller's own.

use super::{expect_refusal, kling, order};
use serde_json::json;

const NO_AMOUNT: &str = "max_cost: it must be an amount in MXN as text, such as \"4.20\", not ";

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_the_model_cannot_take_leaves_nothing() {
    let seed = "seed: fal/kling-2 does not take it; these do: fal/veo-3.1, fal/veo-3.1-fast, ";
    let number = "seed: it must be a whole number from 0 to 4294967295, not ";
    let veo = |field: &str, value| order("fal/veo-3.1", field, value);
    expect_refusal(
        400,
        "invalid_request_error",
        [
            (kling("seed", json!(7)), seed),
            (
                kling("resolution", json!("720p")),
                "resolution: fal/kling-2 does not take it; these do: ",
            ),
            (
                order("fal/hailuo-02", "negative_prompt", json!("blur")),
                "negative_prompt: fal/hailuo-02 does not take it; these do: fal/kling-2, ",
            ),
            (
                order("fal/luma-ray-2", "generate_audio", json!(false)),
                "generate_audio: fal/luma-ray-2 does not take it; these do: ",
            ),
            (veo("seed", json!(-1)), number),
            (veo("seed", json!(4_294_967_296_u64)), number),
            (veo("seed", json!("7")), number),
            (
                veo("resolution", json!("720P")),
                "resolution: fal/veo-3.1 renders 720p, 1080p or 4k, not \"720P\"",
            ),
            (veo("resolution", json!(720)), "resolution: it must be a string, not a number"),
            (veo("generate_audio", json!("no")), "generate_audio: it must be true or false, not "),
            (
                veo("negative_prompt", json!("n".repeat(2501))),
                "negative_prompt: it has 2501 characters; fal/veo-3.1 takes 1 to 2500",
            ),
            (
                veo("negative_prompt", json!("\u{200b}")),
                "negative_prompt: nothing of it can be seen",
            ),
            (
                kling("image_url", json!("https://acme.test/a.png")),
                "image_url: there is no such field",
            ),
            (kling("aspectRatio", json!("9:16")), "did you mean aspect_ratio?"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_a_user_or_a_limit_that_cannot_be_leaves_nothing() {
    expect_refusal(
        400,
        "invalid_request_error",
        [
            (kling("metadata", json!([])), "metadata: it must be an object, not a list"),
            (kling("metadata", json!({"k": {}})), "metadata: the value of \"k\" must be a string"),
            (
                kling("metadata", json!({"k": null})),
                "metadata: the value of \"k\" must be a string",
            ),
            (
                kling("metadata", json!({"k".repeat(65): ""})),
                "has 65 characters, and must have 1 to 64",
            ),
            (kling("user", json!("")), "user: it has 0 characters, and must have 1 to 256"),
            (kling("user", json!(7)), "user: it must be a string, not a number"),
            (kling("max_cost", json!(5)), NO_AMOUNT),
            (kling("max_cost", json!("4.2000001")), NO_AMOUNT),
            (kling("max_cost", json!("-1")), NO_AMOUNT),
        ],
    )
    .await;
    expect_refusal(
        400,
        "max_cost_exceeded",
        [
            (
                kling("max_cost", json!("4.199999")),
                "max_cost: the job costs MXN 4.20, and may cost at most MXN 4.199999",
            ),
            (kling("max_cost", json!("0")), "may cost at most MXN 0.00"),
        ],
    )
    .await;
}
