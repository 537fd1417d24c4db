//! The seven published models, as callers are shown them.

use serde_json::{Value, json};

/// What is told of a model: the default length is named, the default shape comes first.
struct Row {
    id: &'static str,
    provider: &'static str,
    /// US dollars and pesos for a second, at 20 and 1.05.
    price: [&'static str; 2],
    default: u32,
    lengths: &'static [u32],
    ratios: &'static [&'static str],
    audio: bool,
    /// Seconds between polls, and from submit to video at least and at most.
    every_min_max: [u32; 3],
    /// Characters of a prompt, at least and at most.
    prompt: [u32; 2],
    /// Resolutions, the default first.
    resolutions: &'static [&'static str],
    negative_prompt: Option<Option<&'static str>>,
    /// Name, lengths, resolutions, sound, US dollars and pesos.
    prices: &'static [Price],
    retires: Option<i64>,
}

type Price = (
    &'static str,
    Option<&'static [u32]>,
    Option<&'static [&'static str]>,
    Option<bool>,
    &'static str,
    &'static str,
);

const HD: Option<&[&str]> = Some(&["720p", "1080p"]);
const UHD: Option<&[&str]> = Some(&["4k"]);
const FULL_HD: Option<&[&str]> = Some(&["1080p"]);
const KLING_NEGATIVE: Option<Option<&str>> = Some(Some("blur, distort, and low quality"));

const EITHER: &[&str] = &["16:9", "9:16"];
const VEO: Row = Row {
    id: "fal/veo-3.1",
    provider: "fal.ai",
    price: ["0.40", "8.40"],
    default: 8,
    lengths: &[4, 6, 8],
    ratios: EITHER,
    audio: true,
    every_min_max: [30, 180, 300],
    prompt: [1, 4000],
    resolutions: &["720p", "1080p", "4k"],
    negative_prompt: Some(None),
    prices: &[
        ("sound", None, HD, Some(true), "0.40", "8.40"),
        ("silent", None, HD, Some(false), "0.20", "4.20"),
        ("4k-sound", None, UHD, Some(true), "0.60", "12.60"),
        ("4k-silent", None, UHD, Some(false), "0.40", "8.40"),
    ],
    retires: None,
};
const KLING: Row = Row {
    id: "fal/kling-2",
    price: ["0.04", "0.84"],
    default: 5,
    lengths: &[5, 10],
    ratios: &["16:9", "9:16", "1:1"],
    audio: false,
    every_min_max: [15, 120, 300],
    prompt: [1, 2500],
    resolutions: &[],
    negative_prompt: KLING_NEGATIVE,
    prices: &[("standard", None, None, None, "0.04", "0.84")],
    ..VEO
};

const ROWS: [Row; 7] = [
    Row {
        id: "fal/hailuo-02",
        default: 6,
        lengths: &[6, 10],
        ratios: &["16:9"],
        every_min_max: [15, 120, 240],
        prompt: [1, 2000],
        negative_prompt: None,
        ..KLING
    },
    KLING,
    Row {
        id: "fal/luma-ray-2",
        price: ["0.20", "4.20"],
        lengths: &[5, 9],
        ratios: &["16:9", "9:16", "4:3", "3:4", "21:9", "9:21"],
        every_min_max: [10, 60, 180],
        prompt: [3, 4000],
        resolutions: &["540p", "720p", "1080p"],
        negative_prompt: None,
        prices: &[
            ("540p", None, Some(&["540p"]), None, "0.20", "4.20"),
            ("720p", Some(&[5]), Some(&["720p"]), None, "0.20", "4.20"),
            ("720p-9s", Some(&[9]), Some(&["720p"]), None, "0.222223", "4.666683"),
            ("1080p", Some(&[5]), FULL_HD, None, "0.40", "8.40"),
            ("1080p-9s", Some(&[9]), FULL_HD, None, "0.444445", "9.333345"),
        ],
        ..KLING
    },
    Row {
        id: "fal/runway-gen-4",
        price: ["0.05", "1.05"],
        ratios: &["16:9", "9:16", "4:3"],
        every_min_max: [10, 30, 120],
        prompt: [1, 4000],
        negative_prompt: None,
        prices: &[("standard", None, None, None, "0.05", "1.05")],
        ..KLING
    },
    VEO,
    Row {
        id: "google/veo-3",
        provider: "Google",
        price: ["0.20", "4.20"],
        audio: false,
        every_min_max: [20, 120, 240],
        resolutions: &[],
        negative_prompt: None,
        prices: &[("standard", None, None, None, "0.20", "4.20")],
        ..VEO
    },
    Row { id: "google/veo-3.1", provider: "Google", retires: Some(1_794_873_600), ..VEO },
];

/// The seven published models, as they are shown when all of them are available.
pub(super) fn published() -> Vec<Value> {
    let shown = |row: &Row| {
        let ([usd, mxn], [every, min, max]) = (row.price, row.every_min_max);
        json!({
            "id": row.id,
            "object": "model",
            "created": 1_795_305_600,
            "owned_by": row.id.split('/').next(),
            "provider": row.provider,
            "available": true,
            "unavailable_reason": null,
            "usd_per_second": usd,
            "mxn_per_second": mxn,
            "markup": "1.05",
            "fx_mxn_per_usd": "20.00",
            "default_duration": row.default,
            "durations": row.lengths,
            "max_duration": row.lengths.last(),
            "default_aspect_ratio": row.ratios[0],
            "aspect_ratios": row.ratios,
            "audio": row.audio,
            "poll_every_seconds": every,
            "typical_seconds": {"min": min, "max": max},
            "prompt_length": {"min": row.prompt[0], "max": row.prompt[1]},
            "inputs": inputs(row),
            "prices": row.prices.iter().map(price).collect::<Vec<_>>(),
            "retires": row.retires,
        })
    };
    ROWS.iter().map(shown).collect()
}

fn inputs(row: &Row) -> Value {
    let by_choice = row.prices.iter().any(|(.., sound, _, _)| sound.is_some());
    json!({
        "resolution": row.resolutions.first().map(|default| json!({
            "values": row.resolutions, "default": default,
        })),
        "generate_audio": by_choice.then(|| json!({"values": [true, false], "default": true})),
        "seed": by_choice.then(|| json!({"min": 0, "max": u32::MAX})),
        "negative_prompt": row.negative_prompt.map(|default| json!({
            "min": 1, "max": 2500, "default": default,
        })),
    })
}

fn price((name, duration, resolution, sound, usd, mxn): &Price) -> Value {
    json!({
        "name": name,
        "when": {"duration": duration, "resolution": resolution, "generate_audio": sound},
        "usd_per_second": usd,
        "mxn_per_second": mxn,
    })
}
